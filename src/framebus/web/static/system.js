// The system as a picture and as a table: what runs, how it is, who takes frames from whom.
import {ask} from './ask.js';
import {Again} from './again.js';
import {element, shape as drawn} from './element.js';
import {layout} from './system_layout.js';
import {COLUMNS, SYMBOLS, TROUBLES, cells, lines, sentence, summary, title} from './system_words.js';

const AGAIN_MS = 1000, LEAST = 0.78, PEN = document.createElement('canvas').getContext('2d');

const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
// As much of a text as `node` has room for: its beginning, or its end. (`font` itself is empty where digits are of one width.)
const fitting = (node, text, width, end = false) => {
  const {fontWeight, fontSize, fontFamily} = getComputedStyle(node);
  PEN.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  const fits = some => PEN.measureText(some).width <= width;
  if (fits(text)) return text;
  const shortened = length => (end ? `…${text.slice(text.length - length)}` : `${text.slice(0, length)}…`);
  let length = text.length - 1;
  while (length > 1 && !fits(shortened(length))) length--;
  return shortened(length);
};
const fit = (node, text, width) => { if (node.whole !== text) { node.whole = text; put(node, fitting(node, text, width)); } };

export class Part {
  constructor(root, app) {
    Object.assign(this, {app, shape: '', told: null, boxes: new Map(), again: new Again(() => this.look(), AGAIN_MS)});
    const head = element('header');
    head.append(element('h1', '', 'System'));
    this.sum = element('p', 'note'); this.sum.setAttribute('role', 'status');
    this.room = element('div', 'system-room');
    this.svg = drawn('svg', {class: 'system-picture', role: 'group', 'aria-label': 'The parts of the system and who takes frames from whom; the table below says the same'}, this.room);
    const table = element('table', 'system-table'), top = element('thead'), names = element('tr');
    for (const name of COLUMNS) { const cell = element('th', '', name); cell.scope = 'col'; names.append(cell); }
    top.append(names);
    this.rows = element('tbody');
    table.append(element('caption', '', 'All parts'), top, this.rows);
    const region = element('div', 'system-scroll'); region.tabIndex = 0; region.setAttribute('role', 'region'); region.setAttribute('aria-label', 'Table of all parts');
    region.append(table);
    root.append(head, this.sum, this.room, region);
  }
  open() {
    this.resized ??= new ResizeObserver(() => this.draw()); this.resized.observe(this.room);
    this.again.start();
  }
  close() { this.again.stop(); this.resized?.disconnect(); }
  async look() {
    try { this.told = await ask('api/system'); this.draw(); } catch (error) { put(this.sum, `${error.message}${this.told ? '; this is how it was' : ''}`); }
  }
  draw() {
    if (!this.told || !this.room.clientWidth) return;
    const {parts, file} = this.told;
    put(this.sum, `${file ? `${file}: ` : ''}${summary(parts)}`);
    const shape = JSON.stringify([this.room.clientWidth, this.app.told?.streams.map(stream => stream.name), parts.map(part => [part.key, part.kind, part.reads, part.asks, part.writes, lines(part).length])]);
    if (shape !== this.shape) { this.shape = shape; this.build(parts); }
    for (const part of parts) this.write(part);
    this.list(parts);
  }
  // Boxes and arrows anew; who had the keyboard keeps it.
  build(parts) {
    const focused = document.activeElement?.closest?.('[data-key]')?.dataset.key;
    const plan = layout(parts, part => 1 + lines(part).length, this.room.clientWidth);
    this.svg.replaceChildren(); this.boxes = new Map();
    this.svg.setAttribute('viewBox', `0 0 ${plan.width} ${plan.height}`); 
    const scale = Math.max(LEAST, Math.min(1, this.room.clientWidth / plan.width));   // smaller before it has to be scrolled
    this.svg.setAttribute('width', plan.width * scale); this.svg.setAttribute('height', plan.height * scale);
    const tip = drawn('marker', {id: 'tip', viewBox: '0 0 8 8', refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto'}, drawn('defs', {}, this.svg));
    drawn('path', {d: 'M0 0L8 4L0 8Z', class: 'tip'}, tip);
    if (plan.frame?.width) this.enclose(plan.frame);
    const ways = drawn('g', {'aria-hidden': 'true'}, this.svg);
    this.arrows = plan.arrows.map(arrow => ({...arrow, element: drawn('path', {d: arrow.path, class: `way ${arrow.how}`, 'marker-end': 'url(#tip)'}, ways)}));
    for (const box of plan.boxes) this.box(box);
    if (focused) this.boxes.get(focused)?.group.focus();
  }
  enclose(frame) {
    const group = drawn('g', {class: 'capture', 'data-key': frame.key, tabindex: 0, role: 'img'}, this.svg);
    drawn('rect', {x: frame.x, y: frame.y, width: frame.width, height: frame.height, rx: 12, class: 'around'}, group);
    const text = drawn('text', {x: frame.x + 12, y: frame.y + 22, class: 'said'}, group);
    this.boxes.set(frame.key, {group, around: text, width: frame.width - 20});
  }
  box(box) {
    const shown = box.kind === 'stream' && this.app.told?.streams.some(stream => stream.name === box.part.name), outside = box.kind === 'place';
    const group = drawn(shown ? 'a' : 'g', shown ? {href: `#/${encodeURIComponent(box.part.name)}`} : outside ? {} : {tabindex: 0, role: 'img'}, this.svg);
    group.setAttribute('class', `box ${box.kind}`); group.dataset.key = box.key;
    drawn('rect', {x: box.x, y: box.y, width: box.width, height: box.height, rx: 8}, group);
    const room = box.width - 22, texts = [];
    for (let n = 0; n < box.lines; n++) texts.push(drawn('text', {x: box.x + 11, y: box.y + 20 + 17 * n, class: n || outside ? 'said' : 'called'}, group));
    this.boxes.set(box.key, {group, texts, room});
    if (outside) { texts[0].textContent = fitting(texts[0], box.part.name, room, true); drawn('title', {}, group, box.part.name); }
    const light = on => this.arrows.forEach(arrow => { if (arrow.from === box.key || arrow.to === box.key) arrow.element.classList.toggle('on', on); });
    for (const [event, on] of [['focusin', true], ['focusout', false], ['pointerenter', true], ['pointerleave', false]]) group.addEventListener(event, () => light(on));
  }
  write(part) {
    const box = this.boxes.get(part.key);
    if (!box) return;
    box.group.dataset.state = TROUBLES.includes(part.state) ? 'trouble' : part.state === 'live' ? 'live' : 'other';
    const told = sentence(part);
    if (box.group.getAttribute('aria-label') !== told) box.group.setAttribute('aria-label', told);
    if (box.around) { fit(box.around, [`${SYMBOLS[part.state] || '▲'} ${part.state === 'live' ? '' : `${part.state} · `}one process`, ...lines(part)].join(' · '), box.width); return; }
    const state = part.state === 'live' ? '' : ` · ${part.state}`;
    fit(box.texts[0], title(part) + state, box.room);
    lines(part).forEach((text, n) => { if (box.texts[n + 1]) fit(box.texts[n + 1], text, box.room); });
  }
  // In place, so that whoever reads it with a screen reader stays where they are.
  list(parts) {
    while (this.rows.children.length > parts.length) this.rows.lastChild.remove();
    parts.forEach((part, n) => {
      const row = this.rows.children[n] || this.rows.appendChild(this.row());
      row.dataset.state = TROUBLES.includes(part.state) ? 'trouble' : '';
      cells(part).forEach((text, column) => put(row.children[column], text));
    });
  }
  row() {
    const row = element('tr'), name = element('th'); name.scope = 'row';
    row.append(name, ...COLUMNS.slice(1).map(() => element('td')));
    return row;
  }
}
