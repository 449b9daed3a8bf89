// The websocket of the page: one for all tiles. Connects again by itself, knows the server's clock, acknowledges.
export const BEGIN = 0, JPEG = 1, CODED = 2, MP4 = 3;
const HEAD = 32, PING_MS = 2000, FIRST_PING_MS = 80, FIRST_PINGS = 20, KEPT_PINGS = 30, GOOD_MS = 3, MOST_OWED = 8, LATER_MS = 300;
const text = new TextDecoder();

export function parse(buffer) {
  const view = new DataView(buffer), size = view.getUint32(24);
  return {
    kind: view.getUint8(0), key: view.getUint8(1) === 1, tile: view.getUint16(2), number: view.getUint32(4),
    captured: view.getFloat64(8), at: view.getFloat64(16), leftOut: view.getUint32(28),
    meta: size ? JSON.parse(text.decode(new Uint8Array(buffer, HEAD, size))) : {},
    data: new Uint8Array(buffer, HEAD + size),
  };
}

// How far the server's monotonic clock is from ours: the exchange that took least time tells it best. A page that is
// being loaded answers late, so it is asked often until one exchange was quick.
export class ServerClock {
  constructor() { this.pings = []; this.count = 0; this.offset = null; this.uncertainty = Infinity; }
  learn(sent, received, theirs) {
    this.pings.push({took: Math.max(0, received - sent), offset: theirs - (sent + received) / 2});
    this.pings = this.pings.slice(-KEPT_PINGS); this.count++;
    const best = this.pings.reduce((a, b) => (b.took < a.took ? b : a));
    this.offset = best.offset; this.uncertainty = best.took / 2;
  }
  get settled() { return this.uncertainty < GOOD_MS || this.count >= FIRST_PINGS; }
  age(captured, now) { return !this.settled || Number.isNaN(captured) ? null : Math.max(0, now + this.offset - captured); }
}

export class Wire extends EventTarget {
  constructor(url) {
    super();
    this.url = url; this.clock = new ServerClock(); this.tiles = new Map(); this.next = 1; this.seen = new Map(); this.settle();
    this.pause = 250; this.open = false; this.received = 0;
    this.connect();
    const ping = () => { this.ping(); setTimeout(ping, this.clock.settled ? PING_MS : FIRST_PING_MS); };
    ping();
  }
  connect() {
    const socket = this.socket = new WebSocket(this.url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.open = true; this.pause = 250; this.clock = new ServerClock();
      this.ping();
      for (const tile of this.tiles.values()) tile.again();
      this.dispatchEvent(new CustomEvent('link', {detail: true}));
    };
    socket.onmessage = event => this.receive(event.data);
    socket.onclose = () => {
      this.open = false; this.settle();
      this.dispatchEvent(new CustomEvent('link', {detail: false}));
      setTimeout(() => this.connect(), this.pause);
      this.pause = Math.min(4000, this.pause * 2);
    };
  }
  say(wish) { if (this.open) this.socket.send(JSON.stringify(wish)); }
  ping() { this.say({op: 'ping', at: performance.now()}); }
  receive(data) {
    if (typeof data !== 'string') {
      const message = parse(data), tile = this.tiles.get(message.tile);
      this.received++;
      if (tile) tile.take(message); else this.done(message);
      return;
    }
    const message = JSON.parse(data);
    if (message.op === 'pong') this.clock.learn(message.at, performance.now(), message.now_ms);
    else this.dispatchEvent(new CustomEvent(message.op, {detail: message}));
  }
  // Many acknowledgements travel as one. Of coded video, much of which may be on its way, a few at a time.
  done(message) {
    this.seen.set(message.tile, Math.max(message.number, this.seen.get(message.tile) || 0));
    this.owed++;
    if (message.kind === JPEG || this.owed >= MOST_OWED) this.soon ||= queueMicrotask(() => this.flush()) || true;
    else this.later ||= setTimeout(() => this.flush(), LATER_MS);
  }
  flush() {
    if (this.seen.size) this.say({op: 'seen', tiles: Object.fromEntries(this.seen)});
    this.settle();
  }
  settle() {
    clearTimeout(this.later);
    this.seen.clear(); this.owed = 0; this.soon = this.later = null;
  }
  join(tile) { const id = this.next; this.next = id % 0xffff + 1; this.tiles.set(id, tile); return id; }
  part(id) { this.tiles.delete(id); this.say({op: 'leave', tile: id}); }
}
