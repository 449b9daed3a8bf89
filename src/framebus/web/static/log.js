// The server's log as it grows.
import {ask} from './ask.js';
import {Again} from './again.js';
import {element} from './element.js';

const AGAIN_MS = 1000, KEPT = 500, LEVELS = {info: 'everything', warning: 'warnings and errors', error: 'errors'};
const SIGNS = {debug: '·', info: '·', warning: '▲', error: '✖'};

export class Part {
  constructor(root) {
    this.last = 0; this.again = new Again(() => this.refresh(), AGAIN_MS);
    const head = element('header'), label = element('label', 'find', 'Show ');
    this.level = element('select');
    for (const [value, what] of Object.entries(LEVELS)) { const option = element('option', '', what); option.value = value; this.level.append(option); }
    this.level.onchange = () => { this.last = 0; this.lines.replaceChildren(); this.again.now(); };
    label.append(this.level);
    head.append(element('h1', '', 'Log'), label);
    this.note = element('p', 'note'); this.note.setAttribute('role', 'status');
    this.lines = element('div', 'lines'); this.lines.setAttribute('role', 'log'); this.lines.tabIndex = 0; this.lines.setAttribute('aria-label', 'Log lines');
    root.append(head, this.note, this.lines);
  }
  open() { this.again.start(); }
  close() { this.again.stop(); }
  async refresh() {
    const level = this.level.value;
    try {
      const told = await ask(`api/log?after=${this.last}&level=${level}`);
      if (told.last < this.last) { this.last = 0; this.lines.replaceChildren(); }   // another server
      else if (level === this.level.value) { this.last = told.last; this.add(told.lines); }
      this.note.textContent = this.lines.childElementCount ? '' : 'Nothing yet.';
    } catch (error) { this.note.textContent = `The log cannot be read: ${error.message}`; }
    this.note.hidden = !this.note.textContent;
  }
  add(lines) {
    const {scrollTop, scrollHeight, clientHeight} = this.lines, below = scrollHeight - scrollTop - clientHeight < 40;
    for (const line of lines) {
      const row = element('p'), at = element('time', '', new Date(line.at_ms).toLocaleTimeString([], {hour12: false})), sign = element('span', 'sign', SIGNS[line.level]);
      at.dateTime = new Date(line.at_ms).toISOString(); sign.setAttribute('aria-hidden', 'true');
      row.dataset.level = line.level;
      row.append(at, sign, element('span', 'level', line.level), element('span', 'text', line.text));
      this.lines.append(row);
    }
    while (this.lines.childElementCount > KEPT) this.lines.firstElementChild.remove();
    if (lines.length && below) this.lines.scrollTop = this.lines.scrollHeight;
  }
}
