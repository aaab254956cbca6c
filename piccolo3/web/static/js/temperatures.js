// Detectors: how warm they are and were, and their coolers.
import { ask, get, mayOperate, put } from "./api.js";
import { follow } from "./events.js";
import { Field, make } from "./fields.js";
import { showConnection } from "./frame.js";
import { Plot } from "./plot.js";
import { withUnit } from "./units.js";

const MEASURED = 10000; // ms between measurements of an idle detector; the rig does not tell of each
const PAGES = 20;
const plot = new Plot(document.getElementById("plot"));
const handlers = new Map(), renewals = [];
let asked = 0;

function card(name, described) {
  const path = `spectrometer/${name}`, [setPoint] = described.get(`${path}/target_temperature`).arguments;
  const now = make("p", { className: "big", textContent: "…" }), state = make("p", { className: "hint" });
  const problem = make("p", { className: "problem" });
  problem.setAttribute("role", "alert");
  const box = make("input", { type: "checkbox", disabled: !mayOperate });
  const choice = make("div", { className: "choices checks" }, make("label", {}, box, make("span", { textContent: "Cooler on" })));
  const field = new Field({ label: "Cools to", schema: setPoint, send: (value) => put(`${path}/target_temperature`, value), after: renew });
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
  async function renew() {
    try {
      const [cooler, have] = await Promise.all([get(`${path}/cooler`), get(`${path}/haveTEC`)]);
      controls.hidden = have !== true;
      now.textContent = withUnit(cooler.temperature, "°C");
      const parts = [];
      if (have === false) parts.push("It has no cooler.");
      if (have && cooler.enabled) parts.push(cooler.settled ? "Settled." : "Not settled yet.");
      if (cooler.age > 30) parts.push(`Measured ${Math.round(cooler.age)} s ago.`);
      if (cooler.temperature === null) parts.push("No temperature is known.");
      state.textContent = parts.join(" ");
    } catch { /* the line at the top says so */ }
  }
  handlers.set(`${path}/TECenabled`, (value) => { on = box.checked = value; renew(); });
  handlers.set(`${path}/target_temperature`, (value) => { field.set(value); renew(); });
  handlers.set(`${path}/status`, renew);
  renewals.push(renew);
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

async function history() {
  const mine = asked += 1, hours = Number(document.querySelector('input[name="hours"]:checked').value);
  const answer = document.getElementById("answer");
  try {
    const found = await samples(new Date(Date.now() - hours * 3.6e6).toISOString());
    if (mine !== asked) return;
    const x = found.map(({ time }) => Date.parse(time) / 1000), names = [...new Set(found.flatMap(({ values }) => Object.keys(values).filter((name) => values[name] !== null)))].sort();
    const curves = names.map((name, index) => ({ name: name.split("/")[1] ?? name, x, y: found.map(({ values }) => values[name] ?? null), colour: `--curve-${(index % 5) + 1}`, dash: index >= 5 }));
    plot.show(curves, { quantity: "Temperature", unit: "°C", time: true, fit: true });
    answer.textContent = curves.length ? "" : "Nothing was measured in that time.";
  } catch (problem) {
    answer.textContent = problem.message;
  }
}

async function begin() {
  try {
    const description = await get(""), described = new Map(description.resources.map((one) => [one.path, one]));
    const names = [...described.keys()].map((path) => /^spectrometer\/([^/]+)\/cooler$/.exec(path)?.[1]).filter(Boolean);
    document.getElementById("coolers").replaceChildren(...names.map((name) => card(name, described)));
  } catch (problem) {
    showConnection(false, problem.message);
    setTimeout(begin, 2000);
    return;
  }
  follow([...handlers.keys()], (path, value, error) => { if (error === undefined) handlers.get(path)?.(value); }, showConnection);
  setInterval(() => { if (!document.hidden) renewals.forEach((renew) => renew()); }, MEASURED);
  setInterval(() => { if (!document.hidden) history(); }, 60000);
  history();
}
for (const radio of document.querySelectorAll('input[name="hours"]')) radio.addEventListener("change", history);
begin();
