// The form for a new job, and for one that is to be changed.
import { call, mayOperate } from "./api.js";
import { Field, make } from "./fields.js";

const at = (id) => document.getElementById(id);
const KINDS = [["sun", "While the sun is up"], ["every", "In intervals"], ["once", "Once"], ["cron", "By a cron expression"]];
const TASKS = [["record", "Record a batch"], ["dark", "Record a dark"], ["auto", "Find integration times"], ["power_on", "Spectrometers on"], ["power_off", "Spectrometers off"]];
const NEEDS = { sun: ["minutes", "elevation", "rise", "set", "end"], every: ["minutes", "start", "end"], once: ["at"], cron: ["expression", "timezone", "end"] };
const WHEN = ["minutes", "elevation", "rise", "set", "start", "at", "expression", "timezone", "end"];
const NEW = { title: "New job", button: "Add the job", recipe: "None: the settings as they are now", settings: "Settings of the batch (empty: as they are now)" };
const SETTINGS = { nsequence: ["Sequences", "sequences"], mode: ["Mode", "mode"], delay: ["Delay between sequences", "delay"], auto: ["Automatic integration: -1 never, 0 once, n every n-th", "autointegration"], target: ["Automatic integration aims at", "target"], averages: ["Exposures averaged", "averages"] }; // argument: label, and what it is called in a job
const two = (number) => String(number).padStart(2, "0");

/** As an input of local time has it, to the minute. */
function local(text) {
  const when = new Date(text);
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}T${two(when.getHours())}:${two(when.getMinutes())}`;
}

/** A time of the clock on the wall; its value has an offset. One that is not touched stays what it was, to the second. */
function date(label, hint) {
  const id = `date-${label.replaceAll(" ", "-")}`, input = make("input", { id, type: "datetime-local", disabled: !mayOperate }), problem = make("p", { className: "problem" });
  let known = null;
  return {
    element: make("div", { className: "field" }, make("label", { htmlFor: id, textContent: label }), make("div", { className: "entry" }, input), make("p", { className: "hint", textContent: hint }), problem),
    get value() {
      if (!input.value) return null;
      return known && input.value === local(known) ? known : new Date(input.value).toISOString();
    },
    get isEmpty() { return !input.value; },
    set: (value) => { known = value; input.value = value ? local(value) : ""; },
    reset: () => { problem.textContent = ""; },
    wrong: (text) => { problem.textContent = text; },
    focus: () => input.focus(),
  };
}

/** Returns the function that begins to change a job. */
export function jobForm(host, described, recipes) {
  const known = new Map(described.arguments.map((argument) => [argument.name, { ...argument, type: [argument.type].flat().find((type) => type !== "null") }]));
  const choose = (label, options, after = () => {}) => new Field({ label, schema: { type: "string" }, options, after });
  const setting = ([name, [label]]) => {
    const schema = known.get(name), all = schema.enum?.filter((one) => one !== null);
    return [name, new Field({ label, schema, options: all ? [["", ""], ...all.map((one) => [one, one.replaceAll("_", " ")])] : null })];
  };
  const minutes = (label, hint, more = {}) => new Field({ label, hint, schema: { type: "number", unit: "min", ...more } });
  const parts = {
    name: new Field({ label: "Name", schema: known.get("name") }),
    task: choose("What", TASKS, seen),
    recipe: choose("Recipe", [["", NEW.recipe], ...Object.keys(recipes).map((name) => [name, name])]),
    run: new Field({ label: "Name of the run", schema: known.get("run") }),
    kind: choose("When", KINDS, seen),
    minutes: minutes("Every", "", { minimum: 0.1 }),
    elevation: new Field({ label: "Sun at least this high", schema: { type: "number", minimum: -90, maximum: 90, unit: "°" }, hint: "empty: from sunrise to sunset" }),
    rise: minutes("Begins after sunrise", "negative: before it", { minimum: -1440, maximum: 1440 }),
    set: minutes("Ends after sunset", "negative: before it", { minimum: -1440, maximum: 1440 }),
    start: date("From", "local time; empty: from now on"),
    at: date("At", "local time"),
    expression: new Field({ label: "Expression", schema: { type: "string", maxLength: 500 }, hint: "minute, hour, day, month, weekday: 0 12 * * *" }),
    timezone: new Field({ label: "Time zone", schema: { type: "string", maxLength: 64 }, hint: "like Europe/Berlin" }),
    end: date("Until", "local time; empty: for ever"),
    ...Object.fromEntries(Object.entries(SETTINGS).map(setting)),
  };
  const summary = make("summary", { textContent: NEW.settings }), quiet = make("input", { type: "checkbox", disabled: !mayOperate });
  const also = make("div", { className: "choices checks" }, make("label", {}, quiet, make("span", { textContent: "Also in the quiet time" })));
  const settings = make("details", {}, summary, ...Object.keys(SETTINGS).map((name) => parts[name].element));
  const own = Object.entries(parts).filter(([name]) => !(name in SETTINGS)).map(([, { element }]) => element);
  host.replaceChildren(...own, also, settings);
  let changed = null; // the job that is being changed

  function seen() {
    const needed = NEEDS[parts.kind.value], records = parts.task.value === "record";
    for (const name of WHEN) parts[name].element.hidden = !needed.includes(name);
    parts.run.element.hidden = !["record", "dark"].includes(parts.task.value);
    parts.recipe.element.hidden = !records || !Object.keys(recipes).length;
    settings.hidden = !records;
  }

  /** What the fields show: a new job, or that one. */
  function show(job) {
    changed = job;
    const { when = {}, parameters = {} } = job ?? {}, inMinutes = (seconds) => (typeof seconds === "number" ? seconds / 60 : null);
    const values = {
      name: job?.name ?? "", task: job?.task ?? "record", recipe: "", run: parameters.run ?? "", kind: when.kind ?? "sun",
      minutes: inMinutes(when.seconds) ?? 10, elevation: when.elevation ?? null, rise: inMinutes(when.rise_offset) || null, set: inMinutes(when.set_offset) || null,
      start: when.start ?? null, at: when.at ?? null, expression: when.expression ?? "", timezone: when.timezone ?? "UTC", end: when.end ?? null,
      ...Object.fromEntries(Object.entries(SETTINGS).map(([name, [, inJob]]) => [name, parameters[inJob] ?? (known.get(name).enum ? "" : null)])),
    };
    for (const [name, value] of Object.entries(values)) {
      parts[name].set(value);
      parts[name].reset();
    }
    quiet.checked = job?.ignores_quiet_time ?? false;
    parts.task.enable(!job);
    parts.recipe.element.querySelector("option").textContent = job ? "None: the settings that it has" : NEW.recipe;
    summary.textContent = job ? "Settings of the batch" : NEW.settings;
    at("new").textContent = job ? `Change ${job.name || `job ${job.id}`}` : NEW.title;
    at("add").textContent = job ? "Keep the changes" : NEW.button;
    at("leave").hidden = !job;
    seen();
  }

  /** The value of a field, null where nothing is in it; a mistake is shown there, and thrown. */
  function value(name) {
    const field = parts[name];
    if (field.element.hidden || field.isEmpty) return null;
    try {
      const found = field.value;
      field.wrong("");
      return found === "" ? null : found;
    } catch (problem) {
      if (name in SETTINGS) settings.open = true;
      field.wrong(problem.message);
      field.focus();
      throw new Error("A field is not right.", { cause: problem });
    }
  }

  function when() {
    const kind = value("kind"), end = value("end"), before = changed?.when.kind === kind ? changed.when : {};
    const need = (name, sentence) => {
      const found = value(name);
      if (found === null) {
        parts[name].wrong(sentence);
        parts[name].focus();
        throw new Error("A field is not right.");
      }
      return found;
    };
    if (kind === "once") return { kind, at: need("at", "Give a time.") };
    if (kind === "cron") return { ...before, kind, expression: need("expression", "Give an expression."), timezone: value("timezone") ?? "UTC", end };
    const seconds = 60 * need("minutes", "Give a number.");
    if (kind === "every") return { kind, seconds, start: value("start") ?? new Date().toISOString(), end };
    return { ...before, kind, seconds, elevation: value("elevation"), rise_offset: 60 * (value("rise") ?? 0), set_offset: 60 * (value("set") ?? 0), end };
  }

  async function send() {
    at("added").className = "";
    try {
      const given = Object.fromEntries(["recipe", "run", ...(settings.hidden ? [] : Object.keys(SETTINGS))].map((name) => [name, value(name)]));
      if (changed && given.recipe) for (const name of Object.keys(SETTINGS)) if (given[name] === (changed.parameters[SETTINGS[name][1]] ?? null)) given[name] = null; // the recipe's, then
      const named = { ...given, name: value("name") ?? "", when: when(), ignore_quiet_time: quiet.checked };
      const job = changed ? await call("control/scheduler/edit", { jid: changed.id, ...named }) : await call("control/scheduler/add", { ...named, task: value("task") });
      at("added").textContent = `Job ${job.id} is ${changed ? "changed" : "there"}${job.next ? "" : ", but it will never start"}.`;
      show(null);
    } catch (problem) {
      at("added").className = "problem";
      at("added").textContent = problem.message;
    }
  }

  show(null);
  at("add").addEventListener("click", send);
  at("leave").addEventListener("click", () => { show(null); at("added").textContent = ""; });
  return (job) => {
    show(job);
    at("added").textContent = "";
    parts.name.focus();
  };
}
