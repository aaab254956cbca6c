"""Passing clouds: a smooth random process that is known at any time."""

from __future__ import annotations

import math

__all__ = ["Clouds"]

_OCTAVES = ((97.0, 0.6), (31.0, 0.3), (7.0, 0.1))  # (s between the grid points, weight)
_DARKEST = 0.8  # share of the light that the thickest cloud takes
_SAMPLES_PER_SECOND = 2
_MOST_SAMPLES = 64
_MASK = 2**64 - 1


def _random(seed: int, octave: int, place: int) -> float:
    """A number from 0 to 1 for a point of the time grid: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    bits = (seed * 0x9E3779B97F4A7C15 + octave * 0xD1B54A32D192ED03 + place * 0x8CB92BA72F3D8DD7) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return (bits ^ (bits >> 31)) / _MASK


class Clouds:
    """Value noise in time: random values on time grids, smoothly interpolated, nothing kept and nothing to advance."""

    def __init__(self, seed: int, cover: float) -> None:
        """A `cover` of 0 is a clear sky; of 1, thick clouds pass."""
        self._seed = seed
        self._cover = cover

    def transmittance(self, time: float) -> float:
        """The share of the light that comes through at a time in s."""
        noise = 0.0
        for octave, (step, weight) in enumerate(_OCTAVES):
            place = math.floor(time / step)
            fraction = time / step - place
            smooth = fraction * fraction * (3 - 2 * fraction)
            before, after = (_random(self._seed, octave, place + i) for i in (0, 1))
            noise += weight * (before + (after - before) * smooth)
        return 1 - _DARKEST * self._cover * noise

    def mean_transmittance(self, start: float, end: float) -> float:
        """The same, averaged over an exposure."""
        if not self._cover:
            return 1.0
        samples = min(_MOST_SAMPLES, 1 + math.ceil((end - start) * _SAMPLES_PER_SECOND))
        step = (end - start) / samples
        return sum(self.transmittance(start + (i + 0.5) * step) for i in range(samples)) / samples
