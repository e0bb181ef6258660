// Who else has seen the checkpoint (FORMAT.md §6). Witnesses are those whose keys came from outside the bundle.

import { equal, hex, sha256 } from './bytes.mjs';
import { timeText } from './findings.mjs';
import { limits } from './limits.mjs';
import { cosignedAt } from './notes.mjs';

/** Checks the cosignatures of a checkpoint's note. */
export async function checkWitnesses(findings, note, trust) {
  const others = note.signatures.length - 1;
  const witnesses = trust?.witnesses ?? [];
  if (witnesses.length === 0) {
    findings.skip('witnesses', 'checkpoint',
      others > 0 ? `${others} further signatures, and no witness's key was given` : "no witness's key was given");
    findings.leave(others > 0
      ? 'The checkpoint has further signatures; they are not checked here.'
      : 'No witness has cosigned the checkpoint: that the log shows everyone the same is not proved.');
    return;
  }

  const valid = [];
  for (const witness of witnesses) {
    const lines = note.signatures.filter((line) => line.name === witness.name && equal(line.keyId, witness.keyId));
    const times = [];
    for (const line of lines) {
      const at = await cosignedAt(note, witness, line.signature);
      if (at !== null) times.push(at);
    }
    if (times.length < lines.length) {
      findings.fail('witnesses', 'checkpoint', `the cosignature by ${witness.name} is not of this checkpoint`);
    } else if (times.length > 0) valid.push(`${witness.name} ${timeText(times[0])}`);
  }

  const found = `${valid.length} of ${witnesses.length} cosigned, ${trust.quorum} wanted`;
  if (findings.check('witnesses', 'checkpoint', valid.length >= trust.quorum, `${found}: ${valid.join(', ')}`, found)) {
    findings.leave('The witnesses answer for one history of the log for all, not for what its entries say.');
  }
}

/** The RFC 3161 timestamp over the checkpoint's bytes: whether it names them is seen here; its signature is not checked. */
export async function checkTimestamp(bundle, checkpoint) {
  const { findings } = bundle;
  if (!bundle.members.has('checkpoint.tst')) {
    findings.skip('timestamp', 'checkpoint.tst', 'no timestamp in this bundle');
    findings.leave("Times rest on the recorder's own clock: there is no RFC 3161 timestamp.");
    return;
  }
  const token = bundle.read('timestamp', 'checkpoint.tst', limits.timestampBytes);
  if (!token) return;
  if (!hex(token).includes(hex(await sha256(checkpoint)))) {
    findings.fail('timestamp', 'checkpoint.tst', 'is not of this checkpoint');
    return;
  }
  findings.skip('timestamp', 'checkpoint.tst', 'names this checkpoint; its signature is not checked here');
  findings.leave('The timestamp is not checked here: talreg verify checks it, and so does openssl ts -verify.');
}
