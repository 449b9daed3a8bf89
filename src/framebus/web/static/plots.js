// Small plots on a canvas: the last minutes of one figure, and a histogram with its two limits.
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function prepare(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return {context, width, height};
}

// values: one for each second, the newest last; null where there is none.
export function line(canvas, values, {seconds = 300, bars = false, stroke = '--accent'} = {}) {
  const {context, width, height} = prepare(canvas);
  const most = Math.max(1e-9, ...values.filter(value => value !== null)) * 1.08, step = width / (seconds - 1);
  context.strokeStyle = colour('--edge'); context.lineWidth = 1;
  context.beginPath(); context.moveTo(0, height - 0.5); context.lineTo(width, height - 0.5); context.stroke();
  context.strokeStyle = context.fillStyle = colour(stroke); context.lineWidth = 1.5; context.lineJoin = 'round';
  context.beginPath();
  let pen = false;
  values.forEach((value, n) => {
    const x = width - (values.length - 1 - n) * step;
    if (value === null) { pen = false; return; }
    const y = height - 1 - (value / most) * (height - 3);
    if (bars) { if (value) context.fillRect(x - 1, y, 2, height - y); return; }
    if (pen) context.lineTo(x, y); else context.moveTo(x, y);
    pen = true;
  });
  context.stroke();
}

export function histogram(canvas, counts, range, limits) {
  const {context, width, height} = prepare(canvas);
  const most = Math.max(1, ...counts.map(Math.sqrt)), step = width / counts.length;
  context.fillStyle = colour('--soft');
  counts.forEach((count, n) => { const tall = Math.sqrt(count) / most * (height - 2); context.fillRect(n * step, height - tall, Math.max(step, 1), tall); });
  context.fillStyle = colour('--accent');
  for (const limit of limits) {
    const x = (limit - range.low) / ((range.high - range.low) || 1) * width;
    context.fillRect(Math.max(0, Math.min(width - 2, x - 1)), 0, 2, height);
  }
}
