// Which player shows a stream: what the browser can, what the stream is, and what the user wants. No browser in here.
export const NAMES = {webcodecs: 'WebCodecs', mse: 'MSE', jpeg: 'JPEG'};

// can: {webcodecs: [codec families], mse: [codec families]}; wish: 'auto' or a name; failed: names that did not work.
export function choose(stream, can, wish = 'auto', failed = []) {
  if (stream.kind !== 'packets') return {how: 'jpeg', note: ''};
  const family = (stream.codec || '').slice(0, 4) === 'avc1' ? 'h264' : stream.coding || 'h264';
  const works = how => how === 'jpeg' || (can[how] || []).includes(family) && !failed.includes(how) && !(how === 'mse' && family !== 'h264');
  if (wish !== 'auto' && works(wish)) return {how: wish, note: ''};
  const how = ['webcodecs', 'mse', 'jpeg'].find(works);
  const note = how === 'jpeg' && wish !== 'jpeg' ? `this browser does not decode ${family.toUpperCase()} here, it is decoded by the server` : '';
  return {how, note};
}

// Whether a tile is to be fed: what nobody sees is not sent.
export function wanted({onScreen, pageHidden, paused, exists}) { return Boolean(onScreen && exists && !pageHidden && !paused); }

export async function abilities(window) {
  const can = {webcodecs: [], mse: []};
  const tries = {h264: 'avc1.42c01f', h265: 'hev1.1.6.L93.B0'};
  for (const [family, codec] of Object.entries(tries)) {
    try {
      if (window.VideoDecoder && (await window.VideoDecoder.isConfigSupported({codec, optimizeForLatency: true})).supported) can.webcodecs.push(family);
    } catch { /* not there */ }
    const Source = window.ManagedMediaSource || window.MediaSource;
    if (Source && Source.isTypeSupported(`video/mp4; codecs="${codec}"`)) can.mse.push(family);
  }
  return can;
}
