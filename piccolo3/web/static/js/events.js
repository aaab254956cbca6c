// Values that change by themselves: one stream for a page, which heals by itself. A page that nobody sees has none:
// browsers allow six connections to a server, in all their tabs together, and a phone in a pocket saves its battery.
import { base } from "./api.js";

const SILENCE = 4500; // ms without a sign of life (the server sends one every 2 s) after which the connection counts as lost

/**
 * Follow values. `onValue(path, value, error, time)` is called with each that comes, `onConnection(connected, reason)`
 * when rig or web server are lost or found. Returns the function that ends it.
 */
export function follow(paths, onValue, onConnection = () => {}) {
  return open(`${base}/api/events?paths=${paths.map(encodeURIComponent).join(",")}`, onConnection, {
    value: ({ path, value, error, missing, time }) => {
      if (missing) document.dispatchEvent(new CustomEvent("not-there", { detail: { path, error } }));
      onValue(path, value, error, time);
    },
  });
}

/** Follow all rigs: what is given to `onValue` and `onConnection` begins with the name of the rig. */
export function followAll(paths, onValue, onConnection) {
  return open(`/events?paths=${paths.map(encodeURIComponent).join(",")}`, () => {}, {
    value: ({ rig: name, path, value, error }) => onValue(name, path, value, error),
    rig: ({ rig: name, connected, reason }) => onConnection(name, connected, reason),
  }, () => onConnection(null, false, "The web server does not answer: check the network of this device."));
}

/** The same for spectra: `onDetector({key, wavelengths, ...})` comes before `onSpectrum({detector: key, pixels, ...})`. */
export function followSpectra(onDetector, onSpectrum, onConnection = () => {}) {
  return open(`${base}/live/stream`, onConnection, { detector: onDetector, spectrum: onSpectrum });
}

function open(url, onConnection, handlers, onLost = () => {}) {
  let source, timer, ended = false, rig = { connected: false, reason: "connecting" };
  const lost = () => {
    onLost();
    onConnection(false, "The web server does not answer: check the network of this device. It is tried again by itself.");
    restart();
  };
  const alive = () => { clearTimeout(timer); timer = setTimeout(lost, SILENCE); };
  const rest = () => { clearTimeout(timer); source?.close(); };
  const restart = () => { rest(); if (!ended && !document.hidden) start(); };
  function start() {
    source = new EventSource(url);
    alive();
    source.addEventListener("connection", (event) => {
      rig = JSON.parse(event.data);
      alive();
      onConnection(rig.connected, rig.reason, rig.restarts);
    });
    source.addEventListener("error", ({ target }) => { if (target.readyState === EventSource.CLOSED) refused(); });
    source.addEventListener("alive", alive);
    source.addEventListener("ended", () => location.reload());
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => { alive(); handle(JSON.parse(event.data)); });
    }
  }
  /** The server has answered, but not with events: who is no longer logged in is asked to. */
  async function refused() {
    const enough = new AbortController();
    const answer = await fetch(url, { signal: enough.signal }).catch(() => null);
    enough.abort();
    if (answer?.status === 401) location.assign("/login");
  }
  const look = () => { if (document.hidden) rest(); else restart(); };
  document.addEventListener("visibilitychange", look);
  if (!document.hidden) start();
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", look);
    rest();
  };
}

/** Numbers in base64, little endian, as the server sends them. */
export function numbers(text, Type) {
  return new Type(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
}
