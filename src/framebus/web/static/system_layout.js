// Where the parts of a system stand in the picture, and how arrows lead from one to the other. No browser in here.
const WIDE = 226, GAP_X = 62, GAP_Y = 14, MARGIN = 12, LINE = 17, PAD = 11, HEAD = 34, GUTTER = 30;
export const NARROW = 700;

// parts: as api/system tells them; linesOf(part): how many lines are written in its box; width: of the room, in pixels.
export function layout(parts, linesOf, width) {
  const boxes = new Map(), known = new Map(parts.map(part => [part.key, part])), arrows = [];
  const box = (key, kind, part, lines) => boxes.set(key, {key, kind, part, lines, height: 2 * PAD + LINE * lines - 4});
  const moving = parts.filter(part => part.kind === 'stream' || part.kind === 'pipe');
  for (const part of moving) {
    box(part.key, part.kind, part, linesOf(part));
    for (const from of part.reads) {
      if (!known.has(from) && !boxes.has(`from ${from}`)) box(`from ${from}`, 'place', {name: from}, 1);
      arrows.push({from: known.has(from) ? from : `from ${from}`, to: part.key, how: 'frames'});
    }
  }
  const read = new Set(moving.flatMap(part => part.reads));
  for (const part of moving) {
    if (part.kind !== 'pipe' || read.has(part.key) || !part.writes) continue;
    if (!boxes.has(`to ${part.writes}`)) box(`to ${part.writes}`, 'place', {name: part.writes}, 1);
    arrows.push({from: part.key, to: `to ${part.writes}`, how: 'frames'});
  }
  for (const part of parts) {
    if (part.kind === 'service' || part.kind === 'web') box(part.key, part.kind, part, linesOf(part));
    for (const asked of part.asks) if (known.has(asked)) arrows.push({from: asked, to: part.key, how: 'answers'});
  }
  const capture = parts.find(part => part.kind === 'capture');
  const frame = capture && {key: capture.key, part: capture};
  return width < NARROW ? stacked(boxes, arrows, frame, width) : columns(boxes, arrows, frame);
}

// How many boxes stand before each on the longest way to it.
export function depths(boxes, arrows) {
  const found = new Map();
  const depth = (key, way) => {
    if (found.has(key)) return found.get(key);
    if (way.includes(key)) return 0;
    const before = arrows.filter(arrow => arrow.to === key && arrow.how === 'frames').map(arrow => depth(arrow.from, [...way, key]) + 1);
    const value = Math.max(0, ...before, key.startsWith('to ') || boxes.get(key).kind === 'pipe' ? 1 : 0);
    found.set(key, value);
    return value;
  };
  for (const key of boxes.keys()) depth(key, []);
  return found;
}

function columns(boxes, arrows, frame) {
  const depth = depths(boxes, arrows), beside = ['service', 'web'];
  const flowing = [...boxes.values()].filter(box => !beside.includes(box.kind));
  const last = Math.max(0, ...flowing.map(box => depth.get(box.key)));
  const across = column => MARGIN * 2 + column * (WIDE + GAP_X), stands = box => (box.key.startsWith('to ') ? last : depth.get(box.key));
  const top = frame ? MARGIN + HEAD : MARGIN;
  let bottom = top;
  for (let column = 0; column <= last; column++) {
    const here = flowing.filter(box => stands(box) === column);
    if (column) here.sort((a, b) => middle(a, arrows, boxes) - middle(b, arrows, boxes));
    let y = top;
    for (const box of here) {
      if (box.kind === 'place' && here[here.indexOf(box) - 1]?.kind === 'stream') y += MARGIN;
      Object.assign(box, {x: across(column), y, width: WIDE}); y += box.height + GAP_Y;
    }
    bottom = Math.max(bottom, y);
  }
  const streams = flowing.filter(box => box.kind === 'stream');
  if (frame && streams.length) enclose(frame, streams);
  const lowest = bottom + MARGIN + GAP_Y, taken = new Set();
  for (const box of [...boxes.values()].filter(box => beside.includes(box.kind))) {
    const asking = arrows.find(arrow => arrow.from === box.key);
    let column = asking ? depth.get(asking.to) : 0;
    while (taken.has(column)) column++;
    taken.add(column);
    Object.assign(box, {x: across(column), y: lowest, width: WIDE});
  }
  const all = [...boxes.values()];
  for (const arrow of arrows) arrow.path = arrow.how === 'answers' ? up(boxes.get(arrow.from), boxes.get(arrow.to)) : level(boxes.get(arrow.from), boxes.get(arrow.to));
  return {boxes: all, arrows, frame, width: Math.max(...all.map(box => box.x + box.width), 0) + MARGIN * 2, height: Math.max(bottom, ...all.map(box => box.y + box.height)) + MARGIN};
}

function stacked(boxes, arrows, frame, width) {
  const depth = depths(boxes, arrows), rank = {place: 0, stream: 0, pipe: 0, service: 1000, web: 2000};
  const order = box => (box.key.startsWith('to ') ? 500 : rank[box.kind] + (depth.get(box.key) || 0));
  const all = [...boxes.values()].sort((a, b) => order(a) - order(b));
  const streams = all.filter(box => box.kind === 'stream');
  let y = MARGIN;
  for (const box of all) {
    if (frame && box === streams[0]) y += HEAD;
    Object.assign(box, {x: GUTTER + MARGIN, y, width: width - GUTTER - 3 * MARGIN});
    y += box.height + GAP_Y;
    if (frame && box === streams.at(-1)) y += MARGIN;
  }
  if (frame && streams.length) enclose(frame, streams);
  arrows.forEach((arrow, n) => { arrow.path = beside(boxes.get(arrow.from), boxes.get(arrow.to), 4 + n % 5 * 5); });
  return {boxes: all, arrows, frame, width, height: y};
}

function enclose(frame, streams) {
  const x = Math.min(...streams.map(box => box.x)) - MARGIN, y = Math.min(...streams.map(box => box.y)) - HEAD;
  const right = Math.max(...streams.map(box => box.x + box.width)), low = Math.max(...streams.map(box => box.y + box.height));
  Object.assign(frame, {x, y, width: right - x + MARGIN, height: low - y + MARGIN});
}
function middle(box, arrows, boxes) {
  const before = arrows.filter(arrow => arrow.to === box.key).map(arrow => boxes.get(arrow.from)).filter(from => from.y !== undefined);
  return before.length ? before.reduce((sum, from) => sum + from.y + from.height / 2, 0) / before.length : 0;
}
function level(from, to) {
  const x1 = from.x + from.width, y1 = from.y + from.height / 2, x2 = to.x - 3, y2 = to.y + to.height / 2, bend = Math.max(30, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
function up(from, to) {
  const x1 = from.x + from.width / 2, y1 = from.y, x2 = to.x + to.width / 2, y2 = to.y + to.height + 3;
  return `M${x1} ${y1}C${x1} ${y1 - 30} ${x2} ${y2 + 30} ${x2} ${y2}`;
}
function beside(from, to, x) {
  const y1 = from.y + from.height / 2, y2 = to.y + to.height / 2;
  return `M${from.x} ${y1}C${x} ${y1} ${x} ${y1} ${x} ${(y1 + y2) / 2}S${x} ${y2} ${to.x - 3} ${y2}`;
}
