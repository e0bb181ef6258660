// The seal of one take (FORMAT.md §6, §8): its opening, its body, its place in the log.

import { equal, fromHex, hex, sha256, u64, utf8 } from './bytes.mjs';
import { canonicalBytes, listMember, numberMember, parseCanonical, textMember } from './json.mjs';
import { limits } from './limits.mjs';
import { provesInclusion } from './notes.mjs';

const entryLength = 58;
const sealType = 1;

/** Checks `ledger/{take}.json` against the recording and the checkpoint. */
export async function checkSeal(bundle, take, file, descriptor) {
  const { findings } = bundle;
  const member = `ledger/${take}.json`;
  const bytes = bundle.read('seal opening', member, limits.jsonBytes);
  if (!bytes) return;
  const { value: json, reason } = parseCanonical(bytes);
  if (reason) {
    findings.fail('seal opening', member, reason);
    return;
  }

  const seal = {
    entry: fromHex(json?.entry, entryLength),
    index: numberMember(json, 'index'),
    size: numberMember(json, 'treeSize'),
    body: json?.opening?.body,
    salt: fromHex(json?.opening?.salt, 32),
    path: proofOf(json),
  };
  const isObject = seal.body !== null && typeof seal.body === 'object' && !Array.isArray(seal.body);
  if (!isObject || Object.values(seal).includes(null)) {
    findings.fail('seal opening', member, 'entry, index, opening, proof or treeSize is missing or malformed');
    return;
  }

  await checkOpening(findings, member, seal);
  checkBody(findings, member, seal.body, file, descriptor);
  await checkInclusion(bundle, member, seal);
}

function proofOf(json) {
  const items = listMember(json, 'proof');
  const path = items?.map((item) => fromHex(item, 32)) ?? [null];
  return path.includes(null) || path.length > limits.proofHashes ? null : path;
}

async function checkOpening(findings, member, { entry, index, salt, body }) {
  const commitment = await sha256(utf8('talreg/1/leaf'), salt, canonicalBytes(body));
  const wrong = entry[0] !== 1 ? 'the entry is not version 1'
    : entry[1] !== sealType ? 'the entry is no seal'
    : u64(entry, 2) !== BigInt.asUintN(64, BigInt(index)) ? "the entry's sequence is not its index"
    : u64(entry, 18) !== 0n ? "the entry's reserved bytes are set"
    : !equal(commitment, entry.subarray(26)) ? "salt and body do not give the entry's commitment"
    : null;
  findings.check('seal opening', member, wrong === null, "salt and body give the entry's commitment", wrong ?? '');
}

function checkBody(findings, member, body, file, descriptor) {
  const same = {
    call: textMember(body, 'call') === file.call,
    take: textMember(body, 'take') === file.take,
    tenant: descriptor !== null && body.tenant === descriptor.tenant,
    chunks: numberMember(body, 'chunks') === file.chunks,
    chainHead: body.chainHead === hex(file.chainHead),
    contentHash: body.contentHash === hex(file.contentHash),
    startedAt: descriptor !== null && body.startedAt === descriptor.startedAt,
    endedAt: descriptor !== null && body.endedAt === descriptor.endedAt,
    endReason: descriptor !== null && body.endReason === descriptor.endReason,
  };
  const wrong = Object.keys(same).filter((name) => !same[name]);
  findings.check('seal body', member, wrong.length === 0, 'agrees with the recording',
    `differs from the recording in ${wrong.join(', ')}`);
}

async function checkInclusion(bundle, member, { entry, index, size, path }) {
  const { findings, checkpoint } = bundle;
  if (!checkpoint) findings.fail('inclusion', member, 'there is no checkpoint that reads');
  else if (size !== checkpoint.size) {
    findings.fail('inclusion', member, `its proof is for ${size} entries, the checkpoint has ${checkpoint.size}`);
  } else {
    findings.check('inclusion', member, await provesInclusion(entry, index, size, path, checkpoint.root),
      `entry ${index} of ${size} leads to the checkpoint's root`,
      `entry ${index} does not lead to the checkpoint's root`);
  }
}
