'use strict';

// Everything that comes from a call is put in with textContent: a display name is text, whatever it holds.
const byId = id => document.getElementById(id);
const refreshMs = 3000;
let shown = [];
let rows = new Map();
let playing = null;
let next = null;
let older = 0;
let timer = null;
let running = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function problemOf(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return 'The recorder answered ' + response.status + '.';
  }
}

function duration(call, now) {
  const end = call.endedAt ? Date.parse(call.endedAt) : now;
  const seconds = Math.max(0, Math.round((end - Date.parse(call.startedAt)) / 1000));
  const pad = n => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return (hours ? hours + ':' + pad(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60)) + ':' + pad(seconds % 60);
}

const pathOf = call => '/api/v1/calls/' + encodeURIComponent(call.id);
const namesOf = call => call.participants.map(party => party.name || party.aor).join(' and ') || 'unknown parties';
const startOf = call => new Date(call.startedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });

function state(call) {
  const cell = element('td');
  cell.append(element('div', 'state state-' + call.state, call.state));
  if (call.endReason) cell.append(element('div', 'reason', call.endReason));
  for (const flag of call.flags) cell.append(element('span', 'flag', flag));
  return cell;
}

function parties(call) {
  const cell = element('td');
  for (const party of call.participants) {
    const line = element('div', 'party');
    if (party.name) line.append(element('span', '', party.name));
    line.append(element('span', 'aor', party.aor));
    cell.append(line);
  }
  return cell;
}

function play(call) {
  const title = namesOf(call) + ', ' + startOf(call);
  const audio = byId('audio');
  playing = call.id;
  byId('player').hidden = false;
  byId('player-title').textContent = title;
  byId('player-fault').textContent = '';
  audio.src = pathOf(call) + '/audio?purpose=' + encodeURIComponent('listened to on the page');
  // A refusal is told by the error event; being replaced by another recording is none.
  audio.play().catch(() => {});
  draw();
}

// What an audio element keeps to itself: why it got no sound. HEAD is no listen.
async function tellPlayFault() {
  const source = byId('audio').getAttribute('src');
  if (!source) return;
  let text = 'The recorder does not answer. See whether it runs, then press Play again.';
  try {
    const response = await fetch(source, { method: 'HEAD' });
    if (response.status === 401) return signedOut();
    text = response.ok ? 'This browser cannot play the recording. Its evidence holds a WAV file.'
      : response.status === 404 ? 'There is nothing to hear: the call has no audio, or it was erased.'
      : response.status === 503 ? 'The ledger does not answer, and nobody may listen unseen. Press Play again in a moment.'
      : 'The recorder answered ' + response.status + '. Press Play again; its log says more.';
  } catch { /* text stays what it is */ }
  byId('player-fault').textContent = text;
}

function acts(call) {
  const cell = element('td');
  if (!call.takes.length || call.state === 'erased') {
    return cell;
  }

  const box = element('div', 'acts');
  const button = element('button', '', 'Play');
  button.type = 'button';
  button.setAttribute('aria-label', 'Play ' + namesOf(call) + ', ' + startOf(call));
  button.addEventListener('click', () => play(call));
  box.append(button);
  if (call.evidence) {
    const link = element('a', '', 'Evidence');
    link.href = pathOf(call) + '/evidence?purpose=' + encodeURIComponent('evidence taken from the page');
    link.setAttribute('aria-label', 'Evidence of ' + namesOf(call) + ', ' + startOf(call));
    box.append(link);
  }
  cell.append(box);
  return cell;
}

// A row is made anew only when its call has changed, so that the list does not take the focus from whoever tabs through it.
function row(call, now) {
  const known = rows.get(call.id) || { made: element('tr'), text: '' };
  const text = JSON.stringify(call);
  const { made } = known;
  if (known.text !== text) {
    const focused = made.contains(document.activeElement);
    made.replaceChildren(
      element('td', 'time', startOf(call)), state(call), parties(call), element('td', 'line', call.channels.join(', ')),
      element('td', 'number'), acts(call));
    if (focused) made.querySelector('button')?.focus();
  }
  made.classList.toggle('playing', call.id === playing);
  made.children[4].textContent = call.state === 'notRecorded' ? '' : duration(call, now);
  return { made, text };
}

function draw() {
  const now = Date.now();
  rows = new Map(shown.map(call => [call.id, row(call, now)]));
  const body = byId('rows');
  const wanted = [...rows.values()].map(one => one.made);
  for (const old of [...body.children]) if (!wanted.includes(old)) old.remove();
  wanted.forEach((made, i) => { if (body.children[i] !== made) body.insertBefore(made, body.children[i] || null); });
  const filtered = byId('party').value.trim() || byId('state').value;
  byId('empty').textContent = filtered ? 'No call matches. Clear party and state to see all.'
    : 'No calls yet. The first one appears here by itself.';
  byId('empty').hidden = shown.length > 0;
  byId('more').hidden = !next;
}

function tell(fault) {
  byId('fault').textContent = fault;
  byId('fault').hidden = !fault;
}

function query(cursor) {
  const parameters = new URLSearchParams({ limit: '50' });
  const party = byId('party').value.trim();
  if (party) parameters.set('party', party);
  if (byId('state').value) parameters.set('state', byId('state').value);
  if (cursor) parameters.set('cursor', cursor);
  return '/api/v1/calls?' + parameters;
}

function signedOut() {
  clearTimeout(timer);
  shown = [];
  rows.clear();
  next = playing = null;
  byId('audio').removeAttribute('src');
  byId('audio').load();
  byId('rows').replaceChildren();
  tell('');
  byId('player').hidden = byId('calls').hidden = byId('sign-out').hidden = true;
  byId('sign-in').hidden = false;
  byId('status').textContent = '';
  byId('token').focus();
}

async function load(cursor) {
  clearTimeout(timer);
  const run = ++running;
  try {
    const response = await fetch(query(cursor));
    if (run !== running) return;
    if (response.status === 401) {
      signedOut();
      return;
    }
    byId('sign-in').hidden = true;
    byId('calls').hidden = byId('sign-out').hidden = false;
    if (response.ok) {
      const page = await response.json();
      if (run !== running) return;
      shown = cursor ? shown.concat(page.items) : page.items;
      next = page.next;
      draw();
      byId('status').textContent = 'As of ' + new Date().toLocaleTimeString();
      tell('');
    } else {
      tell(await problemOf(response));
    }
  } catch {
    tell('The recorder does not answer. It is asked again every 3 seconds; see whether it runs.');
  }
  if (run !== running) return;
  if (cursor) older++;
  // While someone reads older pages the list stands still.
  if (!older) timer = setTimeout(() => load(null), refreshMs);
}

function reload() {
  older = 0;
  load(null);
}

byId('sign-in').addEventListener('submit', async event => {
  event.preventDefault();
  byId('sign-in-fault').textContent = '';
  try {
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: byId('token').value.trim() })
    });
    if (response.ok) {
      byId('token').value = '';
      reload();
    } else {
      byId('sign-in-fault').textContent = await problemOf(response);
    }
  } catch {
    byId('sign-in-fault').textContent = 'The recorder does not answer. See whether it runs, then try again.';
  }
});
byId('sign-out').addEventListener('click', async () => {
  await fetch('/session/end', { method: 'POST' }).catch(() => {});
  running++;
  signedOut();
});
byId('search').addEventListener('submit', event => { event.preventDefault(); reload(); });
byId('search').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(reload, 250); });
byId('audio').addEventListener('error', tellPlayFault);
byId('more').addEventListener('click', () => load(next));
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else if (!byId('calls').hidden && !older) load(null);
});
reload();
