// What is said of a part of the system: in its box, in the table, and to those who listen. No browser in here.
import {rate, age, number} from './figures.js';

// A state is a word and a shape, so that nobody needs the colour.
export const SYMBOLS = {live: '●', starting: '◌', waiting: '◌', stopping: '◌', stalled: '▲', away: '▲', again: '↻', silent: '▲', done: '✓', stopped: '■', failed: '✕'};
export const KINDS = {capture: 'capture process', stream: 'stream', pipe: 'pipe', service: 'service', web: 'this page'};
export const TROUBLES = ['again', 'away', 'failed', 'silent', 'stalled'];
export const COLUMNS = ['Part', 'Kind', 'State', 'Rate', 'Age', 'Queue', 'Gaps', 'Workers', 'CPU', 'Memory', 'Restarts', 'Last reason'];

export const percent = value => `${Math.round(value * 100)} %`;
export function memory(bytes) {
  if (!bytes) return '–';
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
const moves = part => part.kind !== 'capture' && part.kind !== 'web';
const gives = part => part.kind === 'stream' || part.kind === 'pipe';
const ages = part => (part.age_s === null || part.age_s === undefined ? '–' : age(part.age_s * 1000));
const reason = part => part.death.replace(/^its process (was )?/, '');
const own = part => part.pid > 0;

// What is wrong; its box says already where it is.
const why = part => (part.place && part.why.startsWith(`${part.place}: `) ? part.why.slice(part.place.length + 2) : part.why);
// What it is there for, in a line.
function about(part) {
  if (part.kind === 'web') return KINDS.web;
  return part.kind === 'stream' ? part.place : part.does.map(text => text.replace(/^op (\S*:)?/, '')).join(', ');
}
// The lines of its box below its name.
export function lines(part) {
  const said = [about(part)].filter(Boolean);
  if (part.state !== 'live' && part.why) said.push(why(part));
  else if (moves(part)) said.push([rate(part.rate), gives(part) && part.age_s !== null ? `${ages(part)} old` : ''].filter(Boolean).join(' · '));
  if (part.kind === 'service' && part.queue) said.push(`queue ${number(part.queue)}`);
  if (gives(part)) said.push([`${number(part.missed)} gaps`, part.queue ? `queue ${number(part.queue)}` : ''].filter(Boolean).join(' · '));
  if (own(part)) said.push([part.workers ? `${part.workers} ${part.workers === 1 ? 'worker' : 'workers'}` : '', percent(part.cpu), memory(part.memory)].filter(Boolean).join(' · '));
  if (part.restarts) said.push(`${number(part.restarts)} ${part.restarts === 1 ? 'restart' : 'restarts'}${part.death ? `: ${reason(part)}` : ''}`);
  return said;
}
export const title = part => `${SYMBOLS[part.state] || '▲'} ${part.name}`;
export const sentence = part => [part.name, KINDS[part.kind], part.state, ...lines(part)].join(', ');

export function cells(part) {
  const some = (holds, value) => (holds ? value : '');
  return [part.name, KINDS[part.kind], `${SYMBOLS[part.state] || '▲'} ${part.state}`, some(moves(part), rate(part.rate)), some(gives(part), ages(part)),
    some(part.kind === 'pipe' || part.kind === 'service', number(part.queue)), some(gives(part), number(part.missed)), some(own(part), number(part.workers)), some(own(part), percent(part.cpu)),
    some(own(part), memory(part.memory)), number(part.restarts), (part.state !== 'live' && part.why) || part.death];
}
export function summary(parts) {
  const wrong = parts.filter(part => TROUBLES.includes(part.state));
  const count = parts.length === 1 ? '1 part' : `${parts.length} parts`;
  if (!wrong.length) return `${count}, all well`;
  const first = `${wrong[0].name} is ${wrong[0].state}${wrong[0].why ? `: ${wrong[0].why}` : ''}`;
  return `${wrong.length} of ${count} ${wrong.length === 1 ? 'has' : 'have'} trouble. ${first}`;
}
