// Bytes and the numbers, names and checksums in them, as the format pages define them (FORMAT.md, Conventions).

const encoder = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export const utf8 = (text) => encoder.encode(text);

/** The text of UTF-8 bytes, or null where they are not UTF-8. */
export function textOf(bytes) {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes as Latin-1 text: every byte is a character, so that any name can be compared. */
export function latin1(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The bytes of Latin-1 text. */
export const latin1Bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Parts one after another. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** How many bytes from the front are the same. */
export function commonPrefix(a, b) {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same < most && a[same] === b[same]) same++;
  return same;
}

export const equal = (a, b) => a.length === b.length && commonPrefix(a, b) === a.length;

export const startsWith = (bytes, ascii) => equal(bytes.subarray(0, ascii.length), utf8(ascii));

export const allZero = (bytes) => bytes.every((byte) => byte === 0);

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const u16 = (bytes, at = 0) => view(bytes).getUint16(at);
export const u32 = (bytes, at = 0) => view(bytes).getUint32(at);
export const u64 = (bytes, at = 0) => view(bytes).getBigUint64(at);
export const u16Little = (bytes, at = 0) => view(bytes).getUint16(at, true);
export const u32Little = (bytes, at = 0) => view(bytes).getUint32(at, true);

/** A number as big-endian bytes. */
export function bigEndian(value, size) {
  const bytes = new Uint8Array(size);
  let rest = BigInt(value);
  for (let i = size - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** A number as little-endian bytes. */
export const littleEndian = (value, size) => bigEndian(value, size).reverse();

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Exactly `length` bytes from lower-case hexadecimal, the only spelling the formats use; else null. */
export function fromHex(text, length) {
  if (typeof text !== 'string' || text.length !== length * 2 || !/^[0-9a-f]*$/.test(text)) return null;
  return Uint8Array.from({ length }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text) => typeof text === 'string' && uuidForm.test(text);

/** The text of a UUID's 16 bytes. */
export function uuid(bytes) {
  const h = hex(bytes);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

export const uuidBytes = (text) => fromHex(text.replaceAll('-', ''), 16);

/** Bytes of canonical base64 (RFC 4648 §4, padded), else null. */
export function fromBase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = latin1Bytes(atob(text));
  return toBase64(bytes) === text ? bytes : null;
}

const toBase64 = (bytes) => btoa(latin1(bytes));

const nameForm = /^[a-z0-9-]+$/;

/** A name from its zero-padded field, or null. */
export function paddedName(field) {
  const text = latin1(field);
  const end = text.indexOf('\0');
  const name = end < 0 ? text : text.slice(0, end);
  return nameForm.test(name) && allZero(field.subarray(name.length)) ? name : null;
}

/** A name in a zero-padded field; null when it is no name or does not fit. */
export function nameField(name, size) {
  if (!nameForm.test(name) || name.length > size) return null;
  const field = new Uint8Array(size);
  field.set(utf8(name));
  return field;
}

function table(polynomial) {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc >>> 0;
  });
}

function checksum(bytes, steps) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ steps[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}

const zipSteps = table(0xedb88320);
const castagnoliSteps = table(0x82f63b78);

/** CRC-32 of ZIP. */
export const crc32 = (bytes) => checksum(bytes, zipSteps);

/** CRC-32C (RFC 3720 §12.1). */
export const crc32c = (bytes) => checksum(bytes, castagnoliSteps);

/** SHA-256 of parts one after another. */
export const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', parts.length === 1 ? parts[0] : concat(...parts)));
