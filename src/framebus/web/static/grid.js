// All streams at once: 1, 4, 9, 16 or as many as fit; tiles come and go with their streams.
import {element} from './element.js';
import {Tile} from './tile.js';

const LEAST_PX = 150, GAP = 6, NARROW = 760;

// How many columns show `count` tiles of 16:9 largest in a room of `width` by `height`.
export function columns(count, width, height) {
  if (width < NARROW) return count > 4 ? 2 : 1;
  let best = 1, most = 0;
  for (let across = 1; across <= Math.max(1, count); across++) {
    const down = Math.ceil(count / across), tile = Math.min(width / across, (height / down) * 16 / 9);
    if (tile > most + 0.5) { most = tile; best = across; }
  }
  return most < LEAST_PX ? Math.max(1, Math.floor(width / LEAST_PX)) : best;
}

export class Grid {
  constructor(context, root) {
    Object.assign(this, {context, root, tiles: new Map(), page: 0});
    this.wall = element('div', 'wall');
    this.pages = element('nav', 'pages'); this.pages.setAttribute('aria-label', 'Pages of tiles');
    this.empty = element('section', 'empty');
    root.append(element('h1', 'unseen', 'Streams'), this.empty, this.wall, this.pages);
    this.resized = new ResizeObserver(() => this.arrange());
    this.resized.observe(root);
  }
  update(told) {
    this.told = told;
    const names = told.streams.map(stream => stream.name);
    this.page = Math.max(0, Math.min(this.page, Math.ceil(names.length / this.many) - 1));
    const visible = names.slice(this.page * this.many, (this.page + 1) * this.many);
    for (const [name, tile] of this.tiles) if (!visible.includes(name)) { tile.close(); this.tiles.delete(name); }
    visible.forEach((name, at) => {
      if (!this.tiles.has(name)) this.tiles.set(name, this.make(name));
      const tile = this.tiles.get(name);
      if (this.wall.children[at] !== tile.root) this.wall.insertBefore(tile.root, this.wall.children[at] || null);
      tile.update(told.streams.find(stream => stream.name === name));
    });
    this.sayEmpty(told);
    if (this.count !== visible.length || this.all !== names.length) { this.count = visible.length; this.all = names.length; this.arrange(); this.turnable(); }
  }
  make(name) {
    const tile = new Tile(this.context.wire, this.context.can, name, {wish: this.context.wish(name), control: this.context});
    tile.paused = this.context.paused;
    return tile;
  }
  get many() { return this.context.layout === 'auto' ? 1000 : Number(this.context.layout); }
  arrange() {
    const {clientWidth: width, clientHeight: height} = this.root;
    const fixed = this.context.layout !== 'auto' && width >= NARROW;
    const across = fixed ? Math.sqrt(this.many) : columns(this.count || 1, width, height);
    const down = fixed ? across : Math.ceil((this.count || 1) / across);
    const tall = (height - GAP * (down + 1)) / down, wide = (width - GAP * (across + 1)) / across;
    const row = width < NARROW || tall < LEAST_PX * 9 / 16 ? wide * 9 / 16 : tall;
    this.wall.style.setProperty('--columns', across);
    this.wall.style.setProperty('--row', `${Math.max(row, 90)}px`);
  }
  turnable() {
    const count = Math.ceil(this.all / this.many);
    this.pages.replaceChildren();
    for (let n = 0; count > 1 && n < count; n++) {
      const button = element('button', '', String(n + 1));
      button.setAttribute('aria-pressed', String(n === this.page));
      button.setAttribute('aria-label', `Page ${n + 1}`);
      button.onclick = () => this.turn(n - this.page);
      this.pages.append(button);
    }
  }
  turn(by) {
    const count = Math.ceil((this.all || 0) / this.many) || 1;
    this.page = (this.page + by + count) % count; this.count = -1;
    this.update(this.told);
  }
  sayEmpty(told) {
    this.empty.hidden = told.streams.length > 0;
    if (this.empty.hidden) return;
    const places = told.places.map(({place, ended}) => place + (ended ? ` (${ended})` : '')).join(', ');
    const local = told.places.some(({place}) => place.startsWith('shm://'));
    const lines = [element('h2', '', 'No stream yet'), element('p', '', `Looking at ${places}. Streams appear here by themselves.`)];
    if (local) { const hint = element('p', '', 'Try: '); hint.append(element('code', '', 'framebus pipe synthetic: shm://picture')); lines.push(hint); }
    if (this.emptyTold !== places) this.empty.replaceChildren(...lines);
    this.emptyTold = places;
  }
  // With the arrow keys from tile to tile.
  move(dx, dy) {
    const tiles = [...this.wall.children], at = tiles.findIndex(tile => tile.contains(document.activeElement));
    const across = getComputedStyle(this.wall).gridTemplateColumns.split(' ').length;
    const next = tiles[at < 0 ? 0 : Math.max(0, Math.min(tiles.length - 1, at + dx + dy * across))];
    next?.querySelector('.cover').focus();
  }
  // The stream of the tile that has the keyboard.
  get focused() { return [...this.tiles.values()].find(tile => tile.root.contains(document.activeElement))?.name || ''; }
  each(act) { this.tiles.forEach(act); }
  tick() { this.tiles.forEach(tile => tile.write()); }
  close() { this.resized.disconnect(); this.tiles.forEach(tile => tile.close()); this.root.replaceChildren(); }
}
