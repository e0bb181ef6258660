// Signed notes (C2SP signed-note), verifier keys, checkpoints, the manifest and inclusion (FORMAT.md §6, §8).

import { concat, equal, fromBase64, fromHex, hex, isUuid, sha256, textOf, u64, utf8 } from './bytes.mjs';
import { limits } from './limits.mjs';

const ed25519 = 0x01;
const cosignature = 0x04;

/** Reads a log's verifier key, `name+{key id}+base64(0x01 ‖ public key)`: `{ key }`, or `{ reason }`. */
export const parseVerifierKey = (text) => parseKey(text.endsWith('\n') ? text.slice(0, -1) : text, ed25519);

/** Reads a witness's key, the same with 0x04. */
export const parseWitnessKey = (line) => parseKey(line, cosignature);

/**
 * Reads what whoever verifies trusts: the log's key, then a witness's key on each further line, and `quorum N` where fewer than all
 * suffice: `{ trust: { log, witnesses, quorum } }`, or `{ reason }`.
 */
export async function parseTrust(text) {
  // Roots of time-stamping authorities: talreg verify checks timestamps, this program does not.
  const keys = text.replace(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g, '');
  const whole = text.length > limits.trustLength ? [] : keys.split('\n').map((line) => line.trim());
  const lines = whole.filter((line) => line !== '' && !line.startsWith('#'));
  const { key: log, reason } = await parseVerifierKey(lines[0] ?? '');
  if (!log) return { reason };
  const witnesses = [];
  let quorum = null;
  for (const line of lines.slice(1)) {
    const number = /^quorum ([0-9]{1,9})$/.exec(line);
    if (number && quorum === null) {
      quorum = Number(number[1]);
      continue;
    }
    const { key, reason: why } = await parseWitnessKey(line);
    if (!key || witnesses.some((other) => other.line === line)) {
      return { reason: `a further line is no witness's key: ${why ?? 'it is there twice'}` };
    }
    witnesses.push(key);
  }
  const wanted = quorum ?? witnesses.length;
  return witnesses.length > limits.witnesses || wanted > witnesses.length || quorum === 0
    ? { reason: `quorum ${wanted} of ${witnesses.length} witnesses, or more than ${limits.witnesses} of them` }
    : { trust: { log, witnesses, quorum: wanted } };
}

async function parseKey(line, algorithm) {

  // Base64 may hold a plus sign too, so only the first two separate.
  const [, name, id, encodedText] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(line) ?? [];
  if (line.length > limits.trustLine || name === undefined) return { reason: 'not of the form name+keyid+key' };
  if (!/^[!-~]+$/.test(name)) return { reason: 'the name is empty or not printable' };
  const keyId = fromHex(id, 4);
  if (keyId === null) return { reason: 'the key id is not 8 lower-case hexadecimal digits' };
  const encoded = fromBase64(encodedText);
  if (encoded === null || encoded.length !== 33 || encoded[0] !== algorithm) {
    return { reason: 'the key is not base64 of an Ed25519 public key' };
  }
  if (!equal((await sha256(utf8(name), Uint8Array.of(0x0a), encoded)).subarray(0, 4), keyId)) {
    return { reason: 'the key id is not that of name and key' };
  }
  try {
    const publicKey = await crypto.subtle.importKey('raw', encoded.subarray(1), 'Ed25519', true, ['verify']);
    return { key: { line, name, keyId, publicKey } };
  } catch {
    return { reason: 'the public key is not a point of Ed25519' };
  }
}

/** Reads a signed note: `{ note: { signed, text, signatures } }`, or `{ reason }`. */
export function parseNote(bytes) {
  if (bytes.length > limits.noteBytes) return { reason: `over ${limits.noteBytes} bytes` };
  const whole = textOf(bytes);
  const split = whole === null ? -1 : whole.lastIndexOf('\n\n');
  if (split < 0 || !whole.endsWith('\n')) {
    return { reason: 'not a signed note: no empty line, no line end, or not UTF-8' };
  }
  const text = whole.slice(0, split + 1);
  const signatures = [];
  for (const line of whole.slice(split + 2).split('\n').slice(0, -1).slice(0, limits.signatures + 1)) {
    const signature = parseSignature(line);
    if (signature === null) return { reason: `signature line ${signatures.length + 1} does not read` };
    signatures.push(signature);
  }
  return signatures.length === 0 || signatures.length > limits.signatures
    ? { reason: `no signature, or more than ${limits.signatures}` }
    : { note: { signed: utf8(text), text, signatures } };
}

function parseSignature(line) {
  const parts = line.startsWith('\u2014 ') ? line.slice(2).split(' ') : [];
  const blob = parts.length === 2 && parts[0].length > 0 ? fromBase64(parts[1]) : null;
  return blob === null || blob.length < 5
    ? null
    : { name: parts[0], keyId: blob.subarray(0, 4), signature: blob.subarray(4) };
}

/** Whether exactly one line of a note is by this key and verifies, and the words for it. */
export async function checkSignature(note, key) {
  if (!key) return { valid: false, detail: 'there is no key to check it against' };
  const own = note.signatures.filter((line) => line.name === key.name && equal(line.keyId, key.keyId));
  const id = hex(key.keyId);
  if (own.length !== 1) {
    return { valid: false, detail: `${own.length} signatures by ${key.name} with key ${id}, not one` };
  }
  const valid = await crypto.subtle.verify('Ed25519', key.publicKey, own[0].signature, note.signed);
  return {
    valid,
    detail: valid ? `signed by ${key.name}, key ${id}` : `the signature by ${key.name} is not of this text`,
  };
}

/** When a witness made a signature line over a note's text (C2SP tlog-cosignature): Unix milliseconds, or null for never. */
export async function cosignedAt(note, witness, signature) {
  if (signature.length !== 8 + 64) return null;
  const seconds = u64(signature);
  if (seconds > limits.lastSecond) return null;
  const message = concat(utf8(`cosignature/v1\ntime ${seconds}\n`), note.signed);
  const valid = await crypto.subtle.verify('Ed25519', witness.publicKey, signature.subarray(8), message);
  return valid ? Number(seconds) * 1000 : null;
}

/** A decimal number without sign or leading zeros, else null. */
function parseSize(text) {
  const size = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(size) ? size : null;
}

/** Reads a checkpoint's text, `origin ⏎ size ⏎ base64(root) ⏎`: `{ checkpoint }`, or `{ reason }`. */
export function parseCheckpoint(text) {
  const lines = text.split('\n');
  if (lines.length !== 4 || lines[3] !== '') return { reason: 'not three lines: origin, size, root' };
  const size = parseSize(lines[1]);
  if (size === null) return { reason: 'the size is not a decimal number' };
  const root = fromBase64(lines[2]);
  return root === null || root.length !== 32
    ? { reason: 'the root is not base64 of 32 bytes' }
    : { checkpoint: { origin: lines[0], size, root } };
}

/** Reads the manifest's text: `{ manifest: { call, lines } }`, or `{ reason }`. */
export function parseManifest(text) {
  const lines = text.split('\n');
  if (lines.length < 3 || lines.length > limits.members + 3 || lines[0] !== 'talreg bundle 1' || !isUuid(lines[1])
    || lines.at(-1) !== '') {
    return { reason: "does not start with 'talreg bundle 1' and a call id" };
  }
  const listed = [];
  for (const line of lines.slice(2, -1)) {
    const parts = line.split(' ');
    const size = parts.length === 3 && fromHex(parts[0], 32) !== null ? parseSize(parts[1]) : null;
    if (size === null) return { reason: `line ${listed.length + 3} is not 'hash size name'` };
    listed.push({ hash: parts[0], size, name: parts[2] });
  }
  return { manifest: { call: lines[1], lines: listed } };
}

/** Holds the manifest's lines against the members. */
export async function checkManifest(findings, manifest, members) {
  const mark = findings.failuresOf('manifest');
  const listed = new Map();
  let previous = null;
  for (const line of manifest.lines) {
    if (previous !== null && previous >= line.name) findings.fail('manifest', line.name, 'listed out of order, or twice');
    listed.set(line.name, line);
    previous = line.name;
  }
  for (const { name, data } of members) {
    if (name === 'MANIFEST') continue;
    const line = listed.get(name);
    listed.delete(name);
    if (!line) findings.fail('manifest', name, 'in the bundle, but not listed');
    else if (line.size !== data.length) findings.fail('manifest', name, `${data.length} bytes, listed with ${line.size}`);
    else if (hex(await sha256(data)) !== line.hash) findings.fail('manifest', name, 'its SHA-256 is not the listed one');
  }
  for (const name of listed.keys()) findings.fail('manifest', name, 'listed, but not in the bundle');
  findings.passIfClean(
    'manifest', mark, 'MANIFEST', `lists the ${manifest.lines.length} other members, sizes and hashes`);
}

/** Whether an entry leads to the root (RFC 9162 §2.1.3.2, hashing of RFC 6962 §2.1). */
export async function provesInclusion(entry, index, size, path, root) {
  if (index < 0 || index >= size) return false;
  let node = await sha256(Uint8Array.of(0), entry);
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      node = await sha256(Uint8Array.of(1), sibling, node);
      while (!(at & 1n) && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      node = await sha256(Uint8Array.of(1), node, sibling);
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(node, root);
}
