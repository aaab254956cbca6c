// Values as people read them, always with their unit.

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const h = Math.floor(whole / 3600), m = Math.floor((whole % 3600) / 60), s = whole % 60;
  if (h) return `${h} h ${m} min`;
  if (!m) return `${s} s`;
  return s ? `${m} min ${s} s` : `${m} min`;
}

const two = (number) => String(number).padStart(2, "0");
const SPACE = "\u00a0"; // at which no line is broken

/** The day with a space behind it: nothing for today, the year only where it is another one. */
function day(at) {
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return "";
  const year = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year }).replaceAll(" ", SPACE)}${SPACE}`;
}

/** A moment in local time, and in UTC beside it. */
export function moment(text) {
  if (!text) return "–";
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`, universal = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return `${day(at)}${time} (${universal}${SPACE}UTC)`;
}

/** The time of a moment, local; with the date if that is not today. */
export function clock(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  return `${day(at)}${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function megabytes(value) {
  if (typeof value !== "number") return "–";
  return value >= 1000 ? `${(value / 1000).toFixed(1)} GB` : `${Math.round(value)} MB`;
}

export const withUnit = (value, unit, digits = 1) =>
  typeof value === "number" ? `${Number(value.toFixed(digits))}${unit === "°" ? "" : SPACE}${unit}` : "–";
