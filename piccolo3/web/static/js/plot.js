// A plot over wavelengths or time that can be zoomed with mouse, fingers and buttons. Its colours are those of the theme.
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { clock } from "./units.js";

const NARROWEST = 5; // nm or s
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const short = (value) => (Math.abs(value) >= 1e4 ? `${Number((value / 1000).toPrecision(4))} k` : String(Number(value.toPrecision(4))));
/** All ticks of an axis in thousands, or none. */
const shorts = (ticks) => (ticks.some((tick) => tick >= 1e4) ? ticks.map((tick) => (tick ? `${Number((tick / 1000).toPrecision(4))} k` : "0")) : ticks.map(short));

const two = (number) => String(number).padStart(2, "0");
/** Times of the day; with seconds where ticks are closer than minutes. */
function hours(ticks) {
  const close = ticks.length > 1 && ticks[1] - ticks[0] < 60;
  return ticks.map((tick) => { const at = new Date(tick * 1000); return `${two(at.getHours())}:${two(at.getMinutes())}${close ? `:${two(at.getSeconds())}` : ""}`; });
}

export class Plot {
  #host; #plot = null; #look = ""; #curves = []; #options = {}; #range = null; #extent = [0, 1];

  constructor(host) {
    this.#host = host;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(host);
    new MutationObserver(() => this.#again()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#again());
  }

  /**
   * Show `curves` ({name, x, y, colour, dash}). Of the options, `quantity` and `unit` are for the axis and the legend,
   * `line` ({value, name}) is drawn across, and seen unless `fit`: then the height fits what there is in the range. It
   * does not follow a few spikes if `robust`.
   * With `time` the x are seconds since 1970.
   */
  show(curves, options) {
    this.#curves = curves;
    this.#options = options;
    const ends = curves.flatMap(({ x }) => (x.length ? [x[0], x[x.length - 1]] : []));
    this.#extent = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
    const look = JSON.stringify([options.quantity, options.unit, curves.map(({ name, colour: own, dash }) => [name, own, dash])]);
    if (look !== this.#look) {
      this.#look = look;
      this.#build();
    } else this.#fill();
  }

  zoom(factor) {
    const [low, high] = this.#range ?? this.#extent, middle = (low + high) / 2, half = ((high - low) / 2) * factor;
    this.#see(middle - half, middle + half);
  }

  move(part) {
    const [low, high] = this.#range ?? this.#extent, by = (high - low) * part;
    this.#see(low + by, high + by);
  }

  all() {
    this.#range = null;
    this.#fill();
  }

  #see(low, high) {
    const [first, last] = this.#extent, width = Math.min(Math.max(high - low, NARROWEST), last - first);
    const start = Math.min(Math.max((low + high - width) / 2, first), last - width);
    this.#range = width >= last - first ? null : [start, start + width];
    this.#fill();
  }

  #size() {
    return { width: Math.max(200, this.#host.clientWidth), height: Math.round(Math.min(460, Math.max(240, innerHeight * 0.45))) };
  }

  #data() {
    if (!this.#curves.length) return [[]];
    const [{ x }] = this.#curves;
    if (this.#curves.every((one) => one.x === x)) return [x, ...this.#curves.map(({ y }) => y)];
    return uPlot.join(this.#curves.map((one) => [one.x, one.y]));
  }

  #fill() {
    if (!this.#plot) return;
    const [min, max] = this.#range ?? this.#extent;
    this.#plot.batch(() => {
      this.#plot.setData(this.#data(), false);
      this.#plot.setScale("x", { min, max });
    });
  }

  #again() {
    if (this.#plot) this.#build();
  }

  #build() {
    this.#plot?.destroy();
    const text = colour("--text"), grid = { stroke: colour("--grid"), width: 1 }, { quantity, unit, time = false } = this.#options;
    const across = time ? (value) => clock(value * 1000) : (value) => `${value.toFixed(1)} nm`;
    const axis = { stroke: text, grid, ticks: grid, font: "14px system-ui, sans-serif", labelFont: "14px system-ui, sans-serif" };
    this.#plot = new uPlot({
      ...this.#size(),
      scales: { x: { time }, y: { range: (_, min, max) => this.#height(min, max) } },
      axes: [
        { ...axis, label: time ? "Local time" : "Wavelength (nm)", labelSize: 22, values: (_, ticks) => (time ? hours(ticks) : ticks.map(String)), space: time ? 80 : 50 },
        { ...axis, label: unit ? `${quantity} (${unit})` : quantity, labelSize: 20, size: (_, texts) => 22 + 8 * Math.max(3, ...(texts ?? []).map(({ length }) => length)), values: (_, ticks) => shorts(ticks) },
      ],
      series: [
        { label: time ? "Time" : "Wavelength", value: (_, value) => (typeof value === "number" ? across(value) : "–") },
        ...this.#curves.map((one) => ({
          label: one.name, stroke: colour(one.colour), width: 2, dash: one.dash ? [6, 6] : undefined, points: { show: false },
          value: (_, value) => (typeof value === "number" ? `${short(value)} ${unit}` : "–"),
        })),
      ],
      cursor: { y: false, drag: { x: true, y: false, setScale: false } },
      hooks: { draw: [(plot) => this.#line(plot)], setSelect: [(plot) => this.#selected(plot)] },
    }, this.#data(), this.#host);
    this.#fingers(this.#plot.over);
    this.#plot.over.addEventListener("dblclick", () => this.all());
    this.#fill();
  }

  #height(min, max) {
    const { line, fit, robust } = this.#options;
    if (min === null || max === null) return [0, line?.value ?? 1];
    if (fit) return uPlot.rangeNum(min, max, 0.08, false);
    if (robust) return this.#most();
    const top = Math.max(max, line?.value ?? 0), bottom = Math.min(0, min);
    return [bottom, top + (top - bottom) * 0.06 || 1];
  }

  /** From zero to above nearly all that is in the range: where there is hardly any light a quotient is noise. */
  #most() {
    const [low, high] = this.#range ?? this.#extent;
    const values = this.#curves.flatMap(({ x, y }) => y.filter((value, i) => value !== null && x[i] >= low && x[i] <= high)).sort((a, b) => a - b);
    const at = (part) => values[Math.round(part * (values.length - 1))] ?? 0;
    const bottom = Math.min(0, at(0.05)), top = at(0.95);
    return [bottom, top + (top - bottom) * 0.25 || 1];
  }

  #line({ ctx, bbox, valToPos }) {
    const { line } = this.#options;
    if (!line) return;
    const y = valToPos(line.value, "y", true), { left, top, width, height } = bbox;
    if (y < top || y > top + height) return;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("--limit");
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.font = `${14 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "top";
    ctx.fillText(line.name, left + width - 4 * devicePixelRatio, y + 4 * devicePixelRatio);
    ctx.restore();
  }

  #selected(plot) {
    const { left, width } = plot.select;
    if (width < 5) return;
    this.#see(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  /** What is under a finger stays under it: one moves, two zoom. */
  #fingers(over) {
    const held = new Map(); // pointer: [wavelength, position]
    const anchor = () => held.forEach((one) => { one[0] = this.#plot.posToVal(one[1], "x"); });
    const at = (event) => event.clientX - over.getBoundingClientRect().left;
    over.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      held.set(event.pointerId, [0, at(event)]);
      anchor();
    });
    over.addEventListener("pointermove", (event) => {
      if (!held.has(event.pointerId)) return;
      held.get(event.pointerId)[1] = at(event);
      const [[a, p], other] = held.values(), width = over.clientWidth;
      const [low, high] = this.#range ?? this.#extent;
      let span = high - low;
      if (other) {
        if (Math.abs(other[1] - p) < 20 || (other[0] - a) * (other[1] - p) <= 0) return;
        span = ((other[0] - a) * width) / (other[1] - p);
      }
      const start = a - (p / width) * span;
      this.#see(start, start + span);
    });
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      over.addEventListener(name, (event) => { if (held.delete(event.pointerId)) anchor(); });
    }
  }
}
