// A recording (FORMAT.md §5): the frame of the file, its descriptor, and the header of a chunk (§2).

import {
  allZero, crc32c, isUuid, paddedName, startsWith, u16, u32, u64, uuid,
} from './bytes.mjs';
import { parseCanonical, listMember, numberMember, textMember } from './json.mjs';
import { limits } from './limits.mjs';

export const fileHeaderLength = 64;
const footerLength = 128;
const rowLength = 56;
const sealedOverhead = 4 + 12 + 16;

export const chunkHeaderLength = 208;
export const tagLength = 16;

/** Reads the frame of a recording: `{ file, faults }`; no file where the parts' places are not known. */
export function readRecording(data) {
  const faults = [];
  if (data.length < fileHeaderLength + footerLength) {
    return { faults: [`${data.length} bytes: shorter than header and footer`] };
  }
  const header = data.subarray(0, fileHeaderLength);
  const footer = data.subarray(data.length - footerLength);
  checkEnds(header, footer, faults);

  const [chunks, index, descriptorAt] = [u64(footer), u64(footer, 8), u64(footer, 16)];
  const [descriptorLength, metadataLength] = [u32(footer, 24), u32(footer, 28)];
  const length = BigInt(data.length);
  if (index < fileHeaderLength || index > length || descriptorAt > length
    || index + chunks * BigInt(rowLength) !== descriptorAt
    || descriptorAt + BigInt(descriptorLength + metadataLength + footerLength) !== length) {
    faults.push("index, descriptor, metadata and footer do not fill the file's end exactly");
    return { faults };
  }
  if (descriptorLength > limits.jsonBytes || metadataLength > limits.jsonBytes + sealedOverhead) {
    faults.push(`descriptor or metadata over ${limits.jsonBytes} bytes`);
    return { faults };
  }

  const metadataAt = Number(descriptorAt) + descriptorLength;
  const metadata = data.subarray(metadataAt, metadataAt + metadataLength);
  if (metadataLength < sealedOverhead || u32(metadata) + sealedOverhead !== metadataLength) {
    faults.push('the metadata is not sealed JSON of its length');
  }
  return {
    faults,
    file: {
      data,
      take: uuid(header.subarray(8, 24)),
      call: uuid(header.subarray(24, 40)),
      chunks: Number(chunks),
      indexOffset: Number(index),
      chainHead: footer.subarray(32, 64),
      contentHash: footer.subarray(64, 96),
      descriptor: data.subarray(Number(descriptorAt), metadataAt),
      metadata,
    },
  };
}

function checkEnds(header, footer, faults) {
  if (!startsWith(header, 'TLK1') || header[4] !== 1) faults.push('the header has not the magic TLK1 and version 1');
  if (!allZero(header.subarray(5, 8)) || !allZero(header.subarray(40)) || !allZero(footer.subarray(96, 120))) {
    faults.push('reserved bytes of header or footer are set');
  }
  if (!startsWith(footer.subarray(124), 'TLE1')) {
    faults.push('the footer has not the magic TLE1: the file is cut short or not finished');
  }
  if (crc32c(footer.subarray(0, 120)) !== u32(footer, 120)) {
    faults.push("the footer's CRC-32C is not that of its bytes");
  }
}

/** A row of the index, chunk counted from 0. */
export function indexRow(file, chunk) {
  const at = file.indexOffset + chunk * rowLength;
  const row = file.data.subarray(at, at + rowLength);
  return {
    offset: u64(row),
    length: u32(row, 8),
    stream: u16(row, 12),
    reservedClear: allZero(row.subarray(14, 16)),
    slot: u32(row, 16),
    packets: u32(row, 20),
    hash: row.subarray(24, 56),
  };
}

/** Reads a chunk's header: `{ header }`, or `{ reason }`. */
export function readChunkHeader(bytes) {
  if (bytes.length < chunkHeaderLength || !startsWith(bytes, 'TLC1')) {
    return { reason: 'no chunk: the magic TLC1 is missing' };
  }
  if (bytes[4] !== 1 || bytes[5] !== 1 || u16(bytes, 6) !== chunkHeaderLength) {
    return { reason: 'version, kind or header length is not that of version 1' };
  }
  if (u32(bytes, 8) > 3
    || !allZero(bytes.subarray(14, 16)) || !allZero(bytes.subarray(161, 164)) || !allZero(bytes.subarray(172, 176))) {
    return { reason: 'reserved bits or bytes are set' };
  }
  if (bytes[160] > 2) return { reason: 'unknown clock quality' };
  const cipherLength = u32(bytes, 168);
  if (cipherLength === 0 || cipherLength > limits.chunkBytes) {
    return { reason: `ciphertext of ${cipherLength} bytes: not 1 to ${limits.chunkBytes}` };
  }
  const [tenant, site] = [paddedName(bytes.subarray(32, 64)), paddedName(bytes.subarray(64, 80))];
  if (tenant === null || site === null) return { reason: 'tenant or site is not a padded name' };
  return {
    header: {
      bytes: bytes.subarray(0, chunkHeaderLength),
      flags: u32(bytes, 8),
      stream: u16(bytes, 12),
      take: uuid(bytes.subarray(16, 32)),
      tenant,
      site,
      index: u64(bytes, 80),
      slot: u32(bytes, 88),
      packets: u32(bytes, 92),
      epoch: u64(bytes, 96),
      incarnation: bytes.subarray(104, 120),
      boot: uuid(bytes.subarray(120, 136)),
      clockQuality: bytes[160],
      cipherLength,
      commitment: bytes.subarray(176, 208),
    },
  };
}

const texts = ['tenant', 'site', 'call', 'take', 'kind', 'gateway', 'interface', 'bootId', 'endReason', 'chainHead',
  'startMonotonicNs'];
const numbers = ['version', 'epoch', 'startedAt', 'endedAt', 'chunks'];
const lists = ['flags', 'gaps', 'streams'];

/** Reads what a recording says of itself in clear: `{ descriptor }`, or `{ reason }`. */
export function readDescriptor(bytes) {
  const { value: json, reason } = parseCanonical(bytes);
  if (reason) return { reason };
  const missing = texts.find((name) => textMember(json, name) === null)
    ?? numbers.find((name) => numberMember(json, name) === null)
    ?? lists.find((name) => listMember(json, name) === null);
  if (missing) return { reason: `member '${missing}' is missing or of the wrong kind` };
  if (json.version !== 1 || json.kind !== 'call') return { reason: "not version 1 of kind 'call'" };
  if (![json.call, json.take, json.bootId].every(isUuid)) return { reason: 'call, take or bootId is not a UUID' };
  return json.streams.length > limits.streams || !json.streams.every(isStream)
    ? { reason: 'a stream lacks a member, is out of order, or there are too many' }
    : { descriptor: json };
}

const isStream = (stream, i) => numberMember(stream, 'index') === i
  && textMember(stream, 'label') !== null && textMember(stream, 'codec') !== null
  && ['packets', 'lost', 'foreign'].every((name) => (numberMember(stream, name) ?? -1) >= 0);
