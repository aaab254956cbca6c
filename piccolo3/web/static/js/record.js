// Record a batch: its settings, integration times, and the buttons that begin and end it.
import { call, describe, get, mayOperate, optional, put } from "./api.js";
import { follow } from "./events.js";
import { Field, make } from "./fields.js";
import { begun, showConnection } from "./frame.js";
import { times } from "./times.js";
import { clock, duration, megabytes } from "./units.js";

const at = (id) => document.getElementById(id);
const say = (id, text) => { at(id).textContent = text; };
const AUTO = [[-1, "Never"], [0, "Once, before the first sequence"], ["n", "Before every n-th sequence"]];
const NAMES = { sequences: "sequences", autointegration: "automatic integration", delay: "delay", target: "target", mode: "mode", averages: "averages", integration_times: "integration times", burst: "burst", triggered: "triggers" };
const fields = new Map(); // by path
let recipes = {}, status = null, progress = null, run, recipe, every, lastPlan;

/** Choices with the words that the description has for them: "classic: darks first and last; ...". */
function choices({ enum: all }, text) {
  const words = new Map(text.split(";").map((part) => part.split(/:(.*)/s).map((piece) => piece.trim())));
  return all.map((one) => [one, words.has(one) ? `${one.replaceAll("_", " ")}: ${words.get(one)}` : one]);
}

function setting(described, path, label, more = {}) {
  if (!described.has(path)) return null; // another version
  const { arguments: [argument], text } = described.get(path);
  const options = argument.enum ? choices(argument, text) : null;
  const field = new Field({ label, schema: argument, options, send: (value) => put(path, value), after: plan, ...more });
  fields.set(path, field);
  return field;
}

/** Never, once, or every n-th: a choice, and a number where it needs one. */
function automatic(described) {
  const path = "control/autointegration", { arguments: [schema] } = described.get(path);
  const send = (value) => put(path, value);
  every = new Field({ label: "n", schema: { ...schema, minimum: 1 }, send, after: plan });
  every.element.hidden = true;
  const choice = new Field({
    label: "Automatic integration", schema: { type: "string" }, options: AUTO, after: plan,
    send: async (value) => {
      every.element.hidden = value !== "n";
      if (value === "n") await send(every.value > 0 ? every.value : 1);
      else await send(Number(value));
    },
  });
  fields.set(path, {
    set: (value) => {
      every.element.hidden = value < 1;
      choice.set(value < 1 ? value : "n");
      if (value > 0) every.set(value);
    },
    enter: async () => (await choice.enter()) && (every.element.hidden || every.enter()),
    focus: () => choice.focus(),
  });
  return [choice, every];
}

function form(described) {
  const batch = new Map(described.get("control/record_sequence").arguments.map((argument) => [argument.name, argument]));
  run = new Field({ label: "Name of the run", schema: { ...batch.get("run"), type: "string" }, hint: "spectra go into a folder of this name", waits: true, after: plan });
  fields.set("data_dir/current_run", run);
  const parts = [run];
  if (Object.keys(recipes).length) {
    const options = [["", "None: the settings below"], ...Object.keys(recipes).map((name) => [name, name])];
    recipe = new Field({ label: "Recipe", schema: { type: "string" }, options, after: () => { explain(); plan(); } });
    recipe.set("");
    parts.push(recipe);
  }
  parts.push(
    setting(described, "control/numSequences", "Sequences"),
    setting(described, "control/mode", "Mode"),
    setting(described, "control/delay", "Delay between sequences"),
    ...automatic(described),
    setting(described, "control/target", "Automatic integration aims at", { hint: "peak in % of saturation" }),
    setting(described, "control/averages", "Exposures averaged to a spectrum"),
  );
  at("settings").replaceChildren(...parts.filter(Boolean).map(({ element }) => element));
}

function explain() {
  const chosen = recipes[recipe.value];
  if (!chosen) {
    say("recipe", "");
    return;
  }
  const { description, ...given } = chosen;
  const texts = Object.entries(given).map(([name, value]) => (typeof value === "object" || value === true ? NAMES[name] ?? name : `${NAMES[name] ?? name} ${value}`));
  say("recipe", `${description ? `${description}. ` : ""}In place of the settings: ${texts.join(", ") || "nothing"}.`);
}

const wanted = () => ({
  run: run.value || null,
  recipe: recipe?.value || null,
  burst: at("burst").checked || null,
  triggered: at("triggered").checked || null,
});

/** What would become of it; asked once after several changes. */
function plan() {
  clearTimeout(lastPlan);
  if (!mayOperate || status !== "idle") return;
  lastPlan = setTimeout(async () => {
    try {
      const found = await call("control/plan", wanted());
      at("plan").dataset.state = found.warnings.length ? "warning" : "ok";
      say("plan", `This takes ${found.seconds < 1 ? "less than 1 s" : `about ${duration(found.seconds)}`}: ${found.spectra} spectra, ${found.bytes < 1e6 ? "less than 1 MB" : megabytes(found.bytes / 1e6)}.`);
      at("warnings").replaceChildren(...found.warnings.map((textContent) => make("li", { textContent })));
    } catch (problem) {
      at("plan").dataset.state = "failed";
      say("plan", problem.message);
      at("warnings").replaceChildren();
    }
  }, 400);
}

function buttons() {
  const idle = status === "idle", known = status !== null && mayOperate;
  for (const id of ["record", "dark", "auto"]) at(id).disabled = !known || !idle;
  for (const id of ["pause", "abort"]) at(id).disabled = !known || idle;
  say("pause", status === "paused" ? "Go on" : "Pause");
}

/** How far it is; what was aborted stays where it was, and has no time left. */
function advance() {
  if (progress === null) return;
  const { run: name, batch, sequence, sequences, step, steps, seconds_left: left, last_error: error } = progress;
  const bar = at("progress"), busy = status !== "idle" && step < steps;
  bar.hidden = !busy;
  bar.max = steps || 1;
  bar.value = step;
  const place = batch === null ? "" : `${name}, batch ${batch}, sequence ${sequence + 1} of ${sequences}`;
  say("where", busy && place ? `${place}, ${duration(left)} left` : place);
  at("last-error").hidden = !error;
  say("last-error", error ? `Last error: ${error}` : "");
}

const handlers = {
  "control/status": (value) => {
    status = value;
    say("status", value);
    buttons();
    advance();
    plan();
  },
  "control/progress": (value) => {
    progress = value;
    advance();
  },
  "control/outcome": (value) => say("outcome", value ? `Last: ${value.batch === null ? value.kind : `${value.run}, batch ${value.batch}`} ${value.result}, ${clock(value.ended)}${value.reason ? `. ${value.reason}` : ""}` : ""),
};

/** All fields are sent and right; else the first that is not has the focus. */
async function entered() {
  for (const field of fields.values()) {
    if (!(await field.enter())) {
      field.focus();
      say("answer", "Nothing was begun: a field is not right.");
      return false;
    }
  }
  return true;
}

function command(id, act, { sends = false } = {}) {
  at(id).addEventListener("click", async () => {
    say("answer", "");
    at(id).disabled = true;
    try {
      if (!sends || (await entered())) await act();
    } catch (problem) {
      say("answer", problem.message);
    }
    buttons();
  });
}

command("record", async () => {
  await call("control/record_sequence", wanted());
  for (const id of ["burst", "triggered"]) at(id).checked = false; // they were for this batch
  run.reset();
}, { sends: true });
command("dark", async () => {
  await call("control/record_dark", { run: run.value || null });
  run.reset();
}, { sends: true });
command("auto", () => call("control/auto"), { sends: true });
command("pause", () => call("control/pause"));
command("abort", () => call("control/abort"));
for (const id of ["burst", "triggered"]) at(id).addEventListener("change", plan);
at("settings").addEventListener("submit", (event) => event.preventDefault());

async function begin() {
  const [described, found] = await Promise.all([describe(), optional(get("control/recipes"))]);
  recipes = found ?? {};
  form(described);
  const own = times(at("times"), described, plan);
  for (const [path, show] of own) fields.set(path, show);
  const settings = new Map([...fields].map(([path, field]) => [path, (value) => { field.set(value); plan(); }]));
  const all = new Map([...settings, ...Object.entries(handlers)]);
  follow([...all.keys()], (path, value, error) => { if (error === undefined) all.get(path)?.(value); }, showConnection);
}
begun(begin);
