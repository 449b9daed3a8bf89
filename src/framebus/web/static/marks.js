// Masks, boxes, labels and lines of text over a picture, in its own pixels. Everything is text here, never markup.
import {shape} from './element.js';

const COLOURS = ['#7ee787', '#ffa657', '#79c0ff', '#d2a8ff', '#f2e05c', '#ff7b72', '#56d4dd', '#ffb3d1'];

export function colourOf(label) {
  let sum = 7;
  for (const letter of label) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return COLOURS[sum % COLOURS.length];
}

export class Marks {
  constructor() {
    this.element = shape('svg', {class: 'marks', 'aria-hidden': 'true'});
    this.last = '';
  }
  draw(meta, width, height, unit) {
    const told = JSON.stringify([meta.masks, meta.boxes, meta.text, width, height, unit]);
    if (told === this.last) return;
    this.last = told;
    this.element.replaceChildren();
    this.element.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const letters = 13 * unit, tall = 19 * unit;
    for (const mask of meta.masks || []) this.mask(mask, width, height, unit);
    for (const [x, y, w, h, label, score] of meta.boxes || []) {
      const colour = colourOf(label), title = [label, score === null ? '' : score.toFixed(2)].filter(Boolean).join(' ');
      shape('rect', {x, y, width: Math.max(w, 0), height: Math.max(h, 0), fill: 'none', stroke: colour, 'stroke-width': 2 * unit, rx: 2 * unit}, this.element);
      if (title) this.label(title, x - unit, y >= tall ? y - tall : y, letters, tall, colour, '#0b0e12');
    }
    (meta.text || []).forEach((line, n) => this.label(line, 4 * unit, 4 * unit + n * (tall + unit), letters, tall, '#0b0e12', '#fff'));
  }
  // An outline, or an area: its runs are where it begins and ends, row after row.
  mask({label, polygon, width: columns, height: rows, runs}, width, height, unit) {
    const fill = colourOf(label), look = {fill, 'fill-opacity': 0.4};
    if (polygon) { shape('polygon', {points: polygon.join(' '), ...look, stroke: fill, 'stroke-width': 1.5 * unit}, this.element); return; }
    const parts = [];
    for (let n = 0; n + 1 < runs.length; n += 2) {
      for (let at = runs[n]; at < runs[n + 1];) {
        const x = at % columns, end = Math.min(runs[n + 1], at - x + columns);
        parts.push(`M${x} ${(at - x) / columns}h${end - at}v1h${at - end}z`);
        at = end;
      }
    }
    if (parts.length) shape('path', {d: parts.join(''), ...look, transform: `scale(${width / columns} ${height / rows})`}, this.element);
  }
  label(text, x, y, letters, tall, back, ink) {
    shape('rect', {x, y, width: (text.length * 0.58 + 0.9) * letters, height: tall, fill: back, rx: tall / 6}, this.element);
    shape('text', {x: x + letters * 0.45, y: y + tall * 0.74, fill: ink, 'font-size': letters, 'font-family': 'ui-monospace, monospace'}, this.element, text);
  }
}
