// The bundle's ZIP (FORMAT.md §8): its members, and whether it is the one canonical ZIP of them.

import {
  commonPrefix, concat, crc32, equal, latin1, latin1Bytes, littleEndian, u16Little, u32Little,
} from './bytes.mjs';
import { limits } from './limits.mjs';

const localLength = 30;
const centralLength = 46;
const endLength = 22;
const localMagic = 0x04034b50;
const centralMagic = 0x02014b50;
const endMagic = 0x06054b50;
const version = 20;
const dosDate = 0x0021;

/** The members in the order of the file: `{ members: [{ name, data }] }`, or `{ reason }`. */
export function readZip(zip) {
  // Two independent ways, so that one damaged header still lets the rest be named.
  const members = fromDirectory(zip) ?? fromLocalHeaders(zip);
  if (members === null) {
    return { reason: 'neither the central directory nor the local headers lead through the file' };
  }
  return members.length > limits.members ? { reason: `over ${limits.members} members` } : { members };
}

function fromDirectory(zip) {
  if (zip.length < endLength) return null;
  const end = zip.subarray(zip.length - endLength);
  const count = u16Little(end, 10);
  const directory = u32Little(end, 16);
  if (u32Little(end) !== endMagic || count > limits.members) return null;
  const members = [];
  let at = directory;
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (at > zip.length - endLength - centralLength) return null;
    const header = zip.subarray(at, at + centralLength);
    const nameLength = u16Little(header, 28);
    const name = zip.subarray(at + centralLength, at + centralLength + nameLength);
    if (u32Little(header) !== centralMagic || nameLength > limits.nameLength || name.length !== nameLength
      || u32Little(header, 42) !== next) return null;
    next = addMember(zip, members, name, next, u32Little(header, 24));
    if (next === null) return null;
    at += centralLength + nameLength;
  }
  return next === directory ? members : null;
}

function fromLocalHeaders(zip) {
  const members = [];
  let next = 0;
  while (members.length <= limits.members && next <= zip.length - localLength) {
    const header = zip.subarray(next, next + localLength);
    if (u32Little(header) !== localMagic) break;
    const nameLength = u16Little(header, 26);
    const name = zip.subarray(next + localLength, next + localLength + nameLength);
    if (nameLength > limits.nameLength || name.length !== nameLength) return null;
    next = addMember(zip, members, name, next, u32Little(header, 22));
    if (next === null) return null;
  }
  return members.length > 0 ? members : null;
}

/** Adds the member whose local header starts at `at`; answers where the next one starts, or null. */
function addMember(zip, members, name, at, size) {
  const data = at + localLength + name.length;
  if (data + size > zip.length) return null;
  members.push({ name: latin1(name), data: zip.subarray(data, data + size) });
  return data + size;
}

/** Builds the canonical ZIP again from the members and compares every byte with the file. */
export function checkCanonical(findings, zip, members) {
  const mark = findings.failuresOf('zip canonical');
  const fail = (subject, detail) => findings.fail('zip canonical', subject, detail);
  for (let i = 1; i < members.length; i++) {
    if (members[i - 1].name >= members[i].name) fail(members[i].name, 'not in the order of names, or twice');
  }

  let at = 0;
  const records = [];
  for (const { name, data } of members) {
    const shared = sharedFields(name, data);
    const local = concat(littleEndian(localMagic, 4), shared, new Uint8Array(2), latin1Bytes(name));
    records.push([name, centralRecord(name, shared, at)]);
    compare(fail, zip, at, local, `local header of ${name}`, `data of ${name}`, 14);
    at += local.length + data.length;
  }

  const directory = at;
  for (const [name, record] of records) {
    compare(fail, zip, at, record, `central directory, ${name}`, `data of ${name}`, 16);
    at += record.length;
  }

  compare(fail, zip, at, endRecord(members.length, directory, at - directory), 'end record', 'end record', -1);
  at += endLength;
  if (at !== zip.length) fail('end record', `${zip.length - at} bytes beyond the end record`);
  findings.passIfClean('zip canonical', mark, 'bundle', `${members.length} members, built again byte for byte`);
}

// Version needed, flags, method, time, date, CRC-32, sizes and name length: the same in both headers.
const sharedFields = (name, data) => concat(
  littleEndian(version, 2), new Uint8Array(6), littleEndian(dosDate, 2), littleEndian(crc32(data), 4),
  littleEndian(data.length, 4), littleEndian(data.length, 4), littleEndian(name.length, 2));

const centralRecord = (name, shared, offset) => concat(
  littleEndian(centralMagic, 4), littleEndian(version, 2), shared, new Uint8Array(12), littleEndian(offset, 4),
  latin1Bytes(name));

const endRecord = (count, start, length) => concat(
  littleEndian(endMagic, 4), new Uint8Array(4), littleEndian(count, 2), littleEndian(count, 2),
  littleEndian(length, 4), littleEndian(start, 4), new Uint8Array(2));

function compare(fail, zip, at, expected, part, dataPart, crcAt) {
  const actual = zip.subarray(at, at + expected.length);
  const same = commonPrefix(actual, expected);
  if (same === expected.length) return;

  // When nothing but the checksum differs, the data was changed or the checksum was: both are named.
  const onlyCrc = crcAt >= 0 && same >= crcAt && same < crcAt + 4 && actual.length === expected.length
    && equal(actual.subarray(crcAt + 4), expected.subarray(crcAt + 4));
  fail(part, onlyCrc
    ? `the CRC-32 is not that of the ${dataPart}`
    : `differs from the canonical form at byte ${at + same} of the bundle`);
}
