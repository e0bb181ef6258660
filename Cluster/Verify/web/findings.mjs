// What the checks found, and the words for a person. The names of the checks are those of talreg verify.

import { limits } from './limits.mjs';

/** Text from a bundle as it may reach a terminal or a page: no control characters, no endless lines. */
export function printable(text) {
  const cut = text.length > limits.textLength;
  const clean = (cut ? text.slice(0, limits.textLength) : text).replace(/[^ -~]/g, '?');
  return cut ? clean + '...' : clean;
}

/** Collects the results of checks while a bundle is verified. */
export class Findings {
  #checks = [];
  #failures = new Map();
  residual = [];

  get anyFailed() {
    return this.#failures.size > 0;
  }

  pass(name, subject, detail) {
    this.#add(name, 'passed', subject, detail);
  }

  skip(name, subject, detail) {
    this.#add(name, 'notApplicable', subject, detail);
  }

  fail(name, subject, detail) {
    const count = this.failuresOf(name) + 1;
    this.#failures.set(name, count);
    if (count <= limits.failuresPerCheck) this.#add(name, 'failed', subject, detail);
  }

  /** Records the one or the other; answers whether it holds. */
  check(name, subject, holds, passed, failed) {
    if (holds) this.pass(name, subject, passed);
    else this.fail(name, subject, failed);
    return holds;
  }

  failuresOf(name) {
    return this.#failures.get(name) ?? 0;
  }

  /** Passes a check that no part of a walk has failed since `mark` failures. */
  passIfClean(name, mark, subject, detail) {
    if (this.failuresOf(name) === mark) this.pass(name, subject, detail);
  }

  /** Says aloud what a passed verification leaves open; the same words only once. */
  leave(unproved) {
    const text = printable(unproved);
    if (!this.residual.includes(text)) this.residual.push(text);
  }

  /** All results; failures over the limit appear as one line per check. */
  checks() {
    const over = [...this.#failures].filter(([, count]) => count > limits.failuresPerCheck);
    return [
      ...this.#checks,
      ...over.map(([name, count]) => ({
        name,
        outcome: 'failed',
        subject: 'bundle',
        detail: `${count - limits.failuresPerCheck} more failures of this check`,
      })),
    ];
  }

  #add(name, outcome, subject, detail) {
    this.#checks.push({ name, outcome, subject: printable(subject), detail: printable(detail) });
  }
}

const exitCodes = { verified: 0, refused: 1, consistentOriginUnproved: 3 };
const marks = { passed: 'ok  ', failed: 'FAIL', notApplicable: 'n/a ' };

/** The report of a verification. */
export function reportOf(findings, { trusted, call, log, takes, complete }) {
  const result = findings.anyFailed || !complete ? 'refused' : trusted ? 'verified' : 'consistentOriginUnproved';
  return {
    result,
    exitCode: exitCodes[result],
    call: call ?? null,
    log: log ?? null,
    takes,
    checks: findings.checks(),
    residual: findings.residual,
  };
}

/** The names of the checks that failed, each once. */
export const failedChecks = (report) => [
  ...new Set(report.checks.filter((check) => check.outcome === 'failed').map((check) => check.name)),
];

function headline(report) {
  if (report.result === 'verified') return 'VERIFIED';
  if (report.result === 'refused') return `REFUSED: ${failedChecks(report).join(', ')}`;
  return (
    'consistent, origin unproved: the bundle agrees with itself; who made it is not shown. ' +
    "Give the log's verifier key, had from elsewhere, as trust."
  );
}

/** A moment of the recorder's clock, or ? where there is none. */
export const timeText = (unixMs) => (Number.isInteger(unixMs) ? new Date(unixMs).toISOString() : '?');

function takeLine(take) {
  const withheld = take.withheld > 0 ? ` (${take.withheld} withheld)` : '';
  return (
    `take ${take.take}: ${take.chunks} chunks${withheld}, ${take.streams} streams, ${take.packets} packets, ` +
    `${take.lost} lost, ${timeText(take.startedAt)} to ${timeText(take.endedAt)}`
  );
}

/** The report for a person, lines that end in LF. */
export function reportText(report) {
  const lines = [headline(report)];
  if (report.call) lines.push(`call ${printable(report.call)}`);
  if (report.log) lines.push(`log  ${printable(report.log)}`);
  lines.push(...report.takes.map(takeLine), '');
  for (const check of report.checks) {
    lines.push(`${marks[check.outcome]} ${check.name.padEnd(20)} ${check.subject}: ${check.detail}`);
  }
  if (report.result !== 'refused' && report.residual.length > 0) {
    lines.push('', 'What remains unproved:', ...report.residual.map((line) => `- ${line}`));
  }
  return lines.join('\n') + '\n';
}
