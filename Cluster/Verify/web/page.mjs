// The page: takes a bundle and a key, shows the report, plays the call.

import { canDecode, PacketKeeper, renderTake, wavOf } from './audio.mjs';
import { verifyBundle } from './bundle.mjs';
import { printable, timeText } from './findings.mjs';
import { parseTrust } from './notes.mjs';
import { readDescriptor, readRecording } from './recording.mjs';
import { questions, residualText, words } from './words.mjs';
import { readZip } from './zip.mjs';

const at = (id) => document.getElementById(id);
let language = navigator.language.startsWith('sv') ? 'sv' : 'en';
let shown = null;
let bundle = null;
let sounds = [];

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function translate() {
  const say = words[language];
  document.documentElement.lang = language;
  document.title = say.title;
  for (const named of document.querySelectorAll('[data-say]')) named.textContent = say[named.dataset.say];
  for (const choice of document.querySelectorAll('[data-language]')) {
    choice.setAttribute('aria-pressed', String(choice.dataset.language === language));
  }
  if (shown) show(shown);
}

function complain(text) {
  at('report').replaceChildren(element('p', text, { class: 'verdict refused', role: 'alert' }));
}

async function verify() {
  if (!bundle) return;
  const say = words[language];
  shown = null;
  for (const url of sounds.splice(0)) URL.revokeObjectURL(url);
  at('report').replaceChildren(element('p', say.working, { role: 'status' }));
  const line = at('trust').value.trim();
  const { trust, reason } = line ? await parseTrust(line) : {};
  if (reason) {
    complain(say.badKey + reason);
    return;
  }
  try {
    const zip = new Uint8Array(await bundle.arrayBuffer());
    const kept = new PacketKeeper();
    const report = await verifyBundle(zip, trust ?? null, (...packet) => kept.keep(...packet));
    shown = { report, audio: report.result === 'refused' ? [] : audioOf(zip, kept) };
    show(shown);
  } catch (error) {
    complain(say.unreadable + error.message);
  }
}

/** What can be heard of a bundle that was not refused. */
function audioOf(zip, kept) {
  const { members } = readZip(zip);
  const rendering = members.find((member) => member.name === 'audio.wav');
  return members.filter((member) => member.name.endsWith('.trec')).map(({ data }) => {
    const { descriptor } = readDescriptor(readRecording(data).file.descriptor);
    const streams = kept.streamsOf(descriptor.take);
    const codecs = descriptor.streams.map((stream) => stream.codec).join(', ');
    const wav = streams.size > 0 && canDecode(descriptor) ? wavOf(renderTake(descriptor, streams)) : null;
    const bytes = wav ?? rendering?.data ?? null;
    const url = bytes && URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' }));
    if (url) sounds.push(url);
    return { take: descriptor.take, decoded: wav !== null, codecs, url };
  });
}

function show({ report, audio }) {
  const say = words[language];
  const parts = [
    element('p', say[report.result], { class: `verdict ${report.result}`, role: 'status' }),
    element('p', say[`${report.result}Text`]),
    facts(say, report),
    ...audio.map((sound) => player(say, sound)),
    checksTable(say, report),
  ];
  if (report.result !== 'refused') {
    const list = element('ul');
    list.append(...report.residual.map((line) => element('li', residualText(line, language))));
    parts.push(element('h2', say.unproved), list);
  }
  at('report').replaceChildren(...parts);
}

function facts(say, report) {
  const list = element('dl');
  const add = (name, text) => list.append(element('dt', name), element('dd', text));
  if (report.call) add(say.call, printable(report.call));
  if (report.log) add(say.log, printable(report.log));
  for (const take of report.takes) {
    add(say.take, `${take.take}: ${take.chunks} ${say.chunks}, ${take.packets} ${say.packets}, ${take.lost} ${say.lost}, `
      + `${say.from} ${timeText(take.startedAt)} ${say.to} ${timeText(take.endedAt)}`);
  }
  return list;
}

function player(say, { take, decoded, codecs, url }) {
  const part = element('section', '', { class: 'player' });
  part.append(element('h2', `${say.play}: ${say.take.toLowerCase()} ${take}`));
  if (!url) {
    part.append(element('p', say.noAudio));
    return part;
  }
  part.append(
    element('audio', '', { controls: '', src: url, preload: 'metadata' }),
    element('p', decoded ? say.decodedHere : say.fromBundle.replace('{codecs}', codecs), { class: 'hint' }));
  return part;
}

function checksTable(say, report) {
  const table = element('table');
  table.append(element('caption', say.checks));
  const head = element('tr');
  head.append(...['check', 'asks', 'subject', 'detail'].map((name) => element('th', say[name], { scope: 'col' })));
  table.append(head);
  const ordered = [...report.checks].sort((a, b) => (b.outcome === 'failed') - (a.outcome === 'failed'));
  for (const check of ordered) {
    const row = element('tr', '', { class: check.outcome });
    row.append(
      element('th', `${say.outcomes[check.outcome]}: ${check.name}`, { scope: 'row' }),
      element('td', questions[check.name][language === 'sv' ? 1 : 0]),
      element('td', check.subject),
      element('td', check.detail));
    table.append(row);
  }
  return table;
}

function take(files) {
  [bundle] = files;
  at('name').textContent = bundle?.name ?? '';
  return verify();
}

at('file').addEventListener('change', (event) => take(event.target.files));
at('trust').addEventListener('change', verify);
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length > 0) take(event.dataTransfer.files);
});
for (const choice of document.querySelectorAll('[data-language]')) {
  choice.addEventListener('click', () => {
    language = choice.dataset.language;
    translate();
  });
}
translate();
