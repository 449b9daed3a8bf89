// Three ways to show pictures. Each takes messages, says when one is worked off, and calls `shown` when one is drawn.
import {BEGIN} from './wire.js';

const size = (canvas, width, height) => {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
};

export class JpegPlayer {
  constructor({done, shown, failed}) {
    Object.assign(this, {done, shown, failed, busy: false, waiting: null, closed: false});
    this.element = document.createElement('canvas');
    this.context = this.element.getContext('2d');
  }
  take(message) {
    if (this.waiting) this.done(this.waiting);        // a newer one is here
    this.waiting = message;
    if (!this.busy) this.go();
  }
  async go() {
    const message = this.waiting;
    this.waiting = null; this.busy = true;
    try {
      const picture = await createImageBitmap(new Blob([message.data], {type: 'image/jpeg'}));
      if (!this.closed) {
        size(this.element, picture.width, picture.height);
        this.context.drawImage(picture, 0, 0);
        this.shown(message, picture.width, picture.height);
      }
      picture.close();
    } catch (error) { console.debug('a picture could not be decoded', error); }
    this.done(message); this.busy = false;
    if (this.waiting && !this.closed) this.go();
  }
  close() { this.closed = true; }
}

export class CodecPlayer {
  constructor({done, shown, failed}) {
    Object.assign(this, {done, shown, failed, inside: new Map(), started: false, stamp: 0});
    this.element = document.createElement('canvas');
    this.context = this.element.getContext('2d', {desynchronized: true});
  }
  begin(codec) {
    this.decoder?.close();
    this.inside.forEach(this.done); this.inside.clear(); this.started = false;
    this.decoder = new VideoDecoder({output: frame => this.draw(frame), error: error => { if (this.decoder) this.failed('webcodecs', error); }});
    this.decoder.configure({codec, optimizeForLatency: true});
  }
  take(message) {
    if (message.kind === BEGIN) { this.begin(message.meta.codec); this.done(message); return; }
    this.started ||= message.key;
    if (message.leftOut && !message.key) this.started = false;
    if (!this.started || this.decoder?.state !== 'configured') { this.done(message); return; }
    const timestamp = this.stamp++;
    this.inside.set(timestamp, message);
    this.decoder.decode(new EncodedVideoChunk({type: message.key ? 'key' : 'delta', timestamp, data: message.data}));
  }
  draw(frame) {
    const message = this.inside.get(frame.timestamp);
    for (const stamp of [...this.inside.keys()]) if (stamp <= frame.timestamp) { this.done(this.inside.get(stamp)); this.inside.delete(stamp); }
    size(this.element, frame.displayWidth, frame.displayHeight);
    this.context.drawImage(frame, 0, 0);                // once: each drawing converts the whole picture
    frame.close();
    if (message) this.shown(message, this.element.width, this.element.height);
  }
  close() { const decoder = this.decoder; this.decoder = null; if (decoder && decoder.state !== 'closed') decoder.close(); }
}

const BEHIND = 0.25, CLOSE = 0.04, FAR = 0.3, CALM_MS = 5000, KEPT_S = 20;

export class MsePlayer {
  constructor({done, shown, failed}) {
    Object.assign(this, {done, shown, failed, queue: [], marks: [], jumped: 0, url: '', margin: CLOSE, uneven: 0});
    this.element = document.createElement('video');
    Object.assign(this.element, {muted: true, autoplay: true, playsInline: true, disableRemotePlayback: true});
    this.element.onerror = () => this.failed('mse', this.element.error);
    this.element.onwaiting = () => this.starved(performance.now());
    this.watch = () => this.element.requestVideoFrameCallback?.((now, data) => { this.draw(data); this.watch(); });
    this.watch();
  }
  begin(message) {
    const Source = window.ManagedMediaSource || window.MediaSource;
    this.source = new Source(); this.buffer = null; this.queue.forEach(this.done); this.queue = []; this.marks = [];
    const source = this.source;
    URL.revokeObjectURL(this.url);                    // of one that never opened
    source.addEventListener('sourceopen', () => {
      if (source !== this.source) return;
      URL.revokeObjectURL(this.url);
      source.duration = Infinity;
      try { this.buffer = source.addSourceBuffer(`video/mp4; codecs="${message.meta.codec}"`); } catch (error) { this.failed('mse', error); return; }
      this.buffer.addEventListener('updateend', () => { if (source === this.source) { this.chase(); this.pump(); } });
      this.queue.unshift(message); this.pump();
      this.element.play().catch(() => {});
    }, {once: true});
    this.element.src = this.url = URL.createObjectURL(source);
  }
  take(message) {
    if (message.kind === BEGIN) { this.begin(message); return; }
    this.queue.push(message); this.marks.push(message);
    if (this.marks.length > 300) this.marks.shift();
    this.pump();
  }
  pump() {
    if (!this.buffer || this.buffer.updating || !this.queue.length) return;
    const messages = this.queue; this.queue = [];
    const whole = new Uint8Array(messages.reduce((sum, one) => sum + one.data.length, 0));
    let at = 0;
    for (const one of messages) { whole.set(one.data, at); at += one.data.length; this.done(one); }
    try { this.buffer.appendBuffer(whole); } catch (error) { this.failed('mse', error); }
  }
  // There was nothing more to show: what comes so unevenly is played a little further from its end, for a while.
  starved(now) {
    if (now - this.jumped < 500) return;              // by a jump, which is no reason
    this.margin = Math.min(FAR, this.margin * 1.4); this.uneven = now;
  }
  // A jump starves decoders, so it is rare; a small gap is closed by playing a little faster.
  chase() {
    const {buffer, element} = this, ranges = buffer.buffered;
    if (!ranges.length) return;
    const end = ranges.end(ranges.length - 1), start = ranges.start(0), gap = end - element.currentTime, now = performance.now();
    if (now - this.uneven > CALM_MS) { this.margin = Math.max(CLOSE, this.margin / 1.4); this.uneven = now; }
    const spare = this.margin - CLOSE;
    if (element.currentTime < start || (gap > BEHIND + spare && now - this.jumped > 1000)) { element.currentTime = Math.max(start, end - 0.02 - spare); this.jumped = now; }
    else element.playbackRate = gap > this.margin ? 1.1 : 1;
    if (!buffer.updating && end - start > KEPT_S) buffer.remove(start, end - KEPT_S / 2);
  }
  draw(data) {
    const message = this.marks.findLast(one => Math.abs(one.at - data.mediaTime) < 0.004);
    if (message) this.shown(message, this.element.videoWidth, this.element.videoHeight);
  }
  close() { this.source = null; this.element.onerror = null; URL.revokeObjectURL(this.url); this.element.removeAttribute('src'); this.element.load(); }
}

export const PLAYERS = {jpeg: JpegPlayer, webcodecs: CodecPlayer, mse: MsePlayer};
