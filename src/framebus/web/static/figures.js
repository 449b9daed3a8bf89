// Figures as people read them.
export const rate = value => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(0) : value.toFixed(1)) + ' fps';
export function span(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min` : `${Math.floor(minutes / 1440)} days`;
}
export const age = ms => (Math.abs(ms) < 1000 ? `${ms.toFixed(0)} ms` : span(ms / 1000));
export function bits(value) {
  for (const unit of ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s']) {
    if (value < 1000 || unit === 'Gbit/s') return `${value < 10 && unit !== 'bit/s' ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
    value /= 1000;
  }
}
export const number = value => value.toLocaleString('en');
export const value = v => (v === null ? '–' : Number.isInteger(v) ? String(v) : Math.abs(v) >= 1e5 || (v && Math.abs(v) < 1e-3) ? v.toExponential(2) : String(+v.toPrecision(4)));
