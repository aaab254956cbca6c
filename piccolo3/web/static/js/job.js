// The form for a new job.
import { call } from "./api.js";
import { Field, make } from "./fields.js";

const at = (id) => document.getElementById(id);
const KINDS = [["sun", "While the sun is up"], ["every", "In intervals"], ["once", "Once"], ["cron", "By a cron expression"]];
const TASKS = [["record", "Record a batch"], ["dark", "Record a dark"], ["auto", "Find integration times"], ["power_on", "Spectrometers on"], ["power_off", "Spectrometers off"]];
const NEEDS = { sun: ["minutes", "elevation", "end"], every: ["minutes", "start", "end"], once: ["at"], cron: ["expression", "timezone", "end"] };

/** A time of the clock on the wall; its value has an offset, null where none was given. */
function date(label, hint) {
  const id = `date-${label.replaceAll(" ", "-")}`, input = make("input", { id, type: "datetime-local" }), problem = make("p", { className: "problem" });
  return {
    element: make("div", { className: "field" }, make("label", { htmlFor: id, textContent: label }), make("div", { className: "entry" }, input), make("p", { className: "hint", textContent: hint }), problem),
    get value() { return input.value ? new Date(input.value).toISOString() : null; },
    wrong: (text) => { problem.textContent = text; },
    focus: () => input.focus(),
  };
}

export function jobForm(host, described, recipes) {
  const known = new Map(described.arguments.map((argument) => [argument.name, { ...argument, type: [argument.type].flat().find((type) => type !== "null") }]));
  const choose = (label, options, after = () => {}) => {
    const field = new Field({ label, schema: { type: "string" }, options, after });
    field.set(options[0][0]);
    return field;
  };
  const text = (label, name, more = {}) => new Field({ label, schema: { ...known.get(name), ...more } });
  const parts = {
    name: text("Name", "name"),
    task: choose("What", TASKS, seen),
    recipe: choose("Recipe", [["", "None: the settings as they are now"], ...Object.keys(recipes).map((name) => [name, name])]),
    run: text("Name of the run", "run"),
    nsequence: text("Sequences", "nsequence"),
    kind: choose("When", KINDS, seen),
    minutes: new Field({ label: "Every", schema: { type: "number", minimum: 0.1, unit: "min" } }),
    elevation: new Field({ label: "Sun at least this high", schema: { type: "number", minimum: -90, maximum: 90, unit: "°" }, hint: "empty: from sunrise to sunset" }),
    start: date("From", "local time; empty: from now on"),
    at: date("At", "local time"),
    expression: new Field({ label: "Expression", schema: { type: "string", maxLength: 500 }, hint: "minute, hour, day, month, weekday: 0 12 * * *" }),
    timezone: new Field({ label: "Time zone", schema: { type: "string", maxLength: 64 }, hint: "like Europe/Berlin" }),
    end: date("Until", "local time; empty: for ever"),
  };
  parts.minutes.set(10);
  parts.timezone.set("UTC");

  function seen() {
    const needed = NEEDS[parts.kind.value], records = parts.task.value === "record";
    for (const name of ["minutes", "elevation", "start", "at", "expression", "timezone", "end"]) parts[name].element.hidden = !needed.includes(name);
    parts.run.element.hidden = !["record", "dark"].includes(parts.task.value);
    parts.recipe.element.hidden = !records || !Object.keys(recipes).length;
    parts.nsequence.element.hidden = !records;
  }
  seen();
  host.replaceChildren(...Object.values(parts).map(({ element }) => element));

  /** The value of a field, null where nothing is in it; a mistake is shown there, and thrown. */
  function value(name) {
    const field = parts[name];
    if (field.element.hidden || field.isEmpty) return null;
    try {
      const found = field.value;
      field.wrong("");
      return found === "" ? null : found;
    } catch (problem) {
      field.wrong(problem.message);
      field.focus();
      throw new Error("A field is not right.", { cause: problem });
    }
  }

  function when() {
    const kind = value("kind"), end = value("end"), rest = end === null ? {} : { end };
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
    if (kind === "cron") return { kind, expression: need("expression", "Give an expression."), timezone: value("timezone") ?? "UTC", ...rest };
    const seconds = 60 * need("minutes", "Give a number.");
    if (kind === "every") return { kind, seconds, start: value("start") ?? new Date().toISOString(), ...rest };
    const elevation = value("elevation");
    return { kind, seconds, ...(elevation === null ? {} : { elevation }), ...rest };
  }

  at("add").addEventListener("click", async () => {
    at("added").className = "";
    try {
      const named = Object.fromEntries(["name", "task", "recipe", "run", "nsequence"].map((name) => [name, value(name)]));
      const job = await call("control/scheduler/add", { ...named, when: when() });
      at("added").textContent = `Job ${job.id} is there${job.next ? "" : ", but it will never start"}.`;
    } catch (problem) {
      at("added").className = "problem";
      at("added").textContent = problem.message;
    }
  });
}
