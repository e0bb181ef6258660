// The frames of an opened chunk (FORMAT.md §2) and the sequence numbers of what they hold (RFC 3550 §6.4.1, A.1).

import { u16, u32, u64 } from './bytes.mjs';
import { limits } from './limits.mjs';

const frameHeaderLength = 12;
const rtcpFlag = 0x01;
const foreignFlag = 0x02;
const sourceFlag = 0x80;
const knownFlags = 0x87;
const maxSources = 256;
const rtpHeaderLength = 12;

/** What a walk over a take counts in one stream. */
export class StreamTotals {
  headerPackets = 0;
  chunks = 0;
  unread = 0;
  media = 0;
  foreignMedia = 0;
  foreignControl = 0;
  sequence = new SequenceTracker();

  add(packet, rtcp, foreign) {
    if (foreign && rtcp) this.foreignControl++;
    else if (foreign) this.foreignMedia++;
    else if (!rtcp) {
      this.media++;
      this.sequence.add(packet);
    }
  }
}

/**
 * Gives every packet of a chunk's plain text to `take(packet, { rtcp, foreign, arrivalNs })`.
 * Answers `{ packets }`, or `{ wrong }`: what is wrong with the frames.
 */
export function readFrames(plain, take) {
  let packets = 0;
  let sources = 0;
  for (let at = 0; at < plain.length;) {
    const rest = plain.subarray(at);
    if (rest.length < frameHeaderLength) return { wrong: `a frame header is cut short at byte ${at}` };
    const [length, flags, source] = [u16(rest), rest[2], rest[3]];
    if (length > rest.length - frameHeaderLength) return { wrong: `a frame at byte ${at} reaches beyond the chunk` };
    if ((flags & ~knownFlags) !== 0) return { wrong: `a frame at byte ${at} has reserved flags` };
    const body = rest.subarray(frameHeaderLength, frameHeaderLength + length);
    at += frameHeaderLength + length;
    if ((flags & sourceFlag) !== 0) {
      if (flags !== sourceFlag || source !== sources || sources >= maxSources || (length !== 6 && length !== 18)) {
        return { wrong: `the source defined before byte ${at} is malformed or out of order` };
      }
      sources++;
      continue;
    }
    if (source >= sources) return { wrong: `the packet before byte ${at} names a source that is not defined` };
    packets++;
    take(body, {
      rtcp: (flags & rtcpFlag) !== 0,
      foreign: (flags & foreignFlag) !== 0,
      arrivalNs: BigInt.asIntN(64, u64(rest, 4)),
    });
  }
  return { packets };
}

/** Counts the sequence numbers missing in one stream, per SSRC. */
export class SequenceTracker {
  #lineages = new Map();
  tooManySsrcs = false;

  get ssrcs() {
    return this.#lineages.size;
  }

  get missing() {
    let sum = 0;
    for (const lineage of this.#lineages.values()) sum += lineage.missing;
    return sum;
  }

  /** Takes up a media packet; one that is not RTP version 2 has no number and is passed over. */
  add(packet) {
    if (packet.length < rtpHeaderLength || packet[0] >> 6 !== 2) return;
    const ssrc = u32(packet, 8);
    let lineage = this.#lineages.get(ssrc);
    if (!lineage) {
      if (this.#lineages.size >= limits.ssrcsPerStream) {
        this.tooManySsrcs = true;
        return;
      }
      lineage = new Lineage();
      this.#lineages.set(ssrc, lineage);
    }
    lineage.add(u16(packet, 2));
  }
}

/**
 * One SSRC. A number is taken for the nearest one to the highest so far, so all that can still come lies within 65,536
 * numbers: one flag each tells a duplicate from a late packet.
 */
class Lineage {
  #seen = new Uint8Array(65536);
  #highest = -1;
  #lowest = 0;
  #distinct = 0;

  get missing() {
    return this.#highest - this.#lowest + 1 - this.#distinct;
  }

  add(sequence) {
    // Started one turn up, so that numbers before the first stay positive.
    if (this.#highest < 0) this.#lowest = this.#highest = 65536 + sequence;
    const number = this.#highest + (((sequence - this.#highest) << 16) >> 16);
    while (this.#highest < number) this.#seen[++this.#highest & 0xffff] = 0;
    this.#lowest = Math.min(this.#lowest, number);
    if (this.#seen[sequence] === 0) {
      this.#seen[sequence] = 1;
      this.#distinct++;
    }
  }
}
