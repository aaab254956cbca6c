// What was recorded: runs, batches and spectra, a page at a time; plotted, and taken away.
import { ask, base } from "./api.js";
import { follow } from "./events.js";
import { make } from "./fields.js";
import { showConnection } from "./frame.js";
import { Plot } from "./plot.js";
import { corrected, curve } from "./spectra.js";
import { fetched, toCompare } from "./stored.js";
import { clock, withUnit } from "./units.js";

const at = (id) => document.getElementById(id);
const MOST = 10; // curves at once
const FLAGS = ["SATURATED", "WEAK_SIGNAL", "DARK_DRIFT", "ILLUMINATION_UNSTABLE", "DETECTOR_TEMPERATURE", "CLOCK_UNSYNCHRONISED", "REPEATED_EXPOSURE"];
const chosen = new Map(); // id: row
const plot = new Plot(at("plot"));
let batch = null; // {run, batch} that was chosen

/** A list that grows by pages: `question` gives the arguments, `row` makes a line of what is found under `name`. */
function list(name, question, row) {
  let cursor = null, asked = 0, many = 0;
  const body = at(name), more = at(`more-${name}`), answer = at(`${name}-answer`);
  async function page(again) {
    const mine = asked += 1, limit = again ? Math.min(100, Math.max(20, many)) : 20;
    try {
      const found = await ask(name === "spectra" ? "query" : name, { ...question(), limit, ...(again ? {} : { cursor }) });
      if (mine !== asked) return; // something else was asked meanwhile
      const rows = found[name].map(row);
      if (again) renewed(body, rows);
      else body.append(...rows);
      many = body.children.length;
      cursor = found.cursor;
      more.hidden = !cursor;
      answer.textContent = many ? "" : cursor ? "None among the newest; there may be more." : "Nothing here.";
    } catch (problem) {
      if (mine === asked) answer.textContent = problem.message;
    }
  }
  more.addEventListener("click", () => page(false));
  return { renew: () => page(true), anew: () => { many = 0; return page(true); } };
}

/** Other rows in the place of those there were; the keyboard stays where it was. */
function renewed(body, rows) {
  const name = (one) => one.getAttribute("aria-label") ?? one.textContent, focused = body.contains(document.activeElement) ? name(document.activeElement) : null;
  body.replaceChildren(...rows);
  if (focused !== null) [...body.querySelectorAll("button, input")].find((one) => name(one) === focused)?.focus();
}

const cells = (...parts) => parts.map((part) => make("td", {}, part));
const plain = (flags) => flags.map((flag) => flag.toLowerCase().replaceAll("_", " ")).join(", ");

const flagged = new Map(); // flags of batches that have ended, as text
let asking = Promise.resolve();

/** The flags of a batch: those of the last spectra that have any. One question at a time, for there are many batches. */
function flagsOf({ run, batch: number, ended }) {
  const key = JSON.stringify([run, number, ended]);
  const look = async () => {
    if (flagged.has(key)) return flagged.get(key);
    try {
      let found = { spectra: [], cursor: null };
      for (let page = 0; page < 10 && !found.spectra.length && (!page || found.cursor); page += 1) {
        found = await ask("query", { run, batch: number, any_flags: FLAGS, limit: 20, cursor: found.cursor });
      }
      const none = found.cursor ? "none among the newest" : "–";
      const text = plain([...new Set(found.spectra.flatMap(({ flags }) => flags))]) || none;
      if (flagged.size > 500) flagged.clear();
      if (ended) flagged.set(key, text);
      return text;
    } catch {
      return "not known";
    }
  };
  asking = asking.then(look);
  return asking;
}

const batches = list("batches", () => ({ run: at("run").value || null }), (one) => {
  const here = batch?.run === one.run && batch.batch === one.batch;
  const button = make("button", { type: "button", textContent: `${one.run}, ${one.batch}` });
  button.setAttribute("aria-pressed", here ? "true" : "false");
  button.addEventListener("click", () => {
    batch = button.getAttribute("aria-pressed") === "true" ? null : one;
    for (const other of at("batches").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button && batch !== null));
    away();
    spectra.anew();
  });
  const lost = one.lost_spectra ? `, ${one.lost_spectra} spectra lost` : "", why = one.reason ? `: ${one.reason}` : "";
  const end = make("span", { className: one.result === "failed" || lost ? "problem" : "", textContent: `${one.result ?? "under way"}${lost}${why}` });
  const flags = make("span", { textContent: "…" });
  flagsOf(one).then((text) => { flags.textContent = text; });
  return make("tr", {}, ...cells(button, `${clock(one.started)}, ${one.kind}`, end, flags));
});

function wanted() {
  const which = document.querySelector('input[name="which"]:checked').value, run = batch?.run ?? (at("run").value || null);
  return { run, batch: batch?.batch ?? null, dark: which === "light" ? false : null, any_flags: which === "flagged" ? FLAGS : null };
}

const spectra = list("spectra", wanted, (one) => {
  const place = `${one.run}, ${one.batch}, ${one.sequence}`, kind = one.dark ? `${one.direction} dark` : one.direction;
  const box = make("input", { type: "checkbox", checked: chosen.has(one.id) });
  box.setAttribute("aria-label", `Plot ${kind} of ${one.serial}, ${place}`);
  box.addEventListener("change", () => {
    if (box.checked && chosen.size >= MOST) {
      box.checked = false;
      at("spectra-answer").textContent = `At most ${MOST} at once.`;
      return;
    }
    if (box.checked) chosen.set(one.id, one);
    else chosen.delete(one.id);
    away();
    draw();
  });
  return make("tr", {}, ...cells(make("label", { className: "tick" }, box), clock(one.start), kind, one.serial, withUnit(one.integration_time, "ms", 2), `${one.peak} counts`, place, plain(one.flags) || "–"));
});

async function draw() {
  at("plot").hidden = at("plot-tools").hidden = !chosen.size;
  at("compare").href = `${base}/live?compare=${toCompare([...chosen.values()])}`;
  if (!chosen.size) return;
  const without = at("without").checked, curves = [], problems = [];
  const levels = new Set();
  const ordered = [...chosen.values()].sort((a, b) => a.id - b.id); // as they were recorded, so channels have the colours of Live
  for (const [index, row] of ordered.entries()) {
    try {
      const light = await fetched(row.id);
      let values = light.pixels;
      if (without && row.dark_id === null) {
        problems.push(row.dark ? "Darks are not shown." : `There is no dark of sequence ${row.sequence}, ${row.direction}.`);
        continue;
      }
      if (without) values = corrected(light, await fetched(row.dark_id));
      else if (light.saturation) levels.add(light.saturation);
      const name = `${row.serial} ${row.direction}${row.dark ? " dark" : ""} ${row.batch}/${row.sequence}`;
      curves.push({ name, x: light.detector.x, y: curve(values, light.detector), colour: `--curve-${(index % 5) + 1}`, dash: index >= 5 });
    } catch (problem) {
      problems.push(problem.message);
    }
  }
  const value = Math.min(...levels), line = levels.size ? { value, name: `${levels.size > 1 ? "lowest " : ""}saturation, ${value} counts` } : null;
  at("spectra-answer").textContent = [...new Set(problems)].join(" ");
  plot.show(curves, { quantity: without ? "Signal less dark" : "Signal", unit: without ? "counts/ms" : "counts", line, fit: false });
}

/** What would be taken away: the spectra that are plotted, else the batch, else the run. */
function away() {
  const run = batch?.run ?? at("run").value, query = new URLSearchParams({ format: at("format").value, level: at("level").value });
  if (chosen.size) query.set("ids", [...new Set([...chosen.values()].flatMap(({ id, dark_id: dark }) => (at("level").value === "raw" || dark === null ? [id] : [id, dark])))].join(",")); // other values need the darks
  else {
    query.set("run", run);
    if (batch) query.set("batch", batch.batch);
  }
  const some = Boolean(chosen.size || run);
  at("what").textContent = chosen.size ? `What is plotted: ${chosen.size} ${chosen.size === 1 ? "spectrum" : "spectra"}.` : batch ? `Batch ${batch.batch} of ${run}.` : run ? `The run ${run}.` : "Choose a run, a batch or spectra first.";
  at("download").hidden = !some;
  at("download").href = `${base}/download?${query}`;
  at("zip").hidden = !run;
  at("zip").href = `${base}/download/${encodeURIComponent(run)}.zip`;
}

async function runs() {
  try {
    const names = await ask("all_runs", { reverse: true, nitems: 500 }), before = at("run").value;
    at("run").replaceChildren(make("option", { value: "", textContent: "All runs" }), ...names.map((name) => make("option", { value: name, textContent: name })));
    if (names.includes(before)) at("run").value = before;
  } catch (problem) {
    at("batches-answer").textContent = problem.message;
  }
}

function none() {
  chosen.clear();
  for (const box of at("spectra").querySelectorAll("input")) box.checked = false;
  away();
  draw();
}

at("run").addEventListener("change", () => { batch = null; away(); batches.anew(); spectra.anew(); });
for (const id of ["format", "level"]) at(id).addEventListener("change", away);
for (const radio of document.querySelectorAll('input[name="which"]')) radio.addEventListener("change", spectra.anew);
at("without").addEventListener("change", draw);
at("none").addEventListener("click", none);
for (const [id, act] of [["in", () => plot.zoom(0.5)], ["out", () => plot.zoom(2)], ["left", () => plot.move(-0.25)], ["right", () => plot.move(0.25)], ["whole", () => plot.all()]]) {
  at(id).addEventListener("click", act);
}

let soon;
follow(["data_dir/latest", "control/outcome"], () => { // something was recorded: at most once a second
  soon ??= setTimeout(async () => {
    soon = undefined;
    await runs();
    batches.renew();
    if (at("spectra").children.length <= 100) spectra.renew(); // who has gone further down is not disturbed
  }, 1000);
}, showConnection);
runs();
batches.anew();
spectra.anew();
