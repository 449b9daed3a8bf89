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

// In seconds: a picture is to be shown SPARE after it came, or, where pictures come unevenly, up to MOST_SPARE.
const SPARE = 0.033, MOST_SPARE = 0.3, BEHIND = 0.25, KEPT_S = 20, CALM_MS = 10000, STEERING = 2, MOST_STEERED = 0.1;

export class MsePlayer {
  constructor({done, shown, failed}) {
    Object.assign(this, {done, shown, failed, queue: [], marks: [], jumped: 0, url: '', interval: 0.03, spare: SPARE, uneven: 0});
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
    const took = message.at - this.marks.at(-1)?.at;
    if (took > 0 && took < 1) this.interval += 0.1 * (took - this.interval);
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
    if (now - this.jumped < 1000) return;             // by a jump, which is no reason
    this.spare = Math.min(MOST_SPARE, this.spare * 1.2); this.uneven = now;
  }
  // The distance from the end is steered by the pace; a jump, which starves decoders, closes a gap that is large.
  chase() {
    const {buffer, element} = this, ranges = buffer.buffered;
    if (!ranges.length) return;
    const end = ranges.end(ranges.length - 1), start = ranges.start(0), now = performance.now();
    if (now - this.uneven > CALM_MS) { this.spare = Math.max(SPARE, this.spare / 1.2); this.uneven = now; }
    const wanted = this.interval + this.spare, late = end - element.currentTime - wanted;
    if (element.currentTime < start || (late > BEHIND && now - this.jumped > 1000)) { element.currentTime = Math.max(start, end - wanted); this.jumped = now; }
    else element.playbackRate = Math.round(100 * (1 + Math.max(-MOST_STEERED, Math.min(MOST_STEERED, STEERING * late)))) / 100;
    if (!buffer.updating && end - start > KEPT_S) buffer.remove(start, end - KEPT_S / 2);
  }
  draw(data) {
    const message = this.marks.findLast(one => Math.abs(one.at - data.mediaTime) < 0.004);
    if (message) this.shown(message, this.element.videoWidth, this.element.videoHeight);
  }
  close() { this.source = null; this.element.onerror = null; URL.revokeObjectURL(this.url); this.element.removeAttribute('src'); this.element.load(); }
}

export const PLAYERS = {jpeg: JpegPlayer, webcodecs: CodecPlayer, mse: MsePlayer};
