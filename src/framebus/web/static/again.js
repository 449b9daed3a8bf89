// Doing something again and again while somebody looks, and never twice at once.
export class Again {
  constructor(act, everyMs) { Object.assign(this, {act, everyMs, busy: false}); }
  start() {
    this.stop();
    this.timer = setInterval(() => { if (!document.hidden) this.now(); }, this.everyMs);
    this.now();
  }
  async now() {
    if (this.busy) return;
    this.busy = true;
    try { await this.act(); } finally { this.busy = false; }
  }
  stop() { clearInterval(this.timer); }
}
