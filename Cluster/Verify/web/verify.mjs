#!/usr/bin/env node
// node verify.mjs BUNDLE... [--trust KEYFILE] [--json]
// Checks evidence bundles with nothing but this folder and a JavaScript engine; FORMAT.md says what it checks.
// Exit code of the worst bundle: 0 verified, 3 consistent with its origin unproved, 1 refused, 2 could not be read.

import { readFile } from 'node:fs/promises';
import { verifyBundle } from './bundle.mjs';
import { reportText } from './findings.mjs';
import { parseTrust } from './notes.mjs';

const usage = `usage: node verify.mjs BUNDLE... [--trust KEYFILE] [--json]

  BUNDLE...         evidence bundles (ZIP)
  --trust KEYFILE   file with the log's verifier key, one line, got from somewhere else than the bundle;
                    on further lines the keys of witnesses that must have cosigned, and 'quorum N' where N of them suffice;
                    without it the most that can be said is: consistent, origin unproved
  --json            one line of JSON for each bundle instead of a report

Exit code: 0 verified, 3 consistent with its origin unproved, 1 refused, 2 could not be read.`;

const severity = [0, 3, 1, 2];
const couldNotBeRead = 2;

function parseArguments(given) {
  const options = { bundles: [], trust: null, json: false, help: false };
  for (let i = 0; i < given.length; i++) {
    if (given[i] === '--help' || given[i] === '-h') options.help = true;
    else if (given[i] === '--json') options.json = true;
    else if (given[i] === '--trust' && i + 1 < given.length) options.trust = given[++i];
    else if (given[i].startsWith('-')) throw new Error(`unknown option, or one without its value: ${given[i]}`);
    else options.bundles.push(given[i]);
  }
  if (!options.help && options.bundles.length === 0) throw new Error('no bundle given');
  return options;
}

async function readTrust(path) {
  if (path === null) return null;
  const { trust, reason } = await parseTrust(await readFile(path, 'utf8'));
  if (!trust) throw new Error(`${path} holds no verifier key: ${reason}`);
  return trust;
}

async function main() {
  let options;
  let trust;
  try {
    options = parseArguments(process.argv.slice(2));
    if (options.help) {
      console.log(usage);
      return 0;
    }
    trust = await readTrust(options.trust);
  } catch (error) {
    console.error(`verify: ${error.message}\n${usage}`);
    return couldNotBeRead;
  }

  let worst = 0;
  for (const path of options.bundles) {
    let exitCode = couldNotBeRead;
    try {
      const report = await verifyBundle(new Uint8Array(await readFile(path)), trust);
      console.log(options.json ? JSON.stringify({ bundle: path, ...report }) : reportText(report));
      exitCode = report.exitCode;
    } catch (error) {
      console.error(`verify: ${path}: ${error.message}`);
    }
    if (severity.indexOf(exitCode) > severity.indexOf(worst)) worst = exitCode;
  }
  return worst;
}

process.exitCode = await main();
