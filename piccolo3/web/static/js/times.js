// Integration times: a table for every spectrometer, with its limits.
import { get, put } from "./api.js";
import { Field, make } from "./fields.js";

const FOUND = { n: "set by hand", s: "found automatically", f: "automatic integration failed" };

/** Fill `host`. Returns what takes the values, by path: {set, enter, focus} each; `after` is called when one was sent. */
export function times(host, described, after) {
  const found = new Map(), spectrometers = new Map();
  for (const path of described.keys()) {
    const [, name, channel] = /^spectrometer\/([^/]+)\/current_time\/([^/]+)$/.exec(path) ?? [];
    if (name) spectrometers.set(name, [...(spectrometers.get(name) ?? []), channel]);
  }
  host.replaceChildren(...[...spectrometers].map(([name, channels]) => one(name, channels, described, found, after)));
  return found;
}

function one(name, channels, described, found, after) {
  const path = `spectrometer/${name}`, serial = name.replace(/^S_/, ""), rows = [], inUse = [], limits = {};
  const time = (end, label, compact) => {
    const field = new Field({ label, schema: described.get(`${path}/${end}`).arguments[0], send: (value) => put(`${path}/${end}`, value), compact, after });
    found.set(`${path}/${end}`, field);
    return field;
  };
  const range = make("p", { className: "hint" });
  for (const channel of channels) {
    const field = time(`current_time/${channel}`, `Integration time, ${serial}, ${channel}`, true);
    inUse.push(field);
    const state = make("p", { className: "hint" }), known = { state: "n", peak: null };
    const tell = () => {
      state.textContent = known.state === "s" && known.peak !== null ? `found automatically, peak ${Math.round(known.peak)} % of saturation` : FOUND[known.state] ?? known.state;
      state.className = known.state === "f" ? "problem" : "hint";
    };
    watch(found, `${path}/autointegration/${channel}`, (value) => { known.state = value; tell(); });
    watch(found, `${path}/achieved/${channel}`, (value) => { known.peak = value; tell(); });
    rows.push(make("tr", {}, make("th", { textContent: channel, scope: "row" }), make("td", {}, field.element, state)));
  }
  const least = time("min_time", "Shortest allowed"), most = time("max_time", "Longest allowed");
  const narrow = () => {
    const known = { minimum: limits.min_time, maximum: limits.max_time };
    inUse.forEach((field) => field.limit(known));
    range.textContent = known.minimum === undefined || known.maximum === undefined ? "" : `Allowed: ${known.minimum} to ${known.maximum} ms`;
  };
  for (const [end, field] of [["min_time", least], ["max_time", most]]) {
    watch(found, `${path}/${end}`, (value) => { limits[end] = value; field.set(value); narrow(); }, field);
  }
  const reason = make("p", { className: "problem" });
  watch(found, `${path}/status`, async (value) => {
    try {
      const [info, why] = await Promise.all([get(`${path}/info`), get(`${path}/reason`)]);
      reason.textContent = value < 6 ? `Not ready. ${why ?? ""}` : "";
      if (info) for (const field of [least, most]) field.limit({ minimum: info.min_integration_time, maximum: info.max_integration_time });
    } catch { /* the line at the top says so */ }
  });
  const head = make("tr", {}, ...["Channel", "Integration time"].map((textContent) => make("th", { textContent, scope: "col" })));
  return make("section", { className: "card" }, make("h2", { textContent: `Integration times, ${serial}` }), reason,
    make("table", { className: "times" }, make("thead", {}, head), make("tbody", {}, ...rows)), range,
    make("div", { className: "pair" }, least.element, most.element));
}

const watch = (found, path, set, field = null) =>
  found.set(path, { set, enter: () => field?.enter() ?? true, focus: () => field?.focus() });
