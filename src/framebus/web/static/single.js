// One stream, large: zoom to its pixels, see their values, choose what is black and white, look at the last minutes.
import {Again} from './again.js';
import {ask} from './ask.js';
import {element} from './element.js';
import {Tile} from './tile.js';
import {NAMES} from './choice.js';
import {age, bits, number, rate, value} from './figures.js';
import {histogram, line} from './plots.js';

const VALUES_FROM_PX = 30, MOST_ZOOM = 400, MOST_AREA = 64;
const COLOURS = ['', 'viridis', 'inferno', 'turbo', 'ice'];
const PLOTS = [
  {title: 'Rate', at: 1, tell: v => rate(v), stroke: '--live'},
  {title: 'Missed', at: 2, tell: v => `${number(v)} a second`, bars: true, stroke: '--away'},
  {title: 'Bit rate', at: 3, tell: v => bits(v * 8)},
  {title: 'Age on arrival', at: 4, tell: v => age(v), stroke: '--stalled'},
];
const fetched = path => ask(path).catch(() => null);

export class Single {
  constructor(context, root, name) {
    Object.assign(this, {context, root, name, zoom: 1, x: 0, y: 0, limits: null, counted: null, colours: ''});
    this.path = `api/streams/${encodeURIComponent(name)}`;
    this.page = element('div', 'one'); this.stage = element('div', 'stage'); this.side = element('aside', 'side');
    this.tile = new Tile(context.wire, context.can, name, {linked: false, wish: context.wish(name), control: context});
    this.tile.root.tabIndex = 0;
    this.canvas = element('canvas', 'values'); this.probe = element('div', 'probe');
    this.stage.append(this.tile.root, this.canvas, this.probe);
    this.page.append(this.stage, this.side);
    root.append(this.page);
    this.build(); this.listen();
    this.tile.pause(context.paused);
    this.again = new Again(() => this.refresh(), 1000);
    this.again.start();
  }
  build() {
    this.title = element('h1'); this.title.append(element('i', 'dot'), element('span', '', this.name));
    this.place = element('p'); this.facts = element('dl');
    this.buttons = element('div', 'row');
    this.pauseButton = this.button('Pause', () => this.context.pause(), 'Space');
    if (this.context.may('POST api/streams/NAME/recording')) this.recordButton = this.button('Record', () => this.context.record(this.name), 'R', element('div', 'row'));
    this.button('Step', () => this.step(), 'Enter'); this.button('Fit', () => this.fit(), '0');
    const save = element('div', 'row');
    for (const [suffix, what] of [['jpg', 'Save as seen'], ['png', 'Save as is']]) {
      const link = element('button', '', what);
      link.onclick = () => this.save(suffix);
      save.append(link);
    }
    this.player = this.select('Player', ['auto', ...Object.keys(NAMES)], how => NAMES[how] || 'Automatic', how => { this.context.choose(this.name, how); this.tile.wish = how; this.tile.failed = []; this.tile.settle(); });
    this.player.value = this.tile.wish;
    this.note = element('p');
    this.levels = element('section');
    const head = element('h2', '', 'Values'); this.range = element('output'); head.append(this.range);
    this.hist = element('canvas', 'hist'); this.hist.setAttribute('role', 'img');
    const row = element('div', 'row');
    this.low = this.input('Black', row); this.high = this.input('White', row);
    const auto = element('button', '', 'Auto'); auto.onclick = () => this.level(null);
    row.append(auto);
    this.map = this.select('Colours', COLOURS, name => name || 'gray', name => { this.colours = name; this.look(); });
    this.levels.append(head, this.hist, row, this.map.parentElement);
    this.plots = PLOTS.map(plot => {
      const section = element('section'), h2 = element('h2', '', plot.title), told = element('output'), canvas = element('canvas', 'plot');
      h2.append(told); section.append(h2, canvas); canvas.setAttribute('role', 'img');
      return {...plot, section, told, canvas};
    });
    this.side.append(this.title, this.place, this.facts, ...(this.recordButton ? [this.recordButton.parentElement] : []), this.buttons, save, this.levels, this.player.parentElement, this.note, ...this.plots.map(plot => plot.section));
  }
  button(text, act, key, row = this.buttons) { const made = element('button', '', text); made.title = `${text} (${key})`; made.onclick = act; row.append(made); return made; }
  select(title, values, name, act) {
    const label = element('label', '', title), select = element('select');
    for (const one of values) { const option = element('option', '', name(one)); option.value = one; select.append(option); }
    select.onchange = () => act(select.value);
    label.append(select);
    return select;
  }
  input(title, parent) {
    const label = element('label', '', title), input = element('input');
    input.inputMode = 'decimal';
    input.onchange = () => { const low = parseFloat(this.low.value), high = parseFloat(this.high.value); if (high > low) this.level([low, high]); };
    label.append(input); parent.append(label);
    return input;
  }
  listen() {
    const stage = this.stage, places = new Map();
    this.tile.addEventListener('picture', () => this.pictureCame());
    stage.addEventListener('wheel', event => { event.preventDefault(); this.zoomAt(Math.exp(-event.deltaY * 0.0022), event.clientX, event.clientY); }, {passive: false});
    stage.addEventListener('pointerdown', event => { stage.setPointerCapture(event.pointerId); places.set(event.pointerId, event); });
    stage.addEventListener('pointermove', event => {
      const before = places.get(event.pointerId);
      if (!before) { this.point(event); return; }
      if (places.size === 1) { this.x += event.clientX - before.clientX; this.y += event.clientY - before.clientY; this.place_(); }
      else {
        const other = [...places.values()].find(one => one.pointerId !== event.pointerId);
        const far = one => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
        this.zoomAt(far(event) / far(before), other.clientX, other.clientY);
      }
      places.set(event.pointerId, event);
    });
    for (const kind of ['pointerup', 'pointercancel']) stage.addEventListener(kind, event => places.delete(event.pointerId));
    stage.addEventListener('dblclick', event => (this.zoom > 1 ? this.fit() : this.zoomAt(8, event.clientX, event.clientY)));
    this.resized = new ResizeObserver(() => this.place_()); this.resized.observe(stage);
    let side = 0;
    this.hist.addEventListener('pointerdown', event => { this.hist.setPointerCapture(event.pointerId); const at = this.valueAt(event); side = Math.abs(at - this.shownLimits()[0]) <= Math.abs(at - this.shownLimits()[1]) ? 0 : 1; this.drag(side, at); });
    this.hist.addEventListener('pointermove', event => { if (event.buttons) this.drag(side, this.valueAt(event)); });
  }

  // zoom and pixels ---------------------------------------------------------------------------------------
  zoomAt(by, clientX, clientY) {
    const box = this.stage.getBoundingClientRect(), zoom = Math.max(1, Math.min(MOST_ZOOM, this.zoom * by));
    const px = clientX - box.left, py = clientY - box.top, grown = zoom / this.zoom;
    this.x = px - (px - this.x) * grown; this.y = py - (py - this.y) * grown; this.zoom = zoom;
    this.place_();
  }
  fit() { this.zoom = 1; this.x = this.y = 0; this.place_(); }
  place_() {
    const {clientWidth: width, clientHeight: height} = this.stage;
    this.x = Math.min(0, Math.max(width * (1 - this.zoom), this.x)); this.y = Math.min(0, Math.max(height * (1 - this.zoom), this.y));
    const style = this.tile.root.style;
    style.transformOrigin = '0 0'; style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    style.imageRendering = this.pixel() >= 2 ? 'pixelated' : 'auto';
    this.tile.facts.style.display = this.zoom > 1 ? 'none' : '';
    this.tile.why.style.display = this.zoom > 1 ? 'none' : '';
    if (this.tile.zoom !== this.zoom) { this.tile.zoom = this.zoom; clearTimeout(this.soon); this.soon = setTimeout(() => this.tile.settle(), 200); }
    this.drawValues();
    clearTimeout(this.soonValues); this.soonValues = setTimeout(() => this.fetchValues(), 120);
  }
  // Where the picture is on the stage: left, top, and how large one of its pixels is.
  spot() {
    const {fullWidth, fullHeight} = this.tile.picture, {clientWidth: width, clientHeight: height} = this.stage;
    if (!fullWidth) return null;
    const scale = Math.min(width / fullWidth, height / fullHeight) * this.zoom;
    return {scale, left: this.x + (width * this.zoom - fullWidth * scale) / 2, top: this.y + (height * this.zoom - fullHeight * scale) / 2, fullWidth, fullHeight};
  }
  pixel() { return this.spot()?.scale || 1; }
  area() {
    const spot = this.spot();
    if (!spot) return null;
    const left = Math.max(0, Math.floor(-spot.left / spot.scale)), top = Math.max(0, Math.floor(-spot.top / spot.scale));
    const right = Math.min(spot.fullWidth, Math.ceil((this.stage.clientWidth - spot.left) / spot.scale));
    const bottom = Math.min(spot.fullHeight, Math.ceil((this.stage.clientHeight - spot.top) / spot.scale));
    return [left, top, Math.min(MOST_AREA, right - left), Math.min(MOST_AREA, bottom - top)];
  }
  async fetchValues() {
    const area = this.area();
    if (this.pixel() < VALUES_FROM_PX || !area || area[2] < 1 || area[3] < 1 || this.fetching) return;
    this.fetching = true;
    this.grid = await fetched(`${this.path}/values?area=${area}`);
    this.fetching = false;
    this.drawValues();
  }
  drawValues() {
    const {canvas, stage} = this, ratio = devicePixelRatio || 1;
    canvas.width = stage.clientWidth * ratio; canvas.height = stage.clientHeight * ratio;
    const spot = this.spot(), context = canvas.getContext('2d');
    if (!spot || spot.scale < VALUES_FROM_PX || !this.grid) return;
    if (this.context.paused && this.grid.seq !== this.tile.picture.meta.seq) return;   // values of another picture
    context.scale(ratio, ratio);
    context.textAlign = 'center'; context.textBaseline = 'middle';
    const [left, top] = this.grid.area, letters = Math.min(15, spot.scale / 3.6);
    context.font = `${letters}px ui-monospace, monospace`;
    context.lineWidth = 3; context.strokeStyle = 'rgba(0, 0, 0, .75)'; context.fillStyle = '#fff';
    this.grid.values.forEach((row, dy) => row.forEach((cell, dx) => {
      const lines = Array.isArray(cell) ? [...cell].reverse().map(value) : [value(cell)];
      const x = spot.left + (left + dx + 0.5) * spot.scale, y = spot.top + (top + dy + 0.5) * spot.scale;
      lines.forEach((told, n) => { const at = y + (n - (lines.length - 1) / 2) * letters * 1.1; context.strokeText(told, x, at); context.fillText(told, x, at); });
    }));
  }
  point(event) {
    const spot = this.spot(), box = this.stage.getBoundingClientRect();
    if (!spot) return;
    const x = Math.floor((event.clientX - box.left - spot.left) / spot.scale), y = Math.floor((event.clientY - box.top - spot.top) / spot.scale);
    if (x < 0 || y < 0 || x >= spot.fullWidth || y >= spot.fullHeight) { this.pointed = null; this.probe.textContent = ''; return; }
    this.pointed = [x, y];
    this.look_();
  }
  async look_() {
    if (this.looking || !this.pointed) return;
    this.looking = true;
    const [x, y] = this.pointed, known = this.grid && this.grid.values[y - this.grid.area[1]]?.[x - this.grid.area[0]];
    const cell = known !== undefined && known !== null && this.pixel() >= VALUES_FROM_PX ? known : (await fetched(`${this.path}/values?area=${x},${y},1,1`))?.values[0][0];
    const told = Array.isArray(cell) ? [...cell].reverse().map(value).join(' ') : cell === undefined ? '' : value(cell);
    if (this.pointed) this.probe.textContent = `${x}, ${y}   ${told}`;
    setTimeout(() => { this.looking = false; if (this.pointed && (this.pointed[0] !== x || this.pointed[1] !== y)) this.look_(); }, 120);
  }

  // levels ------------------------------------------------------------------------------------------------
  shownLimits() { const {low, high} = this.tile.picture.meta; return this.limits || [low ?? 0, high ?? 255]; }
  valueAt(event) { const box = this.hist.getBoundingClientRect(), part = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)); return this.counted.low + part * (this.counted.high - this.counted.low); }
  drag(side, at) {
    if (!this.counted) return;
    const limits = [...this.shownLimits()]; limits[side] = at;
    if (limits[1] > limits[0]) this.level(limits);
  }
  level(limits) { this.limits = limits; this.look(); this.drawLevels(); }
  look() {
    this.tile.look = {...(this.limits ? {low: this.limits[0], high: this.limits[1]} : {}), ...(this.colours ? {colours: this.colours} : {})};
    this.tile.settle();
  }
  drawLevels() {
    if (!this.counted) return;
    const limits = this.shownLimits();
    histogram(this.hist, this.counted.counts, this.counted, limits);
    this.hist.setAttribute('aria-label', `values from ${value(this.counted.low)} to ${value(this.counted.high)}`);
    this.range.textContent = `${value(this.counted.low)} to ${value(this.counted.high)}, mean ${value(this.counted.mean)}`;
    for (const [input, limit] of [[this.low, limits[0]], [this.high, limits[1]]]) if (document.activeElement !== input) input.value = value(limit);
  }

  // as time goes by ---------------------------------------------------------------------------------------
  pictureCame() { const {fullWidth, fullHeight} = this.tile.picture; if (this.known !== `${fullWidth}x${fullHeight}`) { this.known = `${fullWidth}x${fullHeight}`; this.place_(); } }
  update(told) {
    const stream = told.streams.find(one => one.name === this.name) || null;
    this.tile.update(stream);
    this.side.dataset.state = stream ? stream.state : 'away';
    this.pauseButton.textContent = this.context.paused ? 'Go on' : 'Pause';
    if (this.recordButton) {
      const going = ['starting', 'recording', 'finishing'].includes(stream?.recording?.state);
      this.recordButton.textContent = going ? 'Stop recording' : 'Record';
      this.recordButton.disabled = !stream || stream.recording?.state === 'finishing';
    }
    if (!stream) return;
    this.place.textContent = stream.place;
    this.levels.hidden = stream.kind !== 'pictures'; this.player.parentElement.hidden = stream.kind !== 'packets';
    this.map.parentElement.hidden = !(stream.dtype && (stream.dtype !== 'uint8' || stream.format === 'gray8'));
    this.note.textContent = this.tile.note || ''; this.note.hidden = !this.tile.note;
    const size = stream.width ? `${stream.width} × ${stream.height}` : this.tile.picture.fullWidth ? `${this.tile.picture.fullWidth} × ${this.tile.picture.fullHeight}` : '–';
    const rows = [['State', stream.state + (stream.state !== 'live' && stream.why ? `: ${stream.why}` : '')], ['Picture', size], ['Kind', stream.kind === 'packets' ? `${stream.coding} ${stream.codec}` : [stream.format, stream.dtype, stream.coding].filter(Boolean).join(' ')],
      ['Age on the glass', this.tile.drawn && this.tile.age !== null ? age(this.tile.age) : '–'], ['Frames', number(stream.frames)], ['Missed', number(stream.missed)], ['Watched by', number(stream.watched)]];
    if (stream.kind === 'packets' && this.tile.how) rows.splice(3, 0, ['Player', NAMES[this.tile.how]]);
    if (stream.reconnects) rows.push(['Reconnects', number(stream.reconnects)]);
    this.facts.replaceChildren(...rows.flatMap(([name, told]) => [element('dt', '', name), element('dd', '', told)]));
  }
  async refresh() {
    const told = await fetched(`${this.path}/history`);
    for (const plot of told ? this.plots : []) {
      const values = told.seconds.map(second => second[plot.at]), newest = values.at(-1) ?? null;
      plot.told.textContent = newest === null ? '–' : plot.tell(newest);
      line(plot.canvas, values, plot);
      plot.canvas.setAttribute('aria-label', `${plot.title}, last minutes; now ${plot.told.textContent}`);
    }
    if (!this.levels.hidden && !this.context.paused) { this.counted = await fetched(`${this.path}/histogram`) || this.counted; this.drawLevels(); }
    if (!this.context.paused) this.fetchValues();
  }
  save(suffix) {
    const query = new URLSearchParams({...this.tile.look, width: '65535'});
    const link = element('a'); link.href = `${this.path}/picture.${suffix}?${query}`;
    link.download = `${this.name}-${this.tile.picture.meta.seq ?? ''}.${suffix}`;
    link.click();
  }
  step() { if (!this.context.paused) this.context.pause(); this.tile.step(); }
  each(act) { act(this.tile); }
  tick() { this.tile.write(); }
  close() { this.again.stop(); clearTimeout(this.soon); clearTimeout(this.soonValues); this.resized.disconnect(); this.tile.close(); this.root.replaceChildren(); }
}
