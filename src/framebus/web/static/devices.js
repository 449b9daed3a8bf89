// Devices that somebody serves: a form of their attributes, each of its kind; what can only be read is shown.
import {ask} from './ask.js';
import {Again} from './again.js';
import {element} from './element.js';

const AGAIN_MS = 2000;
const KINDS = {nothing: 'read only', whole: 'a whole number', number: 'a number', json: 'written as JSON', text: '', switch: ''};
const text = value => (typeof value === 'string' ? value : JSON.stringify(value));

// What was typed as a value of that kind; raises an Error that says what is taken.
export function typed(takes, field) {
  if (takes === 'switch') return field.checked;
  if (takes === 'text') return field.value;
  if (takes === 'json') { try { return JSON.parse(field.value); } catch { throw new Error('takes a value written as JSON'); } }
  const number = field.value.trim() === '' ? NaN : Number(field.value);
  if (!Number.isFinite(number) || (takes === 'whole' && !Number.isInteger(number))) throw new Error(takes === 'whole' ? 'takes a whole number' : 'takes a number');
  return number;
}

class Field {
  constructor(device, one) {
    Object.assign(this, {device, name: one.name, takes: one.takes, waiting: false});
    const id = `device-${device.name}-${one.name}`.replace(/[^\w-]/g, '_');
    this.root = element('div', 'field');
    this.label = element(one.takes === 'nothing' ? 'span' : 'label', 'what', one.name);
    this.said = element('span', 'error'); this.said.id = `${id}-said`; this.said.setAttribute('role', 'alert');
    this.doc = element('small', '', [one.doc, KINDS[one.takes]].filter(Boolean).join(' · ')); this.doc.id = `${id}-doc`;
    this.field = element(one.takes === 'nothing' ? 'output' : 'input');
    this.field.id = id;
    this.field.setAttribute('aria-describedby', `${id}-doc ${id}-said`);
    if (one.takes === 'nothing') this.field.setAttribute('aria-label', one.name);
    else {
      this.label.htmlFor = id; this.field.type = one.takes === 'switch' ? 'checkbox' : 'text'; this.field.autocomplete = 'off'; this.field.spellcheck = false;
      if (one.takes === 'whole' || one.takes === 'number') this.field.inputMode = 'decimal';
      this.field.onchange = () => this.set();
      this.field.onkeydown = event => { if (event.key === 'Escape') { this.field.blur(); this.show(this.known); event.stopPropagation(); } };
    }
    this.root.append(this.label, this.field, this.doc, this.said);
  }
  // What the device says; not over what somebody is typing.
  show(one) {
    this.known = one;
    if (one.error) { this.tell(one.error); return; }
    if (this.takes === 'nothing') { this.field.textContent = text(one.value); return; }
    if (document.activeElement === this.field || this.waiting || this.field.getAttribute('aria-invalid') === 'true') return;
    if (this.takes === 'switch') this.field.checked = Boolean(one.value);
    else this.field.value = one.value === null && this.takes !== 'json' ? '' : this.takes === 'text' ? one.value : text(one.value);
  }
  tell(why) { this.said.textContent = why; if (this.takes !== 'nothing') { if (why) this.field.setAttribute('aria-invalid', 'true'); else this.field.removeAttribute('aria-invalid'); } }
  async set() {
    let value;
    this.tell('');
    try { value = typed(this.takes, this.field); } catch (error) { this.tell(error.message); return; }
    this.waiting = true; this.root.dataset.waiting = '';
    try {
      const told = await ask(`api/devices/${encodeURIComponent(this.device.name)}/${encodeURIComponent(this.name)}`, {method: 'PUT', body: {value}});
      this.field.blur(); this.waiting = false; this.show(told);
    } catch (error) { this.tell(error.message); }
    this.waiting = false; delete this.root.dataset.waiting;
  }
}

class Card {
  constructor(device) {
    Object.assign(this, {device, name: device.name, fields: new Map(), again: new Again(() => this.refresh(), AGAIN_MS)});
    this.root = element('section', 'card'); this.title = element('h2', '', device.name); this.doc = element('p', 'soft', device.address);
    this.trouble = element('p', 'error'); this.trouble.setAttribute('role', 'status'); this.form = element('div', 'fields');
    this.root.append(this.title, this.doc, this.trouble, this.form);
  }
  async refresh() {
    try { this.show(await ask(`api/devices/${encodeURIComponent(this.name)}`)); } catch (error) { this.away(error.message); }
  }
  show(told) {
    if (told.error) { this.away(told.error); return; }
    this.trouble.textContent = ''; this.form.hidden = false;
    this.title.textContent = told.class || this.name;
    this.doc.textContent = [told.address, told.doc].filter(Boolean).join(' · ');
    const kinds = JSON.stringify(told.attributes.map(one => [one.name, one.takes]));
    if (kinds !== this.kinds) {
      this.kinds = kinds;
      this.fields = new Map(told.attributes.map(one => [one.name, new Field(this.device, one)]));
      this.form.replaceChildren(...[...this.fields.values()].map(field => field.root));
      if (!told.attributes.length) this.form.append(element('p', 'soft', 'It has no attributes.'));
    }
    for (const one of told.attributes) this.fields.get(one.name).show(one);
  }
  away(why) { this.trouble.textContent = `◆ Away: ${why}`; this.form.hidden = true; }
}

export class Part {
  constructor(root) {
    this.cards = [];
    this.list = element('div', 'cards');
    root.append(element('h1', '', 'Devices'), this.list);
  }
  async open() {
    this.shown = true;
    const known = await ask('api/devices').then(told => told.devices, () => []);
    if (JSON.stringify(known) !== this.known) {
      this.known = JSON.stringify(known);
      this.rest();
      this.cards = known.map(device => new Card(device));
      this.list.replaceChildren(...this.cards.map(card => card.root));
    }
    if (this.shown) for (const card of this.cards) card.again.start();
  }
  close() { this.shown = false; this.rest(); }
  rest() { for (const card of this.cards) card.again.stop(); }
}
