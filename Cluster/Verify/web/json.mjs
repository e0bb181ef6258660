// Canonical JSON (FORMAT.md, Conventions): RFC 8785 with integers only. One document has one spelling, so it is read by
// JSON.parse, written again in the canonical spelling, and must come out as it was.

import { textOf, utf8 } from './bytes.mjs';
import { limits } from './limits.mjs';

/** Reads canonical JSON: `{ value }`, or `{ reason }` why not. */
export function parseCanonical(bytes) {
  if (bytes.length > limits.jsonBytes) return refused(`over ${limits.jsonBytes} bytes`);
  const text = textOf(bytes);
  if (text === null) return refused('not UTF-8');
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('not JSON');
  }
  const budget = { values: limits.jsonValues };
  const canonical = write(value, 1, budget);
  if (canonical === null) return refused('nested or numerous beyond the limits, or a number that is no integer');
  return canonical === text ? { value } : refused('not in its canonical spelling');
}

/** The bytes of a value in its canonical spelling; for a part of a document that was read by parseCanonical. */
export const canonicalBytes = (value) => utf8(write(value, 1, { values: limits.jsonValues }));

const refused = (reason) => ({ reason: `not canonical JSON: ${reason}` });

function write(value, depth, budget) {
  if (depth > limits.jsonDepth || --budget.values < 0) return null;
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  if (typeof value === 'string') return writeText(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => write(item, depth + 1, budget));
    return items.includes(null) ? null : `[${items.join(',')}]`;
  }
  const members = Object.keys(value)
    .sort()
    .map((name) => [writeText(name), write(value[name], depth + 1, budget)]);
  return members.some(([name, item]) => name === null || item === null)
    ? null
    : `{${members.map(([name, item]) => `${name}:${item}`).join(',')}}`;
}

// Half a surrogate pair has no UTF-8 form; JSON.stringify would escape it.
const writeText = (text) => (/\p{Surrogate}/u.test(text) ? null : JSON.stringify(text));

/** A member that is a text, else null. */
export const textMember = (object, name) => (typeof object?.[name] === 'string' ? object[name] : null);

/** A member that is an integer, else null. */
export const numberMember = (object, name) => (Number.isSafeInteger(object?.[name]) ? object[name] : null);

/** A member that is a list, else null. */
export const listMember = (object, name) => (Array.isArray(object?.[name]) ? object[name] : null);

/** True for an object with no members but these. */
export const hasOnly = (object, ...names) =>
  object !== null && typeof object === 'object' && !Array.isArray(object)
  && Object.keys(object).every((name) => names.includes(name));
