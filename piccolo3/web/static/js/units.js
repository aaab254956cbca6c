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
const day = (y, m, d) => `${y}-${two(m + 1)}-${two(d)}`;

/** A moment in local time, and in UTC beside it. */
export function moment(text) {
  if (!text) return "–";
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  const local = `${day(at.getFullYear(), at.getMonth(), at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  return `${local} (${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC)`;
}

/** The time of a moment, local; with the date if that is not today. */
export function clock(text) {
  const at = new Date(text), now = new Date();
  if (Number.isNaN(at.getTime())) return String(text);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return at.toDateString() === now.toDateString() ? time : `${day(at.getFullYear(), at.getMonth(), at.getDate())} ${time}`;
}

export function megabytes(value) {
  if (typeof value !== "number") return "–";
  return value >= 1000 ? `${(value / 1000).toFixed(1)} GB` : `${Math.round(value)} MB`;
}

export const withUnit = (value, unit, digits = 1) =>
  typeof value === "number" ? `${Number(value.toFixed(digits))} ${unit}` : "–";
