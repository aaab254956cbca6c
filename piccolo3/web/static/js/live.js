// Spectra of every spectrometer and channel as they are recorded.
import { followSpectra } from "./events.js";
import { showConnection } from "./frame.js";
import { Plot } from "./plot.js";
import { corrected, curve, detectorOf, fits, reflectance, spectrumOf } from "./spectra.js";
import { compared } from "./stored.js";
import { clock, withUnit } from "./units.js";

const get = (id) => document.getElementById(id);
const make = (tag, more = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), more);
  element.append(...children);
  return element;
};
const VIEWS = {
  raw: { quantity: "Signal", unit: "counts" },
  corrected: { quantity: "Signal less dark", unit: "counts/ms" },
  reflectance: { quantity: "Reflectance, up / down", unit: "" },
};
const COLOURS = ["--curve-1", "--curve-2", "--curve-3", "--curve-4", "--curve-5"];

const detectors = new Map(); // by key
const rigs = new Map(); // by serial number: channels, plot, table, what is compared
const channels = []; // of all spectrometers, in the order of their coming: each has its colour
const hidden = new Set();
const changed = new Set(); // of rigs, since they were drawn
const waiting = new Map(); // what has come while it is held: the last of every channel
let view = "raw", held = null, missed = 0, painting = false;

/** One spectrometer: {channels: Map of {light, dark, values}, ratio, kept}. */
function spectrometer(serial, model) {
  if (rigs.has(serial)) return rigs.get(serial);
  const host = make("div", { className: "plot" });
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", `Spectra of ${serial}; the table below has their peaks`);
  const plot = new Plot(host), note = make("p", { className: "hint" }), body = make("tbody");
  const button = (text, name, act) => {
    const one = make("button", { type: "button", textContent: text, onclick: act });
    one.setAttribute("aria-label", name);
    return one;
  };
  const title = make("h2", { textContent: model ? `${serial} (${model})` : serial });
  const tools = make("div", { className: "tools" },
    button("+", "Zoom in", () => plot.zoom(0.5)), button("−", "Zoom out", () => plot.zoom(2)),
    button("◀", "To shorter wavelengths", () => plot.move(-0.25)), button("▶", "To longer wavelengths", () => plot.move(0.25)),
    button("All", "All wavelengths", () => plot.all()));
  const head = make("tr", {}, ...["Channel", "Recorded", "Exposure", "Peak", "Look out"].map((text) => make("th", { textContent: text, scope: "col" })));
  const wide = make("div", { className: "wide", tabIndex: 0 }, make("table", {}, make("thead", {}, head), body));
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", `Last spectra of ${serial}`);
  get("spectrometers").append(make("section", { className: "card" }, title, note, host, tools, wide));
  const found = { serial, plot, note, body, channels: new Map(), ratio: null, kept: [] };
  rigs.set(serial, found);
  return found;
}

function channelOf(rig, name) {
  if (!channels.includes(name)) {
    channels.push(name);
    const box = make("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => { hidden[box.checked ? "delete" : "add"](name); paint(); });
    get("channels").append(make("label", {}, box, make("span", { textContent: name })));
  }
  if (!rig.channels.has(name)) rig.channels.set(name, { light: null, dark: null, values: null });
  return rig.channels.get(name);
}

function onSpectrum(message) {
  if (held) {
    const key = `${message.serial} ${message.direction} ${message.dark}`;
    waiting.delete(key);
    waiting.set(key, message);
    missed += 1;
    get("news").textContent = `Held since ${held}. New spectra meanwhile: ${missed}.`;
    return;
  }
  const detector = detectors.get(message.detector);
  if (!detector) return;
  const spectrum = spectrumOf(message, detector);
  const rig = spectrometer(spectrum.serial, detector.model), channel = channelOf(rig, spectrum.direction);
  channel[spectrum.dark ? "dark" : "light"] = spectrum;
  // a light keeps the values it was given with its dark: a later dark may belong to the next ones
  if (!spectrum.dark) channel.values = null;
  if (channel.values === null && fits(channel.light, channel.dark) && isOneBatch(channel.light, channel.dark)) {
    channel.values = curve(corrected(channel.light, channel.dark), channel.light.detector);
  }
  divide(rig);
  later(rig);
}

/** A dark of another batch may be old, and of another temperature. */
const isOneBatch = (light, dark) => light.run === dark.run && light.batch === dark.batch;

/** Up by down, of one sequence only: others have seen another sky. */
function divide(rig) {
  const byName = new Map([...rig.channels].map(([name, channel]) => [name.toLowerCase(), channel]));
  const up = byName.get("upwelling"), down = byName.get("downwelling");
  if (!up?.values || !down?.values) return;
  if (["run", "batch", "sequence"].some((name) => up.light[name] !== down.light[name])) return;
  const measured = ({ light, values }) => ({ x: light.detector.x, y: values });
  rig.ratio = { light: up.light, x: up.light.detector.x, y: reflectance(measured(up), measured(down)) };
}

function curvesOf(rig) {
  if (view === "reflectance") return rig.ratio ? [{ name: "up / down", x: rig.ratio.x, y: rig.ratio.y, colour: COLOURS[0] }] : [];
  const found = [];
  for (const [name, { light, dark, values }] of [...rig.channels].sort()) {
    if (hidden.has(name)) continue;
    const colour = COLOURS[channels.indexOf(name) % COLOURS.length];
    if (view === "corrected") {
      if (values) found.push({ name, x: light.detector.x, y: values, colour });
      continue;
    }
    if (light) found.push({ name, x: light.detector.x, y: curve(light.pixels, light.detector), colour });
    if (dark && get("darks").checked) found.push({ name: `${name} dark`, x: dark.detector.x, y: curve(dark.pixels, dark.detector), colour, dash: true });
  }
  return found;
}

function noteOf(rig, curves) {
  if (curves.length) return "";
  if (!rig.channels.size) return "Nothing was recorded with it since this page was opened.";
  const all = [...rig.channels];
  if (view === "raw") return all.some(([, { light }]) => light) ? "All curves are switched off." : "There are only darks yet.";
  const without = all.filter(([, { light, values }]) => light && !values).map(([name]) => name);
  if (without.length) return `No dark of this batch and integration time for ${without.join(" and ")}: record a dark.`;
  return view === "reflectance" ? "Reflectance needs an upwelling and a downwelling spectrum of the same sequence." : "Nothing to show yet.";
}

function rowsOf(rig) {
  return [...rig.channels].sort().flatMap(([name, { light, dark }]) => [light, dark].filter(Boolean).map((one) => {
    const percent = one.peak_percent === null ? "" : ` (${Math.round(one.peak_percent)} %)`;
    const saturated = one.saturated_pixels ? `${one.saturated_pixels} pixels saturated` : "";
    const flags = (one.flags ?? []).map((flag) => flag.toLowerCase().replaceAll("_", " ")).filter((flag) => !(saturated && flag === "saturated"));
    const texts = [one.dark ? `${name} dark` : name, clock(one.time), withUnit(one.integration_time, "ms", 2), `${one.peak} counts${percent}`, [saturated, ...flags].filter(Boolean).join(", ") || "–"];
    return make("tr", { className: saturated ? "problem" : "" }, ...texts.map((textContent) => make("td", { textContent })));
  }));
}

function paint(some = rigs.values()) {
  for (const rig of some) {
    const now = curvesOf(rig), levels = [...rig.channels.values()].map(({ light, dark }) => (light ?? dark).detector.saturation).filter(Boolean);
    const level = Math.min(...levels);
    const line = view === "raw" && levels.length ? { value: level, name: `saturation, ${level} counts` } : null;
    const kept = rig.kept.filter((one) => one.view === view).map((one) => ({ ...one, colour: "--kept", dash: one.dash ?? false }));
    rig.plot.show([...kept, ...now], { ...VIEWS[view], line, fit: get("fit").checked, robust: view === "reflectance" });
    rig.note.textContent = noteOf(rig, now);
    rig.note.hidden = !rig.note.textContent;
    rig.body.replaceChildren(...rowsOf(rig));
  }
}

/** Once for all that comes together, and only of what has changed: drawing is what costs a phone its battery. */
function later(...some) {
  some.forEach((rig) => changed.add(rig));
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    const times = [...rigs.values()].flatMap((rig) => [...rig.channels.values()].flatMap(({ light, dark }) => [light, dark].filter(Boolean).map(({ time }) => Date.parse(time))));
    if (!held) get("news").textContent = `Last spectrum: ${clock(new Date(Math.max(...times)).toISOString())}.`;
    paint(changed);
    changed.clear();
  });
}

get("hold").addEventListener("click", () => {
  const messages = [...waiting.values()];
  waiting.clear();
  missed = 0;
  held = held ? null : clock(new Date().toISOString());
  get("hold").setAttribute("aria-pressed", held ? "true" : "false");
  get("hold").textContent = held ? "Go on" : "Hold";
  get("news").textContent = held ? `Held since ${held}.` : "Waiting for spectra …";
  messages.forEach(onSpectrum);
  if (rigs.size) later(...rigs.values());
});

get("keep").addEventListener("click", () => {
  const some = [...rigs.values()].some((rig) => rig.kept.length);
  for (const rig of rigs.values()) {
    rig.kept = [];
    if (some) continue;
    const before = view;
    for (const name of Object.keys(VIEWS)) {
      view = name;
      rig.kept.push(...curvesOf(rig).map((one) => ({ ...one, view: name, name: `${one.name}, kept` })));
    }
    view = before;
  }
  compares();
});

function compares() {
  get("keep").textContent = [...rigs.values()].some((rig) => rig.kept.length) ? "Compare no more" : "Compare";
  paint();
}

/** What was chosen on the page Data, behind what is recorded now. */
async function stored() {
  const wanted = new URLSearchParams(location.search).get("compare");
  if (!wanted) return;
  try {
    for (const { serial, model, ...one } of await compared(wanted)) spectrometer(serial, model).kept.push(one);
  } catch (problem) {
    get("news").textContent = `There is nothing to compare with: ${problem.message}`;
  }
  compares();
}

for (const radio of document.querySelectorAll('input[name="view"]')) {
  radio.addEventListener("change", () => { view = radio.value; paint(); });
}
for (const id of ["darks", "fit"]) get(id).addEventListener("change", () => paint());

stored();
const waits = setTimeout(() => { if (!channels.length) get("news").textContent = "Nothing has been recorded yet. Start on the page Record."; }, 3000);
followSpectra((message) => detectors.set(message.key, detectorOf(message)), (message) => {
  clearTimeout(waits);
  onSpectrum(message);
}, showConnection);
