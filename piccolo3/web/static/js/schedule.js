// Jobs, what comes next, and quiet time.
import { call, describe, get, mayOperate, optional, put } from "./api.js";
import { follow } from "./events.js";
import { Field, make } from "./fields.js";
import { begun, showConnection } from "./frame.js";
import { jobForm } from "./job.js";
import { duration, moment } from "./units.js";

const at = (id) => document.getElementById(id);
const DAYS = 3, DAY = 86400000;
const TASKS = { record: "record", dark: "record a dark", auto: "find integration times", power_on: "spectrometers on", power_off: "spectrometers off" };
const root = "control/scheduler";
let change = () => {}; // begins to change a job

function due(when) {
  const end = when.end ? `, until ${moment(when.end)}` : "";
  if (when.kind === "once") return `once, ${moment(when.at)}`;
  if (when.kind === "every") return `every ${duration(when.seconds)} from ${moment(when.start)}${end}`;
  if (when.kind === "cron") return `${when.expression} (${when.timezone ?? "UTC"})${end}`;
  const high = typeof when.elevation === "number" ? `the sun is above ${when.elevation}°` : "the sun is up";
  return `every ${duration(when.seconds)} while ${high}${end}`;
}

async function act(name, jid) {
  at("answer").textContent = "";
  try {
    await call(`${root}/${name}`, { jid });
  } catch (problem) {
    at("answer").textContent = problem.message;
  }
}

function item(job) {
  const button = (textContent, press) => make("button", { type: "button", textContent, disabled: !mayOperate, onclick: press });
  const title = job.name || `Job ${job.id}`, run = job.parameters.run ? ` into ${job.parameters.run}` : "";
  const state = job.status === "suspended" ? "Suspended." : job.next ? `Next: ${moment(job.next)}.` : "No start to come.";
  const failed = job.failures ? [make("p", { className: "problem", textContent: `It has failed ${job.failures} times since it succeeded last.` })] : [];
  return make("li", {}, make("h3", { textContent: title }),
    make("p", { className: "hint", textContent: `${TASKS[job.task] ?? job.task}${run}, ${due(job.when)}. ${state}` }), ...failed,
    make("div", { className: "tools" }, button("Do it now", () => act("run_now", job.id)),
      job.status === "suspended" ? button("Go on", () => act("unsuspend", job.id)) : button("Suspend", () => act("suspend", job.id)),
      button("Change", () => change(job)),
      button("Delete", () => { if (confirm(`Delete ${title}? It can't be brought back.`)) act("delete", job.id); })));
}

async function jobs() {
  const found = [];
  let after = null;
  do {
    const page = await question("list", { after, limit: 100 });
    found.push(...page.jobs);
    after = page.cursor;
  } while (after !== null);
  at("jobs").replaceChildren(...(found.length ? found.map(item) : [make("li", { className: "hint", textContent: "There are no jobs." })]));
}

const question = (name, named) => call(`${root}/${name}`, named);

/** A line for each of the coming days, with a mark for each start; and the first ones in words. */
async function coming() {
  const starts = await question("starts", { count: 300 }), midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const lines = Array.from({ length: DAYS }, (_, index) => {
    const begin = new Date(midnight), end = new Date(midnight);
    begin.setDate(begin.getDate() + index);
    end.setDate(end.getDate() + index + 1);
    const here = starts.filter(({ time }) => Date.parse(time) >= begin && Date.parse(time) < end);
    const track = make("div", { className: "track" }, ...here.map((one) => {
      const mark = make("span", { className: one.skipped ? "mark skipped" : "mark" });
      mark.style.left = `${(100 * (Date.parse(one.time) - begin)) / (end - begin)}%`;
      return mark;
    }));
    const name = begin.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
    const last = starts.length === 300 && Date.parse(starts[299].time) < end ? " or more" : "";
    track.setAttribute("role", "img");
    track.setAttribute("aria-label", `${name}: ${here.length}${last} starts`);
    return make("div", { className: "day" }, make("span", { textContent: name }), track, make("span", { className: "hint", textContent: `${here.length}${last}` }));
  });
  at("days").replaceChildren(...lines, make("p", { className: "hint", textContent: "Each line is a day, from midnight to midnight, local time, with a line every 6 h." }));
  at("starts").replaceChildren(...starts.slice(0, 8).map((one) => make("li", { textContent: `${moment(one.time)}: ${one.name || TASKS[one.task] || one.task}${one.skipped ? `, not done: ${one.skipped}` : ""}` })));
}

let soon;
function renew() {
  soon ??= setTimeout(async () => {
    soon = undefined;
    try {
      await Promise.all([jobs(), coming()]);
    } catch (problem) {
      at("answer").textContent = problem.message;
    }
  }, 200);
}

const handlers = new Map([
  [`${root}/jobs`, renew], [`${root}/next`, renew], [`${root}/last_run`, renew],
  [`${root}/halt`, (value) => {
    at("halt").hidden = at("resume").hidden = !value;
    at("halt").textContent = value ? `No job is started since ${moment(value.since)}: ${value.reason.replaceAll("_", " ")}.` : "";
  }],
]);

for (const name of ["quietTimeEnabled", "powerOffEnabled"]) {
  let known = false;
  at(name).addEventListener("change", async () => {
    at("quiet-answer").textContent = "";
    try {
      await put(`${root}/${name}`, at(name).checked);
    } catch (problem) {
      at("quiet-answer").textContent = problem.message;
      at(name).checked = known;
    }
  });
  handlers.set(`${root}/${name}`, (value) => { known = at(name).checked = value; });
}

function quiet(described) {
  const parts = [["quietStart", "Begins (UTC)", "HH:MM:SS"], ["quietEnd", "Ends (UTC)", "HH:MM:SS, over midnight if before the begin"], ["powerDelay", "Power delay", "off so long after the begin, on so long before the end"]];
  at("quiet").replaceChildren(...parts.map(([name, label, hint]) => {
    const path = `${root}/${name}`, field = new Field({ label, hint, schema: described.get(path).arguments[0], send: (value) => put(path, value) });
    handlers.set(path, (value) => field.set(typeof value === "string" ? value.slice(0, 8) : value)); // without +0000: the label says UTC
    return field.element;
  }));
}

at("resume").addEventListener("click", async () => {
  try {
    await put(`${root}/enabled`, true);
  } catch (problem) {
    at("answer").textContent = problem.message;
  }
});
at("job").addEventListener("submit", (event) => event.preventDefault());

async function begin() {
  const [described, recipes] = await Promise.all([describe(), optional(get("control/recipes"))]);
  quiet(described);
  change = jobForm(at("job"), described.get(`${root}/add`), recipes ?? {});
  follow([...handlers.keys()], (path, value, error) => { if (error === undefined) handlers.get(path)?.(value); }, showConnection);
  setInterval(renew, DAY / 24); // the days go on
}
begun(begin);
