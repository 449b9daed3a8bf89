// The recordings in the server's folder: played here, or fetched.
import {ask} from './ask.js';
import {Again} from './again.js';
import {element} from './element.js';
import {bytes, clock} from './figures.js';

const AGAIN_MS = 3000;
const path = name => `api/recordings/${encodeURIComponent(name)}`;
const when = ms => new Date(ms).toLocaleString([], {dateStyle: 'medium', timeStyle: 'medium'});

export class Part {
  constructor(root, context) {
    Object.assign(this, {root, context, told: null, playing: '', again: new Again(() => this.refresh(), AGAIN_MS)});
    this.head = element('header'); this.find = element('input'); this.find.type = 'search';
    this.find.placeholder = 'stream or file'; this.find.oninput = () => this.draw();
    const label = element('label', 'find', 'Find '); label.append(this.find);
    this.head.append(element('h1', '', 'Recordings'), label);
    this.player = element('div', 'player'); this.player.hidden = true;
    this.note = element('p', 'note'); this.note.setAttribute('role', 'status');
    this.table = element('table', 'list');
    root.append(this.head, this.player, this.note, this.table);
  }
  open() { this.again.start(); }
  close() { this.again.stop(); this.stop(); }
  async refresh() {
    try { this.told = (await ask('api/recordings')).recordings; this.trouble = ''; } catch (error) { this.trouble = error.message; }
    this.draw();
  }
  draw() {
    const all = this.told || [], wanted = this.find.value.toLowerCase();
    const listed = all.filter(one => `${one.stream} ${one.file}`.toLowerCase().includes(wanted));
    this.note.textContent = this.trouble ? `The list cannot be read: ${this.trouble}` : !this.told ? '' : !all.length ? 'Nothing is recorded yet. The ● on a tile records its stream.' : listed.length ? '' : 'No recording has that in its name.';
    this.note.hidden = !this.note.textContent; this.find.parentElement.hidden = all.length < 2;
    const now = JSON.stringify([listed, this.playing]);
    if (now === this.drawn) return;
    this.drawn = now;
    const focus = this.table.contains(document.activeElement) ? [document.activeElement.dataset.name, document.activeElement.dataset.does] : null;
    this.table.hidden = !listed.length;
    this.table.replaceChildren(this.heads(), this.rows(listed));
    if (focus) [...this.table.querySelectorAll('[data-does]')].find(one => one.dataset.name === focus[0] && one.dataset.does === focus[1])?.focus();
  }
  heads() {
    const head = element('thead'), row = element('tr');
    for (const title of ['Stream', 'Began', 'Length', 'Size', 'What to do']) { const cell = element('th', '', title); cell.scope = 'col'; row.append(cell); }
    row.lastChild.classList.add('acts');
    head.append(row);
    return head;
  }
  rows(listed) {
    const rows = element('tbody');
    for (const one of listed) {
      const row = element('tr'), name = element('th'), file = element('small', '', one.file);
      name.scope = 'row'; name.append(element('span', '', one.stream || one.file), ...(one.stream ? [file] : []));
      row.append(name, this.cell('Began', when(one.begins_ms)), this.cell('Length', one.writing ? `● recording ${clock(one.seconds || 0)}` : one.seconds === null ? '–' : clock(Math.max(1, one.seconds))), this.cell('Size', one.bytes === null ? '–' : bytes(one.bytes)), this.acts(one));
      if (one.name === this.playing) row.dataset.playing = '';
      rows.append(row);
    }
    return rows;
  }
  cell(title, text) { const cell = element('td', '', text); cell.dataset.title = title; return cell; }
  acts(one) {
    const cell = element('td', 'acts');
    if (one.plays) { const play = this.does('Play', one); play.onclick = () => this.play(one); cell.append(play); }
    const fetch = element('a', 'button', 'Download'); fetch.href = `${path(one.name)}?download=1`; fetch.download = '';
    fetch.dataset.name = one.name; fetch.dataset.does = 'Download'; fetch.setAttribute('aria-label', `Download ${one.file}`);
    if (!one.writing && one.bytes !== null) cell.append(fetch);
    return cell;
  }
  does(what, one) {
    const button = element('button', '', what);
    button.dataset.name = one.name; button.dataset.does = what; button.setAttribute('aria-label', `${what} ${one.file}`);
    return button;
  }
  play(one) {
    this.stop();
    this.playing = one.name;
    const title = element('h2', '', `${one.stream || one.file}, ${when(one.begins_ms)}`), close = element('button', '', 'Close');
    close.onclick = () => { this.stop(); this.draw(); this.find.focus(); };
    const bar = element('div', 'bar'); bar.append(title, close);
    this.player.append(bar, ...(one.plays === 'video' ? this.video(one) : this.pictures(one)));
    this.player.hidden = false;
    this.player.scrollIntoView({block: 'nearest'});
    this.draw();
  }
  video(one) {
    const video = element('video');
    Object.assign(video, {controls: true, autoplay: true, muted: true, playsInline: true, src: path(one.name)});
    video.setAttribute('aria-label', `recording ${one.file}`);
    const trouble = element('p', 'error'); trouble.setAttribute('role', 'alert');
    video.onerror = () => { if (this.playing === one.name) trouble.textContent = `This browser cannot play it: ${video.error?.message || 'unknown format'}. Download it instead.`; };
    return [video, trouble];
  }
  // What browsers do not play comes picture by picture; jumping begins it anew from there.
  pictures(one) {
    const picture = element('img'), trouble = element('p', 'error'); trouble.setAttribute('role', 'alert');
    picture.alt = `recording ${one.file}, picture by picture`;
    const from = seconds => { trouble.textContent = ''; picture.src = `${path(one.name)}/pictures?start=${seconds}&width=${Math.min(1920, innerWidth)}&t=${Date.now()}`; };
    picture.onerror = async () => { if (this.playing !== one.name) return; trouble.textContent = await ask(`${path(one.name)}/pictures?start=1e99`).catch(error => (error.status === 422 ? 'It cannot be played: download it instead.' : error.message)); };
    from(0);
    if (!one.seconds) return [picture, trouble];
    const label = element('label', 'from', 'From '), slider = element('input'), told = element('output', '', '00:00');
    Object.assign(slider, {type: 'range', min: 0, max: Math.floor(one.seconds), step: 1, value: 0});
    slider.oninput = () => { told.textContent = clock(slider.value); };
    slider.onchange = () => from(Number(slider.value));
    label.append(slider, told);
    return [picture, label, trouble];
  }
  stop() {
    for (const medium of this.player.querySelectorAll('video, img')) { medium.onerror = null; medium.removeAttribute('src'); medium.load?.(); }
    this.player.replaceChildren(); this.player.hidden = true; this.playing = '';
  }
}
