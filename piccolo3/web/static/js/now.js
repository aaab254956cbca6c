// The state of the rig at one glance.
import { get } from "./api.js";
import { follow } from "./events.js";
import { begun, showConnection } from "./frame.js";
import { duration, megabytes, moment, withUnit } from "./units.js";

const put = (id, text) => { document.getElementById(id).textContent = text; };
const STATES = ["", "not there", "powered off", "dropped out", "connecting", "disconnected", "ready", "recording", "finding integration times"];
const WORDS = { complete: "complete", aborted: "aborted", failed: "failed" };
const shown = new Map();
let names = [], status = null, progress = null;

const handlers = {
  "control/status": (value) => {
    status = value;
    put("status", value);
    if (progress) handlers["control/progress"](progress);
  },
  "control/progress": (value) => {
    progress = value;
    const bar = document.getElementById("progress");
    const busy = status !== "idle" && value.step < value.steps;
    bar.hidden = !busy;
    bar.max = value.steps || 1;
    bar.value = value.step;
    put("run", value.run ?? "–");
    put("sequence", value.batch === null ? "–" : `batch ${value.batch}, sequence ${value.sequence + 1} of ${value.sequences}`);
    put("left", busy ? duration(value.seconds_left) : "–");
    const line = document.getElementById("last-error");
    line.hidden = !value.last_error;
    line.textContent = value.last_error ? `Last error: ${value.last_error}` : "";
  },
  "control/outcome": (value) => put("outcome", value ? `${value.run}, batch ${value.batch}: ${WORDS[value.result] ?? value.result}${value.reason ? `, ${value.reason}` : ""}` : "none yet: record one on the page Record"),
  "control/scheduler/next": (value) => {
    const first = (value ?? []).find((one) => !one.skipped);
    put("next", first ? `${first.name || first.task}, ${moment(first.time)}` : "none: plan one on the page Schedule");
  },
  "control/scheduler/halt": (value) => put("halt", value ? `halted: ${value.reason.replaceAll("_", " ")}; start them again on the page Schedule` : "not halted"),
  "sysinfo/health": (value) => {
    const line = document.getElementById("health");
    line.dataset.state = value.status;
    line.textContent = value.status === "ok" ? "All is well" : "Look at this:";
    document.getElementById("sentences").replaceChildren(...value.sentences.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  },
  "sysinfo/housekeeping": (value) => {
    put("space", megabytes(value?.values.free_space));
    put("processor", withUnit(value?.values.cpu_temperature, "°C"));
  },
  "sysinfo/clock_status": (value) => put("clock", value.trusted ? `trusted${value.source === "none" ? "" : ` (${value.source})`}` : "not trusted: set it"),
};

/** A spectrometer or shutter: its state, and what its detector has, where there is one. */
function device(path, value) {
  const [kind, name, what] = path.split("/"), key = `${kind}/${name}`;
  const one = shown.get(key) ?? { name: name.replace(/^S_/, ""), state: "…", temperature: "" };
  if (what === "cooler") one.temperature = value.temperature === null ? "" : withUnit(value.temperature, "°C");
  else one.state = typeof value === "number" ? STATES[value] ?? `state ${value}` : String(value);
  shown.set(key, one);
  const rows = [...shown.values()].map(({ name: title, state, temperature }) => {
    const row = document.createElement("tr");
    for (const cell of [title, state, temperature]) row.append(Object.assign(document.createElement("td"), { textContent: cell }));
    return row;
  });
  document.getElementById("devices").replaceChildren(...rows);
}

let stop = () => {};
async function begin() {
  const [spectrometers, shutters] = await Promise.all([get("spectrometer/spectrometers"), get("shutter/shutters")]);
  names = [...spectrometers.flatMap((name) => [`spectrometer/${name}/status`, `spectrometer/${name}/cooler`]), ...shutters.map((name) => `shutter/${name}/status`)];
  stop();
  stop = follow([...Object.keys(handlers), ...names], (path, value, error) => {
    if (error === undefined) (handlers[path] ?? ((found) => device(path, found)))(value);
  }, showConnection);
}
begun(begin);
