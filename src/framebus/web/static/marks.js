// Boxes, labels and lines of text over a picture, in its own pixels. Everything is text here, never markup.
const SVG = 'http://www.w3.org/2000/svg';
const COLOURS = ['#7ee787', '#ffa657', '#79c0ff', '#d2a8ff', '#f2e05c', '#ff7b72', '#56d4dd', '#ffb3d1'];

function make(name, attributes, parent, content) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (content !== undefined) element.textContent = content;
  parent.append(element);
  return element;
}

export function colourOf(label) {
  let sum = 7;
  for (const letter of label) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return COLOURS[sum % COLOURS.length];
}

export class Marks {
  constructor() {
    this.element = document.createElementNS(SVG, 'svg');
    this.element.setAttribute('class', 'marks');
    this.element.setAttribute('aria-hidden', 'true');
    this.last = '';
  }
  draw(meta, width, height, unit) {
    const told = JSON.stringify([meta.boxes, meta.text, width, height, unit]);
    if (told === this.last) return;
    this.last = told;
    this.element.replaceChildren();
    this.element.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const letters = 13 * unit, tall = 19 * unit;
    for (const [x, y, w, h, label, score] of meta.boxes || []) {
      const colour = colourOf(label), title = [label, score === null ? '' : score.toFixed(2)].filter(Boolean).join(' ');
      make('rect', {x, y, width: Math.max(w, 0), height: Math.max(h, 0), fill: 'none', stroke: colour, 'stroke-width': 2 * unit, rx: 2 * unit}, this.element);
      if (title) this.label(title, x - unit, y >= tall ? y - tall : y, letters, tall, colour, '#0b0e12');
    }
    (meta.text || []).forEach((line, n) => this.label(line, 4 * unit, 4 * unit + n * (tall + unit), letters, tall, '#0b0e12', '#fff'));
  }
  label(text, x, y, letters, tall, back, ink) {
    make('rect', {x, y, width: (text.length * 0.58 + 0.9) * letters, height: tall, fill: back, rx: tall / 6}, this.element);
    make('text', {x: x + letters * 0.45, y: y + tall * 0.74, fill: ink, 'font-size': letters, 'font-family': 'ui-monospace, monospace'}, this.element, text);
  }
}
