'use strict';

// Everything that comes from a call is put in with textContent: a display name is text, whatever it holds.
const byId = id => document.getElementById(id);
const refreshMs = 3000;
let shown = [];
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

function parties(call) {
  const cell = element('td');
  for (const party of call.participants) {
    const line = element('div');
    if (party.name) line.append(element('span', '', party.name + ' '));
    line.append(element('span', 'aor', party.aor));
    cell.append(line);
  }
  return cell;
}

function acts(call) {
  const cell = element('td');
  if (!call.takes.length || call.state === 'erased') {
    return cell;
  }

  const path = '/api/v1/calls/' + encodeURIComponent(call.id);
  const box = element('div', 'acts');
  const play = element('button', '', 'Play');
  play.type = 'button';
  play.addEventListener('click', () => {
    byId('player').hidden = false;
    byId('player-title').textContent = call.participants.map(p => p.name || p.aor).join(' – ');
    byId('audio').src = path + '/audio?purpose=' + encodeURIComponent('listened to on the page');
    byId('audio').play().catch(() => { byId('player-title').textContent = 'This recording cannot be played now.'; });
  });
  box.append(play);
  if (call.evidence) {
    const link = element('a', '', 'Evidence');
    link.href = path + '/evidence?purpose=' + encodeURIComponent('evidence taken from the page');
    box.append(link);
  }
  cell.append(box);
  return cell;
}

function row(call, now) {
  const made = element('tr');
  made.append(element('td', 'time', new Date(call.startedAt).toLocaleString()));
  made.append(element('td', 'state state-' + call.state, call.state));
  made.append(parties(call));
  made.append(element('td', '', call.channels.join(', ')));
  made.append(element('td', 'number', call.state === 'notRecorded' ? '' : duration(call, now)));
  const flags = element('td');
  for (const flag of call.flags) flags.append(element('span', 'flag', flag));
  made.append(flags, acts(call));
  return made;
}

function draw() {
  const now = Date.now();
  byId('rows').replaceChildren(...shown.map(call => row(call, now)));
  byId('empty').hidden = shown.length > 0;
  byId('more').hidden = !next;
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
  next = null;
  byId('audio').removeAttribute('src');
  byId('rows').replaceChildren();
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
    } else {
      byId('status').textContent = await problemOf(response);
    }
  } catch {
    byId('status').textContent = 'The recorder does not answer; trying again.';
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
    byId('sign-in-fault').textContent = 'The recorder does not answer.';
  }
});
byId('sign-out').addEventListener('click', async () => {
  await fetch('/session/end', { method: 'POST' }).catch(() => {});
  running++;
  signedOut();
});
byId('search').addEventListener('submit', event => { event.preventDefault(); reload(); });
byId('search').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(reload, 250); });
byId('more').addEventListener('click', () => load(next));
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else if (!byId('calls').hidden && !older) load(null);
});
reload();
