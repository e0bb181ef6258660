// node build.mjs: makes verify.html of page.html and the modules, one self-contained file without imports.
// A test of the repository makes it the same way and compares.

import { readFileSync, writeFileSync } from 'node:fs';

const modules = ['limits', 'bytes', 'json', 'findings', 'zip', 'notes', 'recording', 'keys', 'frames', 'walk', 'seal', 'witnesses',
  'takes', 'bundle', 'audio', 'words', 'page'];

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** A module without its imports, its exports made plain: all share one scope, in an order that has each name first. */
const inline = (source) => source.replace(/^import [^;]*;\n/gm, '').replace(/^export /gm, '');

const script = modules.map((name) => inline(read(`${name}.mjs`)).trim()).join('\n\n');
writeFileSync(new URL('verify.html', import.meta.url), read('page.html').replace('/*modules*/', () => script));
