// Spectra as `live/stream` sends them, and what is made of them; the same formulas as in piccolo3.spectrum and piccolo3.data.
import { numbers } from "./events.js";

/** What spectra of a spectrometer and channel have in common; `x` (nm) rises, and has the pixels that see light. */
export const detectorOf = (message) => detectorWith(message, numbers(message.wavelengths, Float32Array));

export function detectorWith(message, wavelengths) {
  const [first, end] = message.range;
  const order = Array.from({ length: Math.min(end, wavelengths.length) - first }, (_, i) => first + i);
  order.sort((a, b) => wavelengths[a] - wavelengths[b]);
  return { ...message, order, x: order.map((pixel) => wavelengths[pixel]) };
}

export const spectrumOf = (message, detector) => ({ ...message, detector, pixels: numbers(message.pixels, Int32Array) });

/** Values of all pixels as a curve over `detector.x`. */
export const curve = (values, detector) => detector.order.map((pixel) => (Number.isFinite(values[pixel]) ? values[pixel] : null));

/** Counts less the mean of the electric dark pixels, corrected for nonlinearity as far as that is known. */
function counts({ pixels, detector }) {
  const { dark_pixels: dark, nonlinearity } = detector;
  const mean = dark.length ? dark.reduce((sum, pixel) => sum + pixels[pixel], 0) / dark.length : 0;
  const values = Float64Array.from(pixels, (value) => value - mean);
  if (!nonlinearity?.length || !(nonlinearity[0] > 0)) return values;
  return values.map((value) => {
    const response = nonlinearity.reduceRight((sum, coefficient) => sum * value + coefficient, 0);
    return response > 0 ? value / response : NaN;
  });
}

/** Whether that dark is one of this light: as long, by the same detector. */
export const fits = (light, dark) =>
  Boolean(light && dark) && light.pixels.length === dark.pixels.length &&
  Math.abs(light.integration_time - dark.integration_time) <= 1e-3 * light.integration_time;

/** Counts per ms, without the dark, of all pixels. */
export function corrected(light, dark) {
  const a = counts(light), b = counts(dark);
  return a.map((value, pixel) => (value - b[pixel]) / light.integration_time);
}

/** Curves of counts per ms divided by each other, over the wavelengths of the upper one; null where there is no light. */
export function reflectance(up, down) {
  const below = up.x.every((x, i) => x === down.x[i]) ? down.y : interpolated(up.x, down);
  return up.y.map((value, i) => (value !== null && below[i] > 0 ? value / below[i] : null));
}

function interpolated(grid, { x, y }) {
  let i = 0;
  return grid.map((at) => {
    while (i < x.length - 2 && x[i + 1] < at) i += 1;
    if (at < x[i] || at > x[i + 1] || y[i] === null || y[i + 1] === null) return null;
    return y[i] + ((y[i + 1] - y[i]) * (at - x[i])) / (x[i + 1] - x[i]);
  });
}
