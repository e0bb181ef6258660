// The checks of one take (FORMAT.md §8): recording, descriptor, chunks, keys, streams.

import { equal, hex, sha256 } from './bytes.mjs';
import { openSealedJson, readKeys } from './keys.mjs';
import { limits } from './limits.mjs';
import { readDescriptor, readRecording } from './recording.mjs';
import { checkSeal } from './seal.mjs';
import { StreamTotals } from './frames.mjs';
import { ChunkWalk } from './walk.mjs';

const walkChecks = [
  'chunks walk', 'chunk headers', 'chain', 'key commitments', 'chunks open', 'frames', 'packet counts',
];

/** Checks a take of the bundle and adds its summary to `bundle.takes`. */
export async function checkTake(bundle, take) {
  const { findings } = bundle;
  const member = `takes/${take}.trec`;
  const { file, faults } = readRecording(bundle.members.get(member).data);
  for (const fault of faults) findings.fail('recording', member, fault);
  if (!file) return;
  if (faults.length === 0) {
    findings.pass('recording', member, `header, ${file.chunks} chunks, index, descriptor, footer`);
  }

  const descriptor = checkDescriptor(bundle, take, member, file);
  const keys = checkKeys(bundle, take);
  const marks = Object.fromEntries(walkChecks.map((name) => [name, findings.failuresOf(name)]));
  const onPacket = bundle.onPacket && ((stream, packet, facts) => bundle.onPacket(take, stream, packet, facts));
  const walk = await new ChunkWalk(findings, member, file, descriptor, keys, onPacket).run();
  await concludeWalk(findings, member, file, take, walk, marks);
  await checkSeal(bundle, take, file, descriptor);
  if (keys) concludeKeys(findings, member, file, take, descriptor, walk, keys, marks);
  await checkMetadata(findings, member, file, keys);
  if (descriptor) checkStreams(findings, member, descriptor, walk);
  bundle.takes.push(summary(take, file, descriptor, walk));
}

function checkDescriptor(bundle, take, member, file) {
  const { descriptor, reason } = readDescriptor(file.descriptor);
  if (!descriptor) {
    bundle.findings.fail('descriptor', member, reason);
    return null;
  }
  bundle.descriptors.set(take, descriptor);
  const wrong = descriptor.take !== file.take || file.take !== take ? 'take'
    : descriptor.call !== file.call ? 'call'
    : bundle.manifest && bundle.manifest.call !== file.call ? 'call of the manifest'
    : descriptor.chunks !== file.chunks ? 'number of chunks'
    : descriptor.chainHead !== hex(file.chainHead) ? 'chain head'
    : null;
  bundle.findings.check('descriptor', member, wrong === null, "agrees with header, footer and the member's name",
    `the ${wrong} is not the same in member name, header, footer and descriptor`);
  return descriptor;
}

function checkKeys(bundle, take) {
  const { findings } = bundle;
  const member = `takes/${take}.keys.json`;
  if (!bundle.members.has(member)) {
    findings.skip('keys', member, 'not decryptable here: keys withheld');
    findings.leave(`Take ${take}: keys are withheld, so neither content nor loss is checked.`);
    return null;
  }
  const bytes = bundle.read('keys', member, limits.jsonBytes);
  if (!bytes) return null;
  const { keys, reason } = readKeys(bytes);
  if (!keys) {
    findings.fail('keys', member, reason);
    return null;
  }
  return findings.check('keys', member, keys.take === take, 'read', 'the keys are of another take') ? keys : null;
}

async function concludeWalk(findings, member, file, take, walk, marks) {
  const clean = (name, detail) => findings.passIfClean(name, marks[name], member, detail);
  clean('chunks walk', `${file.chunks} chunks, one after another without holes`);
  clean('chunk headers', 'agree with the file, the descriptor and each other');
  if (!walk.whole) findings.fail('chain', member, 'cannot be walked over every chunk');
  else if (!walk.chainHead || !equal(walk.chainHead, file.chainHead)) {
    findings.fail('chain', member, "the chunks do not give the footer's chain head");
  } else clean('chain', `${file.chunks} chunks give the footer's head`);

  findings.check('content hash', member, equal(await sha256(file.descriptor, file.metadata), file.contentHash),
    'descriptor and metadata are those of the footer', "descriptor or metadata is not what the footer's hash says");
  if (walk.flags & 1) findings.leave(`Take ${take} was admitted without the cluster (autonomous).`);
  if (walk.flags & 2) {
    findings.leave(`Take ${take} was captured under an epoch that had been superseded (staleEpoch).`);
  }
  if (walk.clockUnsure) {
    findings.leave(`Take ${take}: the recorder's clock was not synchronised, or not known to be, throughout.`);
  }
}

function concludeKeys(findings, member, file, take, descriptor, walk, keys, marks) {
  // A key under a wrong number would otherwise look like a stream that was withheld on purpose.
  const described = descriptor?.streams.length ?? 0;
  for (const stream of keys.streams.keys()) {
    if (stream >= described && !walk.streams.has(stream)) {
      findings.fail('keys', `takes/${take}.keys.json`, `gives a key for stream ${stream}, which the take has not`);
    }
  }
  if (walk.withheld > 0) {
    findings.skip('chunks open', member,
      `${walk.withheld} of ${file.chunks} chunks withheld: their keys are not here`);
    findings.leave(`Take ${take}: what ${walk.withheld} withheld chunks say is not shown, only their place.`);
  }
  const clean = (name, detail) => findings.passIfClean(name, marks[name], member, detail);
  clean('key commitments', 'every disclosed key is the one the headers are committed to');
  clean('chunks open', `${walk.opened} chunks opened`);
  clean('frames', `of ${walk.opened} chunks parsed`);
  clean('packet counts', 'every opened chunk holds as many packets as its header says');
}

async function checkMetadata(findings, member, file, keys) {
  if (!keys?.metadata) {
    findings.skip('metadata', member, 'its key is withheld');
    return;
  }
  const { reason } = await openSealedJson(file.metadata, keys.metadata, file.take);
  findings.check('metadata', member, !reason, 'opens and is canonical JSON', reason ?? '');
}

function checkStreams(findings, member, descriptor, walk) {
  descriptor.streams.forEach((stream, i) => {
    const totals = walk.streams.get(i) ?? new StreamTotals();
    const subject = `${member} stream ${i}`;

    // Without keys this bound is all there is: headers count control packets too.
    findings.check('descriptor counts', subject, walk.whole && totals.headerPackets >= stream.packets,
      `${stream.packets} media packets of ${totals.headerPackets} in ${totals.chunks} chunks`,
      `${stream.packets} media packets described, but the chunk headers count ${totals.headerPackets} in all`);
    if (totals.unread > 0 || !walk.whole) {
      findings.skip('gaps', subject, `${totals.unread} of ${totals.chunks} chunks unread: cannot be counted`);
      return;
    }
    const foreignMost = totals.foreignMedia + totals.foreignControl;
    findings.check('packet counts', subject,
      totals.media === stream.packets && stream.foreign >= totals.foreignMedia && stream.foreign <= foreignMost,
      `${totals.media} media packets, ${stream.foreign} foreign`,
      `holds ${totals.media} media and ${totals.foreignMedia} to ${foreignMost} foreign packets; ` +
      `the descriptor says ${stream.packets} and ${stream.foreign}`);
    checkGaps(findings, subject, stream, totals.sequence);
  });
}

function checkGaps(findings, subject, stream, sequence) {
  if (sequence.tooManySsrcs) {
    findings.fail('limits', subject, `over ${limits.ssrcsPerStream} SSRCs in one stream`);
    return;
  }
  findings.check('gaps', subject, sequence.missing === stream.lost,
    `${stream.lost} sequence numbers missing over ${sequence.ssrcs} SSRCs, as described`,
    `${sequence.missing} sequence numbers are missing, the descriptor says ${stream.lost}`);
}

function summary(take, file, descriptor, walk) {
  const sum = (name) => descriptor?.streams.reduce((total, stream) => total + stream[name], 0) ?? 0;
  return {
    take,
    chunks: file.chunks,
    withheld: walk.withheld,
    streams: descriptor?.streams.length ?? walk.streams.size,
    packets: sum('packets'),
    lost: sum('lost'),
    startedAt: descriptor?.startedAt ?? null,
    endedAt: descriptor?.endedAt ?? null,
  };
}
