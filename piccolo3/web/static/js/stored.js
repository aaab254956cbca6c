// Spectra of the catalogue: fetched as numbers of the machine, a tenth of what they are as text; and those to compare with.
import { base } from "./api.js";
import { corrected, curve, detectorWith, reflectance } from "./spectra.js";

const kept = new Map(); // id: spectrum

export async function fetched(id) {
  if (kept.has(id)) return kept.get(id);
  const answer = await fetch(`${base}/api/spectra/${id}`, { headers: { Accept: "application/octet-stream" } });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).message ?? "The spectrum can't be read.");
  const data = await answer.arrayBuffer(), size = new DataView(data).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size))), start = 4 + size;
  const detector = detectorWith(head, new Float32Array(data, start, head.count));
  const found = { ...head, detector, pixels: new Int32Array(data, start + 4 * head.count, head.count) };
  if (kept.size > 100) kept.delete(kept.keys().next().value);
  kept.set(id, found);
  return found;
}

/** For the address of the page Live: rows of the catalogue, each with its dark. */
export const toCompare = (rows) => rows.map(({ id, dark_id: dark }) => (dark === null ? id : `${id}-${dark}`)).join(",");

/** The curves that an address asks for: {serial, model, view, name, x, y, dash} each. */
export async function compared(text) {
  const found = [], measured = [];
  for (const part of text.split(",").filter((one) => /^\d{1,15}(-\d{1,15})?$/.test(one)).slice(0, 10)) {
    const [light, dark] = await Promise.all(part.split("-").map(fetched)), { detector, serial, direction } = light;
    const one = { serial, model: detector.model, name: `${direction}${light.dark ? " dark" : ""}, ${light.run} ${light.batch}/${light.sequence}`, x: detector.x, dash: direction.toLowerCase() === "upwelling" };
    found.push({ ...one, view: "raw", y: curve(light.pixels, detector) });
    if (!dark) continue;
    const y = curve(corrected(light, dark), detector);
    found.push({ ...one, view: "corrected", y });
    measured.push({ ...one, light, y });
  }
  const of = (name) => measured.filter(({ light }) => light.direction.toLowerCase() === name);
  for (const up of of("upwelling")) {
    const down = of("downwelling").find(({ light }) => ["serial", "run", "batch", "sequence"].every((name) => light[name] === up.light[name]));
    if (down) found.push({ ...up, view: "reflectance", y: reflectance(up, down), name: up.name.replace("upwelling", "up / down") });
  }
  return found;
}
