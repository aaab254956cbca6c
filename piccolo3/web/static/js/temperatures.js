// Detectors: how warm they are and were, and their coolers.
import { ask, describe, mayOperate, put } from "./api.js";
import { follow } from "./events.js";
import { Field, make } from "./fields.js";
import { begun, showConnection } from "./frame.js";
import { Plot } from "./plot.js";
import { withUnit } from "./units.js";

const PAGES = 20;
const plot = new Plot(document.getElementById("plot"));
const handlers = new Map([["sysinfo/housekeeping", added]]);
let kept = null, asked = 0; // samples, the oldest first

function card(name, described) {
  const path = `spectrometer/${name}`, [setPoint] = described.get(`${path}/target_temperature`).arguments;
  const now = make("p", { className: "big", textContent: "…" }), state = make("p", { className: "hint" });
  const problem = make("p", { className: "problem" });
  problem.setAttribute("role", "alert");
  const box = make("input", { type: "checkbox", disabled: !mayOperate });
  const choice = make("div", { className: "choices checks" }, make("label", {}, box, make("span", { textContent: "Cooler on" })));
  const field = new Field({ label: "Cools to", schema: setPoint, send: (value) => put(`${path}/target_temperature`, value) });
  const controls = make("div", { hidden: true }, choice, field.element);
  let on = false;
  box.addEventListener("change", async () => {
    problem.textContent = "";
    try {
      await put(`${path}/TECenabled`, box.checked);
    } catch (refused) {
      problem.textContent = refused.message;
      box.checked = on;
    }
  });
  handlers.set(`${path}/cooler`, (cooler) => {
    on = box.checked = cooler.enabled;
    controls.hidden = cooler.present !== true;
    now.textContent = withUnit(cooler.temperature, "°C");
    now.hidden = cooler.temperature === null;
    const parts = [];
    if (cooler.present === false) parts.push("It has no cooler.");
    if (cooler.enabled) parts.push(cooler.settled ? "Settled." : "Not settled yet.");
    if (cooler.temperature === null) parts.push("No temperature is known.");
    state.textContent = parts.join(" ");
  });
  handlers.set(`${path}/target_temperature`, (value) => field.set(value));
  return make("section", { className: "card" }, make("h2", { textContent: `Detector of ${name.replace(/^S_/, "")}` }), now, state, controls, problem);
}

/** Samples of housekeeping, the oldest first. */
async function samples(since) {
  const found = [];
  let cursor = null;
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await ask("housekeeping", { since, names: ["detector_temperature"], limit: 100, cursor });
    found.push(...answer.samples);
    cursor = answer.cursor;
    if (!cursor) break;
  }
  return found.reverse();
}

const hours = () => Number(document.querySelector('input[name="hours"]:checked').value);

async function history() {
  const mine = asked += 1;
  try {
    const found = await samples(new Date(Date.now() - hours() * 3.6e6).toISOString());
    if (mine !== asked) return;
    kept = found;
    draw();
  } catch (problem) {
    document.getElementById("answer").textContent = problem.message;
  }
}

/** A sample that the rig has just taken. */
function added(sample) {
  if (!kept || !sample || Date.parse(sample.time) <= Date.parse(kept.at(-1)?.time)) return;
  const values = Object.fromEntries(Object.entries(sample.values).filter(([name]) => name.startsWith("detector_temperature/")));
  const since = Date.parse(sample.time) - hours() * 3.6e6;
  kept = [...kept, { time: sample.time, values }].filter(({ time }) => Date.parse(time) >= since);
  draw();
}

function draw() {
  const x = kept.map(({ time }) => Date.parse(time) / 1000);
  const names = [...new Set(kept.flatMap(({ values }) => Object.keys(values).filter((name) => values[name] !== null)))].sort();
  const curves = names.map((name, index) => ({ name: name.split("/")[1] ?? name, x, y: kept.map(({ values }) => values[name] ?? null), colour: `--curve-${(index % 5) + 1}`, dash: index >= 5 }));
  plot.show(curves, { quantity: "Temperature", unit: "°C", time: true, fit: true });
  document.getElementById("answer").textContent = curves.length ? "" : "Nothing was measured in that time.";
}

async function begin() {
  const described = await describe();
  const names = [...described.keys()].map((path) => /^spectrometer\/([^/]+)\/cooler$/.exec(path)?.[1]).filter(Boolean);
  document.getElementById("coolers").replaceChildren(...names.map((name) => card(name, described)));
  follow([...handlers.keys()], (path, value, error) => { if (error === undefined) handlers.get(path)?.(value); }, (connected, reason, restarts) => {
    showConnection(connected, reason, restarts);
    if (connected) history(); // also after a loss: some was missed
  });
}
for (const radio of document.querySelectorAll('input[name="hours"]')) radio.addEventListener("change", history);
begun(begin);
