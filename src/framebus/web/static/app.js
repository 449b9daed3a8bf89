// The page: one websocket, its parts (the wall of streams, one stream, and whatever else the server offers), the keyboard.
import {ask} from './ask.js';
import {Wire} from './wire.js';
import {abilities} from './choice.js';
import {Grid} from './grid.js';
import {Single} from './single.js';
import {element} from './element.js';

const LAYOUTS = ['auto', '1', '4', '9', '16'], TICK_MS = 500;
const KEYS = [['1 4 9 6', 'so many tiles (6: sixteen)'], ['A', 'as many as there are'], ['← → ↑ ↓', 'from tile to tile, or stream to stream'], ['Enter', 'one stream alone; there, step while paused'], ['Esc', 'back to all streams'],
  ['Space', 'pause and go on'], ['R', 'record a stream, or stop'], ['F', 'full screen'], ['Page ↑ ↓', 'other tiles'], ['+ − 0', 'zoom; the wheel does, too'], ['L', 'light and dark'], ['?', 'this help']];
const get = (name, otherwise) => { try { return localStorage.getItem(`framebus.${name}`) ?? otherwise; } catch { return otherwise; } };
const put = (name, value) => { try { localStorage.setItem(`framebus.${name}`, value); } catch { /* private window */ } };
const NOTICE_MS = 8000;
const $ = id => document.getElementById(id);

class App {
  constructor(can, api) {
    this.can = can; this.api = api; this.paused = false; this.told = null; this.view = null; this.parts = new Map(); this.shown = '';
    this.layout = LAYOUTS.includes(get('layout')) ? get('layout') : 'auto';
    const socket = new URL('ws', location.href); socket.protocol = socket.protocol.replace('http', 'ws'); socket.hash = '';
    this.wire = new Wire(socket.href);
    this.wire.addEventListener('streams', event => this.update(event.detail));
    this.wire.addEventListener('link', event => { $('link').textContent = event.detail ? '' : 'The server is away; trying again'; if (event.detail) this.learn(); });
    document.documentElement.classList.toggle('light', get('theme') === 'light');
    for (const layout of LAYOUTS) {
      const button = element('button', '', layout === 'auto' ? 'Auto' : layout);
      button.dataset.layout = layout; button.onclick = () => this.arrange(layout);
      $('grids').append(button);
    }
    $('pause').onclick = () => this.pause(); $('full').onclick = () => this.full(); $('help').onclick = () => this.help();
    const title = element('h1', '', 'Keyboard'), list = element('dl');
    for (const [key, what] of KEYS) { const term = element('dt'); term.append(element('kbd', '', key)); list.append(term, element('dd', '', what)); }
    $('keys').append(title, list); $('keys').onclick = () => $('keys').close();
    addEventListener('hashchange', () => this.route());
    addEventListener('keydown', event => this.key(event));
    document.addEventListener('visibilitychange', () => this.view?.each(tile => tile.settle()));
    setInterval(() => { if (!document.hidden) this.view?.tick(); }, TICK_MS);
    this.offer(); this.route(); this.pressed();
  }
  get name() { try { return location.hash.startsWith('#/') ? decodeURIComponent(location.hash.slice(2)) : ''; } catch { return ''; } }
  // The part of the page that is asked for; the wall where the server does not offer it.
  get part() { const wanted = location.hash.slice(1); return this.offers(wanted) ? wanted : ''; }
  offers(part) { return /^[a-z]+$/.test(part) && Boolean($(part)?.classList.contains('part')) && `api/${part}` in this.api.addresses; }
  // Whether whoever opened the page may ask for that: `POST api/streams/NAME/recording`.
  may(what) { return what in this.api.addresses; }
  // The server may have been started again with more, or less.
  async learn() { try { this.api = await ask('api'); } catch { return; } this.offer(); if (location.hash.slice(1) && !this.name && this.part !== this.shown) this.route(); }
  offer() {
    const entries = [...$('parts').children];
    for (const entry of entries) entry.hidden = entry.dataset.part !== 'wall' && !this.offers(entry.dataset.part);
    $('parts').hidden = entries.filter(entry => !entry.hidden).length < 2;
  }
  async open(part) {
    for (const section of document.querySelectorAll('.part')) section.hidden = section.id !== part;
    this.shown = part;
    const turn = this.turn = (this.turn || 0) + 1;
    if (!part) return;
    const {Part} = await import(`./${part}.js`);
    if (!this.parts.has(part)) this.parts.set(part, new Part($(part), this));
    if (this.turn === turn) this.parts.get(part).open();
  }
  say(text) { $('notice').textContent = text; $('notice').hidden = !text; clearTimeout(this.noticed); this.noticed = setTimeout(() => { $('notice').hidden = true; }, NOTICE_MS); }
  // Record a stream, or stop that.
  async record(name) {
    const stream = this.told?.streams.find(one => one.name === name), busy = ['starting', 'recording'].includes(stream?.recording?.state);
    if (!stream || !this.may('POST api/streams/NAME/recording') || stream.recording?.state === 'finishing') return;
    try { await ask(`api/streams/${encodeURIComponent(name)}/recording`, {method: busy ? 'DELETE' : 'POST'}); $('heard').textContent = busy ? `Recording of ${name} stops` : `${name} is being recorded`; } catch (error) { this.say(`${name}: ${error.message}`); }
  }
  async dismiss(name) { try { await ask(`api/streams/${encodeURIComponent(name)}/recording`, {method: 'DELETE'}); } catch (error) { this.say(`${name}: ${error.message}`); } }
  wish(name) { return get(`player.${name}`, 'auto'); }
  choose(name, how) { put(`player.${name}`, how); }
  route() {
    const part = this.part;
    if (this.shown && this.shown !== part) this.parts.get(this.shown)?.close();
    this.view?.close();
    this.view = part ? null : this.name ? new Single(this, $('main'), this.name) : new Grid(this, $('main'));
    $('main').hidden = Boolean(part); $('grids').hidden = Boolean(this.name || part); $('pause').hidden = Boolean(part);
    const entry = [...$('parts').children].find(one => one.dataset.part === (part || 'wall'));
    for (const one of $('parts').children) if (one === entry && !this.name) one.setAttribute('aria-current', 'page'); else one.removeAttribute('aria-current');
    const title = this.name || (part && entry.textContent);
    document.title = title ? `${title} · framebus` : 'framebus';
    this.open(part);
    if (this.told) this.view?.update(this.told);
    this.sum();
  }
  update(told) { this.told = told; this.view?.update(told); this.sum(); }
  sum() {
    if (!this.told) return;
    const all = this.told.streams, live = all.filter(stream => stream.state === 'live').length, one = all.length === 1 ? 'stream' : 'streams';
    $('sum').textContent = this.name || this.part ? '' : all.length ? live === all.length ? `${all.length} ${one}` : `${live} of ${all.length} ${one} live` : '';
  }
  arrange(layout) { this.layout = layout; put('layout', layout); this.pressed(); if (this.view instanceof Grid && this.told) { this.view.page = 0; this.view.count = -1; this.view.update(this.told); } }
  pressed() { for (const button of $('grids').children) button.setAttribute('aria-pressed', String(button.dataset.layout === this.layout)); }
  pause() {
    this.paused = !this.paused;
    $('pause').textContent = this.paused ? 'Go on' : 'Pause'; $('pause').setAttribute('aria-pressed', String(this.paused));
    $('main').classList.toggle('paused', this.paused);
    this.view?.each(tile => tile.pause(this.paused));
    if (this.told) this.view?.update(this.told);
  }
  full() { if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen?.().catch(() => {}); }
  help() { if ($('keys').open) $('keys').close(); else $('keys').showModal(); }
  neighbour(by) {
    const names = (this.told?.streams || []).map(stream => stream.name), at = names.indexOf(this.name);
    if (names.length) location.hash = `#/${encodeURIComponent(names[(at + by + names.length) % names.length])}`;
  }
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA|VIDEO/.test(event.target.tagName) || $('keys').open) return;
    const single = this.view instanceof Single, onButton = event.target.tagName === 'BUTTON' && (event.key === ' ' || event.key === 'Enter');
    if (onButton) return;
    const middle = single && this.view.stage.getBoundingClientRect(), zoom = by => single && this.view.zoomAt(by, middle.left + middle.width / 2, middle.top + middle.height / 2);
    const plain = ['f', '?', 'l', 'escape'];
    if (!this.view && !plain.includes(event.key.toLowerCase())) return;
    const move = (dx, dy) => (single ? this.neighbour(dx || dy) : this.view.move(dx, dy));
    const acts = {
      1: () => this.arrange('1'), 4: () => this.arrange('4'), 9: () => this.arrange('9'), 6: () => this.arrange('16'), a: () => this.arrange('auto'),
      f: () => this.full(), '?': () => this.help(), ' ': () => this.pause(), r: () => this.record(single ? this.name : this.view.focused), escape: () => { location.hash = ''; },
      l: () => { const light = document.documentElement.classList.toggle('light'); put('theme', light ? 'light' : 'dark'); },
      arrowleft: () => move(-1, 0), arrowright: () => move(1, 0), arrowup: () => move(0, -1), arrowdown: () => move(0, 1),
      pageup: () => !single && this.view.turn(-1), pagedown: () => !single && this.view.turn(1),
      '+': () => zoom(1.5), '=': () => zoom(1.5), '-': () => zoom(1 / 1.5), 0: () => single && this.view.fit(), enter: () => (single ? this.view.step() : null),
    };
    const act = acts[event.key.toLowerCase()];
    if (!act || (event.key === 'Enter' && !single)) return;
    event.preventDefault();
    act();
  }
}

const asked = ask('api').catch(() => ({addresses: {}, role: 'view'}));
window.framebus = new App(await abilities(window), await asked);
