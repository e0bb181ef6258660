// The walk over a recording's chunks, in order: place, header, chain, keys and frames of each (FORMAT.md §2, §3, §8).

import { equal, nameField, sha256, uuidBytes } from './bytes.mjs';
import { readFrames, StreamTotals } from './frames.mjs';
import { ChunkOpener } from './keys.mjs';
import { limits } from './limits.mjs';
import { chunkHeaderLength, fileHeaderLength, indexRow, readChunkHeader, tagLength } from './recording.mjs';

const fixedLength = chunkHeaderLength + tagLength;

/** Walks a recording. One object, used once. */
export class ChunkWalk {
  streams = new Map();
  whole = true;
  withheld = 0;
  opened = 0;
  flags = 0;
  clockUnsure = false;
  chainHead = null;

  /**
   * @param findings where failures go
   * @param member the recording's name in the bundle
   * @param file what readRecording gave
   * @param descriptor the recording's descriptor, or null where it does not read
   * @param keys the disclosed keys, or null
   * @param onPacket told of each packet that was opened: (stream, packet, facts); may be absent
   */
  constructor(findings, member, file, descriptor, keys, onPacket) {
    Object.assign(this, { findings, member, file, descriptor, onPacket });
    this.opener = new ChunkOpener(keys);
    this.tenant = descriptor?.tenant;
    this.site = descriptor?.site;
  }

  async run() {
    let at = fileHeaderLength;
    for (let i = 0; i < this.file.chunks; i++) at = await this.#chunk(i, at);
    if (at !== this.file.indexOffset) {
      this.findings.fail('chunks walk', this.member, 'the chunks do not end where the index starts');
    }

    // A take may have no chunk at all; its chain head is then the start of the chain.
    this.chainHead ??= this.tenant === undefined ? null : await this.#start(this.tenant);
    return this;
  }

  /** Checks chunk i (from 0) and answers where the next should start. */
  async #chunk(i, expected) {
    const subject = `${this.member} chunk ${i + 1}`;
    const fail = (name, detail) => this.findings.fail(name, subject, detail);
    const row = indexRow(this.file, i);
    if (!row.reservedClear) fail('chunks walk', 'its index row has reserved bytes set');
    if (row.offset !== BigInt(expected)) {
      fail('chunks walk', `the index places it at ${row.offset}, the chunk before ends at ${expected}`);
    }

    // The index is the guide, so that one broken header does not hide the chunks behind it.
    if (row.offset < fileHeaderLength || row.offset > this.file.indexOffset - row.length
      || row.length <= fixedLength || row.length > fixedLength + limits.chunkBytes) {
      fail('chunks walk', 'its place in the index is not among the chunks');
      this.whole = false;
      return expected;
    }

    const offset = Number(row.offset);
    const bytes = this.file.data.subarray(offset, offset + row.length);
    const { header, reason } = readChunkHeader(bytes);
    if (!header) {
      fail('chunk headers', reason);
      this.whole = false;
      return offset + row.length;
    }

    this.#checkPlace(fail, i, header, row);
    const length = fixedLength + header.cipherLength;
    if (length === row.length) {
      await this.#extend(fail, header, row, bytes);
      await this.#open(subject, header, bytes);
    } else {
      fail('chunks walk', `${length} bytes by its header, ${row.length} by the index`);
      this.whole = false;
    }
    return offset + row.length;
  }

  #checkPlace(fail, i, header, row) {
    this.tenant ??= header.tenant;
    this.site ??= header.site;
    this.flags |= header.flags;
    this.clockUnsure ||= header.clockQuality !== 2;
    const must = (holds, detail) => holds || fail('chunk headers', detail);
    must(header.index === BigInt(i + 1), `carries index ${header.index}`);
    must(header.take === this.file.take, `belongs to take ${header.take}`);
    must(header.tenant === this.tenant, `belongs to tenant ${header.tenant}, not ${this.tenant}`);
    must(header.site === this.site, `is of site ${header.site}, not ${this.site}`);
    must(header.stream === row.stream && header.slot === row.slot && header.packets === row.packets,
      'stream, slot or packets are not those of the index');
    if (this.descriptor) {
      must(header.stream < this.descriptor.streams.length, `stream ${header.stream} is not described`);
      must(header.epoch === BigInt(this.descriptor.epoch), `epoch ${header.epoch} is not the descriptor's`);
      must(header.boot === this.descriptor.bootId, "its boot id is not the descriptor's");
    }
  }

  async #extend(fail, header, row, bytes) {
    const digest = await sha256(bytes.subarray(chunkHeaderLength));
    const hash = await sha256(Uint8Array.of(0), header.bytes, digest);
    if (!equal(hash, row.hash)) fail('chain', 'its hash is not the one in the index');
    this.chainHead ??= await this.#start(this.tenant ?? header.tenant);
    this.chainHead = await sha256(Uint8Array.of(1), this.chainHead, hash);
  }

  #start(tenant) {
    return sha256(
      Uint8Array.of(2, 1), nameField(tenant, 32) ?? new Uint8Array(32), uuidBytes(this.file.call),
      uuidBytes(this.file.take));
  }

  async #open(subject, header, bytes) {
    let totals = this.streams.get(header.stream);
    if (!totals) {
      if (this.streams.size >= limits.streams) {
        this.findings.fail('limits', subject, `over ${limits.streams} streams`);
        return;
      }
      totals = new StreamTotals();
      this.streams.set(header.stream, totals);
    }

    totals.chunks++;
    totals.headerPackets += header.packets;
    const { plain, closed } = await this.opener.open(header, bytes);
    if (closed) totals.unread++;
    if (closed === 'withheld') this.withheld++;
    else if (closed === 'wrongKey') {
      this.findings.fail('key commitments', subject,
        `the disclosed key of slot ${header.slot} is not the one its header is committed to`);
    } else if (closed) {
      this.findings.fail('chunks open', subject, 'does not open: header, cipher text or tag was changed');
    } else {
      this.opened++;
      this.#count(subject, header, plain, totals);
    }
  }

  #count(subject, header, plain, totals) {
    const { packets, wrong } = readFrames(plain, (packet, facts) => {
      totals.add(packet, facts.rtcp, facts.foreign);
      this.onPacket?.(header.stream, packet, facts);
    });
    if (wrong) {
      this.findings.fail('frames', subject, wrong);
      totals.unread++;
    } else if (packets !== header.packets) {
      this.findings.fail('packet counts', subject, `holds ${packets} packets, its header says ${header.packets}`);
    }
  }
}
