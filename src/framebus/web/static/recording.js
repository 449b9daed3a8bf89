// Whether a stream is being recorded, on its tile: in words and a sign, with the button that starts and stops it.
import {element} from './element.js';
import {clock} from './figures.js';

const SAID = {starting: () => '● recording: waiting for a picture', recording: one => `● recording ${clock(one.seconds)}`, finishing: () => '● finishing the recording', failed: one => `▲ not recorded: ${one.why}`};

export class Recording {
  // control: who records ({may, record, dismiss}); null: nobody. button: whether it has a button of its own.
  constructor(name, control, {button}) {
    Object.assign(this, {name, control, words: ''});
    this.root = element('div', 'rec');
    this.said = element('span', 'said'); this.said.hidden = true;
    this.root.append(this.said);
    if (!control?.may('POST api/streams/NAME/recording')) { this.control = null; return; }
    this.away = element('button', 'away', '×'); this.away.title = 'Dismiss'; this.away.setAttribute('aria-label', `Dismiss: ${name} was not recorded`); this.away.hidden = true;
    this.away.onclick = () => control.dismiss(name);
    this.root.append(this.away);
    if (!button) return;
    this.button = element('button', 'record');
    this.button.onclick = () => control.record(name);
    this.root.append(this.button);
  }
  update(stream) {
    const one = stream?.recording, state = one?.state || '';
    this.words = state ? SAID[state](one) : '';
    this.root.dataset.recording = state;
    if (this.said.textContent !== this.words) this.said.textContent = this.words;
    this.said.hidden = !this.words; this.said.title = this.words;
    if (!this.control) return;
    this.away.hidden = state !== 'failed';
    if (!this.button) return;
    const going = state && state !== 'failed', does = going ? 'Stop recording' : 'Record';
    this.button.hidden = !stream?.kind;
    this.button.disabled = state === 'finishing';
    const sign = going ? '■' : '●';
    if (this.button.textContent !== sign) this.button.textContent = sign;
    this.button.title = `${does} (R)`; this.button.setAttribute('aria-label', `${does} ${this.name}`);
  }
}
