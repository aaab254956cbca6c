// What the rig is made of, how its parts are, and what has happened.
import { ask, call, get, optional, put } from "./api.js";
import { follow } from "./events.js";
import { make } from "./fields.js";
import { begun, showConnection } from "./frame.js";
import { clock, moment, withUnit } from "./units.js";

const at = (id) => document.getElementById(id);
const say = (id, text) => { at(id).textContent = text; };
const row = (...texts) => make("tr", {}, ...texts.map((textContent) => make("td", { textContent: textContent ?? "–" })));
const STATES = ["", "not there", "powered off", "dropped out", "connecting", "disconnected", "ready", "recording", "finding integration times"];
const CHECKS = { waiting: "has not begun", running: "under way", complete: "done", failed: "failed" };
const tally = (counts) => Object.entries(counts ?? {}).filter(([, many]) => many).map(([what, many]) => `${what.replaceAll("_", " ")}: ${many}`).join(", ");
const parts = new Map([["Writer", {}], ["Check of the files", {}], ["Trigger", {}], ["GPS", {}]]); // what works beside the devices

const handlers = {
  "sysinfo/health": (value) => {
    at("health").dataset.state = value.status;
    say("health", value.status === "ok" ? "All is well" : "Look at this:");
    at("sentences").replaceChildren(...value.sentences.map((textContent) => make("li", { textContent })));
    news();
  },
  "sysinfo/clock_status": (value) => {
    at("clock").dataset.state = value.trusted && value.source !== "none" ? "ok" : "warn";
    say("clock", value.sentence || (value.trusted ? "It can be trusted." : "It is not trusted: set it."));
    difference();
  },
  "sysinfo/position": ({ source, latitude, longitude, altitude, gps }) => {
    say("position", source === null ? "not known"
      : `${withUnit(latitude, "°", 5)}, ${withUnit(longitude, "°", 5)}${typeof altitude === "number" ? `, ${withUnit(altitude, "m", 0)}` : ""} (${source})`);
    part("GPS", { state: gps });
  },
  "sysinfo/housekeeping": (value) => {
    const many = value?.values.write_queue;
    part("Writer", { state: many === undefined || many === null ? "…" : many ? `${many} sequences wait for the disk` : "nothing waits for the disk" });
  },
  "data_dir/check": ({ state, done, total, found }) => part("Check of the files", {
    state: state === "running" && total ? `${CHECKS.running}, ${done} of ${total}` : CHECKS[state] ?? state,
    why: tally(found),
  }),
  "control/trigger": ({ reason, seen }) => part("Trigger", { state: reason === null ? `ready, ${seen} seen` : "not in use", why: reason ?? "" }),
  "control/outcome": () => news(),
};

function part(name, news) {
  parts.set(name, { ...parts.get(name), ...news });
  at("devices").replaceChildren(...[...parts].map(([title, { state, why, lived }]) => row(title, state ?? "…", [why, lived].filter(Boolean).join("; ") || "–")));
}

/** A spectrometer or shutter: its state, what is wrong with it, and what it has been through. */
async function device(path, value) {
  const [kind, name] = path.split("/"), title = name.replace(/^S_/, ""), own = `${kind}/${name}`;
  part(title, { state: typeof value === "number" ? STATES[value] ?? `state ${value}` : String(value) });
  try {
    const [why, lived] = await Promise.all([get(`${own}/reason`), get(`${own}/${kind === "shutter" ? "operations" : "recovery"}`)]);
    part(title, { why, lived: typeof lived === "number" ? `moved ${lived} times` : tally(lived) });
  } catch { /* another version of the rig may not have it, or the line at the top says so */ }
}

async function difference() {
  try {
    const before = Date.now(), text = await get("sysinfo/clock"), now = (before + Date.now()) / 2;
    const seconds = (Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`) - now) / 1000;
    say("difference", `It shows ${moment(text)}; that is ${Math.abs(seconds) < 1 ? "the time of this device" : `${withUnit(Math.abs(seconds), "s", 0)} ${seconds > 0 ? "ahead of" : "behind"} this device`}.`);
  } catch { /* the line at the top says so */ }
}

at("set-clock").addEventListener("click", async () => {
  try {
    await put("sysinfo/clock", new Date().toISOString());
    say("clock-answer", "Set.");
  } catch (problem) {
    say("clock-answer", `Not set: ${problem.message}`);
  }
  difference();
});

/** Something has happened. Who has gone further down is not disturbed. */
function news() {
  if (at("events").children.length <= 20) events(false);
  if (at("log").children.length <= 50) log(false);
}

let further = null, turn = 0;
async function events(more) {
  const mine = turn += 1;
  try {
    const found = await ask("events", { limit: 20, cursor: more ? further : null });
    if (mine !== turn) return;
    const rows = found.events.map((one) => row(moment(one.time), String(one.level).toLowerCase(), one.source, one.message));
    if (more) at("events").append(...rows);
    else at("events").replaceChildren(...(rows.length ? rows : [row("Nothing yet.")]));
    further = found.cursor;
    at("more-events").hidden = !further;
  } catch { /* the line at the top says so */ }
}

let before = null;
async function log(more) {
  try {
    const found = await call("sysinfo/log", { limit: 50, level: at("level").value, before: more ? before : null });
    const rows = found.lines.map((one) => row(clock(one.time), one.level, one.source, one.message));
    if (more) at("log").append(...rows);
    else at("log").replaceChildren(...rows);
    before = found.cursor;
    at("more-log").hidden = before === null;
    say("log-answer", at("log").children.length ? "" : "Nothing was logged at this level or above it.");
  } catch (problem) {
    say("log-answer", problem.message);
  }
}

async function configuration() {
  const rows = [];
  let cursor = null;
  do {
    const found = await call("sysinfo/configuration", { limit: 200, cursor });
    rows.push(...found.settings.map((one) => row(...one.map((part) => (part === null || typeof part !== "object" ? String(part ?? "–") : Array.isArray(part) ? part.join(", ") : JSON.stringify(part))))));
    cursor = found.cursor;
  } while (cursor !== null);
  at("configuration").replaceChildren(...rows);
}

at("more-events").addEventListener("click", () => events(true));
at("more-log").addEventListener("click", () => log(true));
for (const [id, name] of [["renew-log", "click"], ["level", "change"]]) at(id).addEventListener(name, () => log(false));

async function begin() {
  const [host, version, started, spectrometers, shutters] = await Promise.all(
    ["sysinfo/host", "sysinfo/version", "sysinfo/started", "spectrometer/spectrometers", "shutter/shutters"].map((path) => optional(get(path))));
  say("host", host);
  say("version", version);
  say("started", moment(started));
  const names = [...(spectrometers ?? []).map((name) => `spectrometer/${name}/status`), ...(shutters ?? []).map((name) => `shutter/${name}/status`)];
  follow([...Object.keys(handlers), ...names], (path, value, error) => {
    if (error === undefined) (handlers[path] ?? ((found) => device(path, found)))(value);
  }, showConnection);
  log(false);
  configuration().catch((problem) => say("configuration-answer", problem.message));
}
begun(begin);
