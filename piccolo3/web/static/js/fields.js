// Fields of forms, made from what the rig says of its values: limits are shown, and mistakes explained at the field.
import { mayOperate } from "./api.js";

let made = 0;
const SHORT = { "degrees C": "°C", degrees: "°" };
const kinds = (schema) => [schema.type].flat();
const bounds = ({ minimum, maximum }) => [minimum, maximum].map((value) => (typeof value === "number" ? value : null));

export function make(tag, more = {}, ...children) {
  const element = Object.assign(document.createElement(tag), more);
  element.append(...children);
  return element;
}

/** The limits in words. */
export function limits(schema) {
  const [low, high] = bounds(schema), unit = schema.unit ? ` ${schema.unit}` : "";
  if (low !== null && high !== null) return `${low} to ${high}${unit}`;
  if (low !== null) return `at least ${low}${unit}`;
  return high === null ? "" : `at most ${high}${unit}`;
}

/** The value that a text means; throws an Error with a sentence for people if it means none. */
export function parse(text, schema) {
  const given = text.trim(), types = kinds(schema), unit = schema.unit ? ` ${schema.unit}` : "";
  if (types.includes("number") || types.includes("integer")) {
    const value = Number(given.replace(",", "."));
    if (!given || !Number.isFinite(value)) throw new Error("Give a number.");
    if (!types.includes("number") && !Number.isInteger(value)) throw new Error("Give a whole number.");
    const [low, high] = bounds(schema);
    if (low !== null && value < low) throw new Error(`At least ${low}${unit}.`);
    if (high !== null && value > high) throw new Error(`At most ${high}${unit}.`);
    return value;
  }
  if (schema.format === "name") {
    if (!given) throw new Error("Give a name.");
    if (!/^[\p{L}\p{M}\p{Nd} ._+-]*$/u.test(given)) throw new Error("Only letters, digits, spaces and . _ - + are allowed.");
    if (given.startsWith(".")) throw new Error("A name does not start with a dot.");
  }
  if (schema.maxLength && [...given].length > schema.maxLength) throw new Error(`At most ${schema.maxLength} characters.`);
  return given;
}

const shown = (value) => (typeof value === "number" ? String(Number(value.toFixed(4))) : String(value ?? ""));

/**
 * A field with its label. `send(value)` is awaited when something was entered; without it the field just keeps it.
 * With `waits` nothing can be entered before `set` has told what there is: the first value would be mixed with it.
 * `options` ([value, text] each) make it a choice. In `compact` form the label is for screen readers only.
 */
export class Field {
  #input; #error; #hint; #schema; #send; #text; #known = null; #touched = false; #sending = null; #compact;

  constructor({ label, schema, send = null, hint = "", options = null, compact = false, waits = send !== null, after = () => {} }) {
    const id = `field-${made += 1}`, numeric = ["number", "integer"].some((kind) => kinds(schema).includes(kind));
    schema = { ...schema, unit: SHORT[schema.unit] ?? schema.unit };
    this.#schema = schema;
    this.#send = send;
    this.#text = hint;
    this.#compact = compact;
    if (options) this.#input = make("select", { id }, ...options.map(([value, textContent]) => make("option", { value: String(value), textContent })));
    else this.#input = make("input", { id, type: "text", autocomplete: "off", spellcheck: false, inputMode: numeric ? "decimal" : "text" });
    this.#input.disabled = !mayOperate || waits;
    this.#input.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
    this.#error = make("p", { id: `${id}-error`, className: "problem" });
    this.#error.setAttribute("role", "alert");
    this.#hint = make("p", { id: `${id}-hint`, className: compact ? "unseen" : "hint" });
    const unit = schema.unit && !options ? [make("span", { className: "unit", textContent: schema.unit })] : [];
    this.element = make("div", { className: numeric && !options ? "field numeric" : "field" },
      make("label", { htmlFor: id, textContent: label, className: compact ? "unseen" : "" }),
      make("div", { className: "entry" }, this.#input, ...unit), this.#hint, this.#error);
    this.limit({});
    this.#input.addEventListener("input", () => { this.#touched = true; });
    this.#input.addEventListener("change", async () => {
      if (this.#input.value !== shown(this.#known)) this.#touched = true; // not every choice comes with `input`
      await this.enter();
      after();
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.reset();
      if (event.key === "Enter" && this.#touched) this.#input.dispatchEvent(new Event("change"));
    });
  }

  /** What is entered, or the known value; throws if it is wrong. */
  get value() {
    return this.#touched ? parse(this.#input.value, this.#schema) : this.#known;
  }

  get isEmpty() {
    return !this.#input.value.trim();
  }

  /** Limits that are narrower than those of the description, or that were not known. */
  limit(more) {
    this.#schema = { ...this.#schema, ...more };
    const range = this.#input.tagName === "SELECT" ? "" : limits(this.#schema);
    this.#hint.textContent = [this.#text, range].filter(Boolean).join("; ");
    this.#hint.hidden = Boolean(this.#error.textContent) || !this.#hint.textContent;
    if (this.#compact) this.#input.title = range;
  }

  /** What the rig says. What is being entered stays, and it is said that it differs. */
  set(value) {
    this.#known = value;
    this.#input.disabled = !mayOperate;
    if (!this.#touched) this.#input.value = shown(value);
    else if (!this.#sending && this.#send) this.#error.textContent = `The rig has ${shown(value)} now. Escape takes that.`;
  }

  reset() {
    this.#touched = false;
    this.#input.value = shown(this.#known);
    this.wrong("");
  }

  wrong(text) {
    this.#error.textContent = text;
    this.#hint.hidden = Boolean(text) || !this.#hint.textContent; // it takes its place: a button below must not move away from a finger
    this.#input.setAttribute("aria-invalid", text ? "true" : "false");
  }

  /** Send what was entered. Returns whether the field is right. */
  async enter() {
    if (this.#sending) return this.#sending;
    if (!this.#touched) return true;
    this.#sending = this.#try();
    const right = await this.#sending;
    this.#sending = null;
    return right;
  }

  async #try() {
    const text = this.#input.value;
    try {
      const value = this.value;
      if (this.#send) {
        await this.#send(value);
        this.#known = value;
        if (this.#input.value === text) this.#touched = false; // else more was entered meanwhile
      }
      this.wrong("");
      return true;
    } catch (problem) {
      this.wrong(problem.message);
      return false;
    }
  }

  enable(may) {
    this.#input.disabled = !(may && mayOperate);
  }

  focus() {
    this.#input.focus();
  }
}
