// The checks of a whole bundle, in the order of FORMAT.md §8. A failed one ends only what cannot be asked without it.

import { isUuid, latin1, startsWith, u16Little, u32Little } from './bytes.mjs';
import { Findings, reportOf } from './findings.mjs';
import { listMember, numberMember, parseCanonical, textMember } from './json.mjs';
import { limits } from './limits.mjs';
import { checkManifest, checkSignature, parseCheckpoint, parseManifest, parseNote, parseVerifierKey } from './notes.mjs';
import { checkTake } from './takes.mjs';
import { checkTimestamp, checkWitnesses } from './witnesses.mjs';
import { checkCanonical, readZip } from './zip.mjs';

const required = ['MANIFEST', 'README.txt', 'call.json', 'checkpoint', 'key'];
const audioMember = 'audio.wav';
const optional = [audioMember, 'checkpoint.tst', 'verify.html'];
const wavHeaderLength = 44;
const renderingRates = [8000, 16000];

/**
 * Verifies a bundle.
 * @param zip its bytes
 * @param trust the keys from parseTrust, had from elsewhere; null checks the bundle only against itself
 * @param onPacket told of each packet that was opened: (take, stream, packet, facts); may be absent
 * @returns the report; nothing in the bundle makes this throw
 */
export async function verifyBundle(zip, trust, onPacket) {
  const findings = new Findings();
  const bundle = { findings, members: new Map(), descriptors: new Map(), takes: [], key: trust?.log ?? null, onPacket };
  bundle.read = (check, member, most) => readMember(bundle, check, member, most);
  const complete = await runChecks(bundle, zip, trust);
  return reportOf(findings, {
    trusted: trust !== null,
    call: bundle.manifest?.call,
    log: bundle.key?.name,
    takes: bundle.takes,
    complete,
  });
}

async function runChecks(bundle, zip, trust) {
  const { findings } = bundle;
  if (zip.length > limits.bundleBytes) {
    findings.fail('limits', 'bundle', `larger than ${limits.bundleBytes} bytes, or too large to hold in memory`);
    return false;
  }
  const { members, reason } = readZip(zip);
  if (!members) {
    findings.fail('zip canonical', 'bundle', reason);
    return false;
  }
  checkCanonical(findings, zip, members);
  for (const member of members) if (!bundle.members.has(member.name)) bundle.members.set(member.name, member);
  const takes = checkMembers(findings, bundle.members);
  await checkKey(bundle, trust);
  await readManifest(bundle, members);
  const note = readCheckpoint(bundle);
  for (const take of takes) await checkTake(bundle, take);
  await checkOrigin(bundle, note, trust);
  checkAudio(bundle);
  checkCall(bundle);
  leaveStanding(findings, trust);
  return true;
}

function readMember(bundle, check, name, most) {
  const member = bundle.members.get(name);
  if (!member) bundle.findings.fail(check, name, 'is not in the bundle');
  else if (member.data.length > most) {
    bundle.findings.fail('limits', name, `${member.data.length} bytes: over ${most}`);
  } else return member.data;
  return null;
}

function checkMembers(findings, members) {
  const mark = findings.failuresOf('members');
  const takes = [];
  for (const name of [...members.keys()].sort()) {
    const owner = takeOf(name, 'takes/', '.keys.json') ?? takeOf(name, 'ledger/', '.json');
    if (!/^[A-Za-z0-9._/-]+$/.test(name) || name.startsWith('/') || name.includes('..')) {
      findings.fail('members', name, 'not a safe name');
    } else if (takeOf(name, 'takes/', '.trec')) takes.push(takeOf(name, 'takes/', '.trec'));
    else if (owner) {
      if (!members.has(`takes/${owner}.trec`)) findings.fail('members', name, 'its take has no recording here');
    } else if (!optional.includes(name) && !required.includes(name)) {
      findings.skip('members', name, 'not described by the format: only its hash is checked');
    }
  }
  for (const name of required) if (!members.has(name)) findings.fail('members', name, 'is not in the bundle');
  if (takes.length === 0) findings.fail('members', 'bundle', 'holds no take');
  findings.passIfClean('members', mark, 'bundle', `${members.size} members, ${takes.length} takes`);
  return takes;
}

function takeOf(name, start, end) {
  const take = name.startsWith(start) && name.endsWith(end) ? name.slice(start.length, name.length - end.length) : '';
  return isUuid(take) ? take : null;
}

async function checkKey(bundle, trust) {
  const bytes = bundle.read('key', 'key', limits.textLength * 2);
  if (!bytes) return;
  const { key } = await parseVerifierKey(latin1(bytes));
  if (!key) {
    bundle.findings.fail('key', 'key', 'does not read as a verifier key');
    return;
  }
  bundle.key ??= key;
  bundle.findings.check('key', 'key', trust === null || trust.log.line === key.line,
    trust === null ? `well formed, of ${key.name}; no proof of origin` : `the trusted key, of ${key.name}`,
    `is the key of ${key.name}, not the trusted one`);
}

async function readManifest(bundle, members) {
  const { findings } = bundle;
  const bytes = bundle.read('manifest', 'MANIFEST', limits.noteBytes);
  if (!bytes) return;
  const { note, reason } = parseNote(bytes);
  const parsed = note ? parseManifest(note.text) : { reason };
  if (!parsed.manifest) {
    findings.fail('manifest', 'MANIFEST', parsed.reason);
    return;
  }
  bundle.manifest = parsed.manifest;
  await checkManifest(findings, parsed.manifest, members);

  // Nothing covers the manifest but its one signature: a further line could be changed unseen.
  const { valid, detail } = note.signatures.length === 1
    ? await checkSignature(note, bundle.key)
    : { valid: false, detail: 'has more than one signature line' };
  findings.check('manifest signature', 'MANIFEST', valid, detail, detail);
}

function readCheckpoint(bundle) {
  const bytes = bundle.read('checkpoint', 'checkpoint', limits.noteBytes);
  if (!bytes) return null;
  const { note, reason } = parseNote(bytes);
  const parsed = note ? parseCheckpoint(note.text) : { reason };
  if (!parsed.checkpoint) {
    bundle.findings.fail('checkpoint', 'checkpoint', parsed.reason);
    return null;
  }
  bundle.checkpoint = parsed.checkpoint;
  return note;
}

async function checkOrigin(bundle, note, trust) {
  const { findings, checkpoint } = bundle;
  if (!checkpoint) {
    findings.fail('checkpoint signature', 'checkpoint', 'there is no checkpoint that reads');
    return;
  }

  // The origin is talreg-{8 hex}.{tenant}: a log of one tenant says nothing of another's calls.
  const stranger = [...bundle.descriptors.values()].find((d) => !checkpoint.origin.endsWith(`.${d.tenant}`));
  const wrong = stranger ? `the log ${checkpoint.origin} is not that of tenant ${stranger.tenant}`
    : checkpoint.origin !== bundle.key?.name ? `its origin ${checkpoint.origin} is not the key's log`
    : null;
  findings.check('checkpoint', 'checkpoint', wrong === null, `${checkpoint.size} entries of ${checkpoint.origin}`,
    wrong ?? '');
  const { valid, detail } = await checkSignature(note, bundle.key);
  findings.check('checkpoint signature', 'checkpoint', valid, detail, detail);
  await checkWitnesses(findings, note, trust);
  await checkTimestamp(bundle, bundle.members.get('checkpoint').data);
}

function checkAudio(bundle) {
  const { findings } = bundle;
  const data = bundle.members.get(audioMember)?.data;
  if (!data) {
    findings.skip('audio', audioMember, 'no rendering in this bundle');
    return;
  }
  const wrong = data.length < wavHeaderLength ? 'shorter than a WAV header' : wavRefusal(data);
  const g711 = [...bundle.descriptors.values()]
    .every((d) => d.streams.every((stream) => ['PCMA', 'PCMU'].includes(stream.codec.toUpperCase())));
  const rate = wrong === null ? u32Little(data, 24) : renderingRates[0];
  const seconds = Math.trunc((data.length - wavHeaderLength) / 4) / rate;
  findings.check('audio', audioMember, wrong === null,
    `${seconds.toFixed(1)} s, stereo, ${rate} Hz; covered by the manifest`
    + (g711 ? '; all streams are G.711, so anyone can render it again from the recordings' : ''), wrong ?? '');
  findings.leave("audio.wav is the exporter's rendering, covered by the manifest but not rendered again here: "
    + 'the packets in takes/*.trec are the evidence.');
}

function wavRefusal(data) {
  if (!startsWith(data, 'RIFF') || !startsWith(data.subarray(8), 'WAVEfmt ') || !startsWith(data.subarray(36), 'data')) {
    return 'not a WAV file with the chunks fmt and data, in this order';
  }
  if (u32Little(data, 4) !== data.length - 8 || u32Little(data, 40) !== data.length - wavHeaderLength) {
    return 'its lengths are not those of the file';
  }
  return u32Little(data, 16) === 16 && u16Little(data, 20) === 1 && u16Little(data, 22) === 2
    && renderingRates.includes(u32Little(data, 24)) && u32Little(data, 28) === u32Little(data, 24) * 4
    && u16Little(data, 32) === 4 && u16Little(data, 34) === 16 && (data.length - wavHeaderLength) % 4 === 0
    ? null
    : 'not 16-bit PCM, stereo, 8000 or 16000 Hz';
}

function checkCall(bundle) {
  const { findings } = bundle;
  const bytes = bundle.read('call document', 'call.json', limits.jsonBytes);
  if (!bytes) return;
  const { value: call, reason } = parseCanonical(bytes);
  if (reason) {
    findings.fail('call document', 'call.json', reason);
    return;
  }
  const wrong = [];
  const id = textMember(call, 'id');
  if (id === null || (bundle.manifest && bundle.manifest.call !== id)) wrong.push("its id is not the manifest's call");
  const left = new Map(bundle.descriptors);
  for (const take of listMember(call, 'takes') ?? []) {
    const name = textMember(take, 'id');
    const descriptor = left.get(name);
    if (left.delete(name)) {
      const chunks = numberMember(take, 'committedChunks') ?? numberMember(take, 'chunks');
      if (chunks !== descriptor.chunks) wrong.push(`take ${name} has another number of chunks than its recording`);
    } else if (take?.sealed === false) {
      // A take that is not sealed yet has no recording to show; a sealed one must be here.
      findings.leave(`Take ${name ?? 'without id'} of the call was not sealed when the bundle was made, `
        + 'and is not in it.');
    } else wrong.push(`take ${name ?? 'without id'} has no recording in the bundle`);
  }
  for (const take of left.keys()) wrong.push(`take ${take} is not in it`);
  for (const [take, d] of bundle.descriptors) {
    if (d.tenant !== textMember(call, 'tenant')) wrong.push(`take ${take} is of tenant ${d.tenant}`);
  }
  findings.check('call document', 'call.json', wrong.length === 0,
    'id, tenant, takes and chunks agree with the recordings', wrong.slice(0, 10).join('; '));
}

function leaveStanding(findings, trust) {
  findings.leave('Who spoke, and what never reached the recorder, cannot be proved by a recording of packets.');
  findings.leave('Packets lost before the first or after the last of an SSRC leave no gap in its numbers.');
  findings.leave("Whoever holds the log's key and a take's key together can write another history for entries that "
    + 'nobody else has a checkpoint of.');
  if (trust === null) {
    findings.leave("Origin: the signatures were checked against the bundle's own key only.");
  }
}
