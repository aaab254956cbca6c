// All rigs at one glance.
import { makeSafe, mayOperate } from "./api.js";
import { followAll } from "./events.js";
import { duration, megabytes, moment } from "./units.js";

const cards = new Map([...document.querySelectorAll("[data-rig]")].map((card) => [card.dataset.rig, new Map([...card.querySelectorAll("[data-is]")].map((one) => [one.dataset.is, one]))]));

const handlers = {
  "control/status": (parts, value) => { parts.get("status").textContent = value; },
  "control/progress": (parts, value) => {
    const bar = parts.get("progress"), busy = value.steps > 0 && value.step < value.steps;
    bar.hidden = !busy;
    bar.max = value.steps || 1;
    bar.value = value.step;
    parts.get("answer").textContent = busy ? `${value.run ?? ""}, ${duration(value.seconds_left)} left` : value.last_error ? `Last error: ${value.last_error}` : "";
  },
  "control/outcome": (parts, value) => { parts.get("outcome").textContent = value ? `${value.run ?? value.kind}: ${value.result}, ${moment(value.ended)}` : "none yet"; },
  "control/scheduler/next": (parts, value) => {
    const first = (value ?? []).find((one) => !one.skipped);
    parts.get("next").textContent = first ? `${first.name || first.task}, ${moment(first.time)}` : "none";
  },
  "sysinfo/health": (parts, value) => {
    parts.get("health").dataset.state = value.status;
    parts.get("health").textContent = value.status === "ok" ? "All is well" : `${value.status}: ${value.sentences[0] ?? ""}${value.sentences.length > 1 ? ` (and ${value.sentences.length - 1} more)` : ""}`;
  },
  "sysinfo/housekeeping": (parts, value) => { parts.get("space").textContent = megabytes(value?.values.free_space); },
};

function lost(name, connected, reason) {
  for (const [rig, parts] of cards) {
    if (name !== null && rig !== name) continue; // null: all, for the web server is gone
    parts.get("lost").hidden = connected;
    parts.get("lost").textContent = connected ? "" : `No connection. What is shown is old. ${reason ?? ""}`;
  }
}

for (const [name, parts] of mayOperate ? cards : []) {
  const button = parts.get("safe"), answer = parts.get("answer");
  button.addEventListener("click", () => makeSafe(name, button, answer));
}

followAll(Object.keys(handlers), (name, path, value, error) => {
  const parts = cards.get(name);
  if (parts && error === undefined) handlers[path]?.(parts, value);
}, lost);
