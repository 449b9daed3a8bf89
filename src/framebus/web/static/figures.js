// Figures as people read them.
export const rate = value => value.toFixed(value >= 10 ? 0 : 1) + ' fps';
export function span(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min` : `${Math.floor(minutes / 1440)} days`;
}
export const age = ms => (Math.abs(ms) < 1000 ? `${ms.toFixed(0)} ms` : span(ms / 1000));
function scaled(value, units) {
  let step = 0;
  for (; value >= 1000 && step < units.length - 1; step++) value /= 1000;
  return `${value.toFixed(value < 10 && step ? 1 : 0)} ${units[step]}`;
}
export const bits = value => scaled(value, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s']);
export const bytes = value => scaled(value, ['B', 'kB', 'MB', 'GB', 'TB']);
export const number = value => value.toLocaleString('en');
export const value = v => (v === null ? '–' : Number.isInteger(v) ? String(v) : Math.abs(v) >= 1e5 || (v && Math.abs(v) < 1e-3) ? v.toExponential(2) : String(+v.toPrecision(4)));
// 75 seconds: 01:15.
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds)), two = n => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600), rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
