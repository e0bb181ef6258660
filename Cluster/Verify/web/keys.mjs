// The keys a bundle discloses (FORMAT.md §1, §8), and what opens with them.

import { bigEndian, concat, equal, fromHex, u32, utf8, uuidBytes } from './bytes.mjs';
import { hasOnly, listMember, numberMember, parseCanonical, textMember } from './json.mjs';
import { chunkHeaderLength, tagLength } from './recording.mjs';

const slotLabel = utf8('talreg/1/slot');
const writerLabel = utf8('talreg/1/writer');
const commitLabel = utf8('talreg/1/commit');

/** HKDF-Expand of one block (RFC 5869 §2.3). */
async function expand(key, ...info) {
  const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', hmac, concat(...info, Uint8Array.of(1))));
}

/** Reads `takes/{take}.keys.json`: `{ keys }`, or `{ reason }`. */
export function readKeys(bytes) {
  const { value: json, reason } = parseCanonical(bytes);
  if (reason) return { reason };
  const take = textMember(json, 'take');
  const streams = listMember(json, 'streams');
  if (!hasOnly(json, 'metadata', 'streams', 'take') || take === null || streams === null) {
    return { reason: "member 'take' or 'streams' is missing, or there is an unknown one" };
  }
  const metadata = json.metadata === undefined || json.metadata === null ? null : fromHex(json.metadata, 32);
  if (metadata === null && (json.metadata ?? null) !== null) {
    return { reason: 'the metadata key is not 64 hexadecimal digits' };
  }
  const byStream = new Map();
  return streams.every((stream) => addStream(byStream, stream))
    ? { keys: { take, metadata, streams: byStream } }
    : { reason: "a stream's keys do not read, or one is given twice" };
}

function addStream(byStream, item) {
  const number = numberMember(item, 'stream');
  const hasKey = (item?.key ?? undefined) !== undefined;
  const hasSlots = (item?.slots ?? undefined) !== undefined;
  if (number === null || number < 0 || number > 0xffff || !hasOnly(item, 'key', 'slots', 'stream')
    || byStream.has(number) || hasKey === hasSlots) return false;
  if (hasKey) {
    const key = fromHex(item.key, 32);
    byStream.set(number, { key });
    return key !== null;
  }
  const slots = new Map();
  byStream.set(number, { slots });
  return Array.isArray(item.slots) && item.slots.every((slot) => addSlot(slots, slot));
}

function addSlot(slots, item) {
  const number = numberMember(item, 'slot');
  const key = hasOnly(item, 'key', 'slot') ? fromHex(item.key, 32) : null;
  if (number === null || number < 0 || number > 0xffffffff || key === null || slots.has(number)) return false;
  slots.set(number, key);
  return true;
}

/** Opens chunks. Keeps the last key of each stream, since a slot has several chunks. */
export class ChunkOpener {
  #keys;
  #writers = new Map();

  constructor(keys) {
    this.#keys = keys;
  }

  /** Opens a chunk: `{ plain }`, or `{ closed: 'withheld' | 'wrongKey' | 'altered' }`. */
  async open(header, chunk) {
    const writer = await this.#writerOf(header);
    if (writer === null) return { closed: 'withheld' };
    if (!equal(writer.commitment, header.commitment)) return { closed: 'wrongKey' };
    const plain = await decrypt(
      writer.cipher, concat(new Uint8Array(4), bigEndian(header.index, 8)), chunk.subarray(chunkHeaderLength),
      header.bytes);
    return plain === null ? { closed: 'altered' } : { plain };
  }

  async #writerOf(header) {
    const known = this.#writers.get(header.stream);
    if (known && known.slot === header.slot && equal(known.incarnation, header.incarnation)) return known;
    const slotKey = await this.#slotKey(header.stream, header.slot);
    if (slotKey === null) return null;
    const writer = {
      slot: header.slot,
      incarnation: header.incarnation,
      commitment: await expand(slotKey, commitLabel),
      cipher: await gcmKey(await expand(slotKey, writerLabel, header.incarnation)),
    };
    this.#writers.set(header.stream, writer);
    return writer;
  }

  async #slotKey(stream, slot) {
    const disclosed = this.#keys?.streams.get(stream);
    if (!disclosed) return null;
    return disclosed.key ? expand(disclosed.key, slotLabel, bigEndian(slot, 4)) : disclosed.slots.get(slot) ?? null;
  }
}

const gcmKey = (key) => crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);

async function decrypt(key, nonce, sealed, additional) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: nonce, additionalData: additional, tagLength: 8 * tagLength }, key, sealed));
  } catch {
    return null;
  }
}

/** Opens sealed JSON (FORMAT.md §4): `{ value }`, or `{ reason }`. */
export async function openSealedJson(bytes, key, take) {
  if (bytes.length < 32 || u32(bytes) !== bytes.length - 32) return { reason: 'is not sealed JSON of its length' };
  const plain = await decrypt(await gcmKey(key), bytes.subarray(4, 16), bytes.subarray(16), uuidBytes(take));
  return plain === null ? { reason: 'does not open under the disclosed metadata key' } : parseCanonical(plain);
}
