// One stream on the page: its player, what is written on it, and when it is fed.
import {element} from './element.js';
import {choose, wanted} from './choice.js';
import {PLAYERS} from './players.js';
import {Marks} from './marks.js';
import {age as ageText, rate as rateText, span} from './figures.js';
import {Recording} from './recording.js';

const STATES = {live: '', stalled: 'No picture', away: 'Away', ended: 'Ended', waiting: 'Waiting'};
const OLD_MS = 1000;

export class Tile extends EventTarget {
  constructor(wire, can, name, {linked = true, wish = 'auto', control = null} = {}) {
    super();
    Object.assign(this, {wire, can, name, wish, look: {}, zoom: 1, stream: null, onScreen: false, paused: false, stepping: false, failed: [], watching: null, closed: false});
    this.ages = []; this.drawn = 0; this.captured = NaN; this.drawnAt = -Infinity; this.picture = {width: 0, height: 0, meta: {}};
    this.root = element('div', 'tile'); this.root.setAttribute('role', 'group');
    this.link = null;
    if (linked) { this.link = element('a', 'cover'); this.link.href = `#/${encodeURIComponent(name)}`; }
    this.recording = new Recording(name, control, {button: linked});
    this.marks = new Marks();
    this.why = element('div', 'why'); this.why.hidden = true;
    this.label = element('div', 'name'); this.dot = element('i', 'dot'); this.title = element('span', '', name);
    this.label.append(this.dot, this.title);
    this.facts = element('div', 'facts');
    this.root.append(this.marks.element, this.why, this.facts, this.label, ...(this.link ? [this.link] : []), this.recording.root);
    this.id = wire.join(this);
    this.resized = new ResizeObserver(() => { clearTimeout(this.soon); this.soon = setTimeout(() => this.settle(), 150); });
    this.resized.observe(this.root);
    this.seen = new IntersectionObserver(entries => { this.onScreen = entries.at(-1).isIntersecting; this.settle(); });
    this.seen.observe(this.root);
  }

  // What is known of the stream changed; null: there is no such stream (any more).
  update(stream) {
    const before = this.stream;
    this.stream = stream;
    if (!before || !stream || before.kind !== stream.kind || before.codec.slice(0, 4) !== stream.codec.slice(0, 4)) this.settle();
    const state = stream ? stream.state : 'away';
    this.root.dataset.state = state;
    this.recording.update(stream);
    const late = state === 'live' && !this.drawn && stream.why;
    this.why.hidden = state === 'live' && !late;
    if (!this.why.hidden) {
      const since = stream && state !== 'ended' && stream.silent_s > 5 ? ` for ${span(stream.silent_s)}` : '';
      this.why.replaceChildren(element('b', '', late ? 'Cannot be shown' : STATES[state] + since), element('span', '', stream ? stream.why : 'there is no such stream'));
    }
    this.write();
  }

  // Feed it, or not, as things are now.
  settle() {
    if (this.closed) return;                          // a watch now would be fed for ever
    const known = this.stream && this.stream.kind;
    const on = wanted({onScreen: this.onScreen, pageHidden: document.hidden, paused: this.paused && !this.stepping, exists: known});
    if (!on) { if (this.watching) { this.wire.say({op: 'leave', tile: this.id}); this.watching = null; } return; }
    const {how, note} = choose(this.stream, this.can, this.wish, this.failed);
    this.note = note;
    const pixels = Math.max(16, this.root.clientWidth * Math.min(devicePixelRatio || 1, 2) * this.zoom);
    const width = how === 'jpeg' ? Math.min(65535, Math.round(Math.min(pixels, this.fitted(pixels)))) : 0;
    const wish = {op: 'watch', tile: this.id, stream: this.name, how, width, look: how === 'jpeg' ? this.look : {}};
    const told = JSON.stringify(wish);
    if (told === this.watching && this.player) return;
    this.watching = told;
    this.play(how);
    this.wire.say(wish);
  }
  // The width a picture of this shape has in the tile, which may be less than the tile's.
  fitted(pixels) {
    const {width, height} = this.stream;
    if (!width || !height || !this.root.clientHeight) return pixels;
    return pixels * Math.min(1, (this.root.clientHeight / height) / (this.root.clientWidth / width));
  }
  again() { this.watching = null; this.settle(); }

  play(how) {
    if (this.player && this.how === how && how === 'jpeg') return;
    const old = this.player;
    this.how = how; this.root.dataset.how = how;
    this.player = new PLAYERS[how]({
      done: message => this.wire.done(message),
      shown: (message, width, height) => { this.onlyShow(this.player.element); this.shown(message, width, height); },
      failed: (name, error) => this.fallBack(name, error),
    });
    if (old) old.close();
    this.player.element.setAttribute('role', 'img');
    this.player.element.setAttribute('aria-label', `live picture of ${this.name}`);
    this.root.prepend(this.player.element);
  }
  // The player before goes when the new one has a picture, so that nothing flickers.
  onlyShow(element) {
    for (const other of this.root.querySelectorAll(':scope > canvas, :scope > video')) if (other !== element) other.remove();
  }
  fallBack(name, error) {
    console.debug(`${this.name}: ${name} does not work`, error);
    if (!this.failed.includes(name)) this.failed.push(name);
    this.watching = null; this.settle();
  }
  take(message) { if (this.player) this.player.take(message); else this.wire.done(message); }

  shown(message, width, height) {
    const [, , fullWidth, fullHeight] = message.meta.area || [0, 0, width, height];
    this.captured = message.captured; this.drawnAt = performance.now(); this.drawn++;
    this.picture = {width, height, fullWidth, fullHeight, meta: message.meta};
    const unit = Math.max(fullWidth / (this.root.clientWidth || 1), fullHeight / (this.root.clientHeight || 1)) / this.zoom;
    this.marks.draw(message.meta, fullWidth, fullHeight, unit || 1);
    requestAnimationFrame(() => this.onGlass(message.captured));
    if (this.stepping && message.meta.seq !== this.stepping.seq) { this.stepping = false; this.settle(); }
    this.dispatchEvent(new CustomEvent('picture', {detail: message}));
  }
  // From capture to the moment the browser puts the picture on the screen.
  onGlass(captured) {
    const age = this.wire.clock.age(captured, performance.now());
    if (age !== null) { this.ages.push(age); if (this.ages.length > 30) this.ages.shift(); }
  }
  // Milliseconds: of recent pictures when they came on the glass, or of the one that has been there since.
  get age() {
    const now = performance.now(), standing = this.wire.clock.age(this.captured, now);
    if (standing === null) return null;
    if (now - this.drawnAt > OLD_MS || !this.ages.length) return standing;
    return [...this.ages].sort((a, b) => a - b)[this.ages.length >> 1];
  }
  write() {
    const age = this.drawn ? this.age : null, stream = this.stream;
    const words = [];
    if (stream && stream.state === 'live') words.push(rateText(stream.rate));
    if (age !== null) words.push(`${ageText(age)} old`);
    if (this.paused) words.push('paused');
    this.facts.textContent = words.join(' · ');
    this.facts.classList.toggle('old', age !== null && age > OLD_MS);
    this.facts.hidden = !words.length;
    if (age !== null) this.root.dataset.age = age.toFixed(1);
    const state = stream ? stream.state : 'away';
    const recorded = this.recording.words;
    (this.link || this.root).setAttribute('aria-label', [this.name, state, ...words, ...(recorded ? [recorded] : [])].join(', '));
    if (this.link) this.root.setAttribute('aria-label', this.name);
  }
  pause(paused) { this.paused = paused; this.stepping = false; this.settle(); this.write(); }
  step() { this.paused = true; this.stepping = {seq: this.picture.meta.seq}; this.watching = null; this.settle(); }
  close() {
    this.closed = true;
    this.seen.disconnect(); this.resized.disconnect(); clearTimeout(this.soon);
    this.wire.part(this.id); this.player?.close(); this.root.remove();
  }
}
