// Who else has seen the checkpoint (FORMAT.md §6). Witnesses are those whose keys came from outside the bundle.

import { equal } from './bytes.mjs';
import { timeText } from './findings.mjs';
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
