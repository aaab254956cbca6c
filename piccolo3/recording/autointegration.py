"""Finding an integration time: what to try next, from what has been seen. Pure functions.

The model is a line: counts = offset + rate * integration time. The offset is the mean of the electric dark pixels or,
without these, comes from two exposures of different length. As detectors are not quite linear, the estimate is
repeated until the peak is where it should be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.status import AutointegrationState

__all__ = ["MOST_EXPOSURES", "Goal", "Sample", "Verdict", "judge", "rounded_time", "sample_of", "smoothed_peak"]

MOST_EXPOSURES = 10
TOLERANCE = 3.0  # points of percent
_PREFERRED = 2.0  # points aimed at while there are exposures left, so that noise does not bring it beyond 3
_PATIENCE = 6
_WEAK = 0.002  # of saturation: less than this does not tell how much longer
_WEAK_GROWTH = 30.0
_MOST_GROWTH = 100.0
_SHORTEN = 10.0
_SATURATED = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Target in percent of saturation (counts), limits in ms."""

    target: float
    saturation: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was seen at an integration time (ms): peak and, if known, offset in counts."""

    integration_time: float
    peak: float
    offset: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Integration time (ms) to try next or, where there is a `state`, to stay with."""

    integration_time: float
    state: AutointegrationState | None = None


def smoothed_peak(counts: NDArray[np.int32], optical_pixel_range: tuple[int, int]) -> float:
    """The highest median of three neighbours among the optical pixels: one hot pixel does not count."""
    first, end = optical_pixel_range
    optical = counts[first:end]
    if optical.size < 3:
        return float(optical.max())
    return float(np.median(np.stack((optical[:-2], optical[1:-1], optical[2:])), axis=0).max())


def sample_of(exposure: Exposure, info: SpectrometerInfo) -> Sample:
    """What an exposure tells."""
    dark = exposure.counts[list(info.dark_pixels)]
    return Sample(
        integration_time=exposure.integration_time,
        peak=smoothed_peak(exposure.counts, info.optical_pixel_range),
        offset=float(dark.mean()) if dark.size else None,
    )


def judge(samples: Sequence[Sample], goal: Goal) -> Verdict:
    """What to do after these exposures, of which there is at least one, in the order they were taken.

    SUCCESS: the last one is within 3 points of the target. FAILED: a limit does not suffice (the time is that
    limit), or there have been too many exposures (the time is the best one seen).
    """
    last = samples[-1]
    error = abs(_percent(last, goal) - goal.target)
    if not _is_saturated(last, goal) and error <= (_PREFERRED if len(samples) < _PATIENCE else TOLERANCE):
        return Verdict(integration_time=last.integration_time, state=AutointegrationState.SUCCESS)
    time = rounded_time(_proposal(samples, goal), goal)
    if time == last.integration_time:
        good = not _is_saturated(last, goal) and error <= TOLERANCE
        return Verdict(
            integration_time=time, state=AutointegrationState.SUCCESS if good else AutointegrationState.FAILED
        )
    if len(samples) >= MOST_EXPOSURES:
        return Verdict(integration_time=_best(samples, goal), state=AutointegrationState.FAILED)
    return Verdict(integration_time=time)


def rounded_time(milliseconds: float, goal: Goal) -> float:
    """Within the limits, and rounded so that it changes by 1 % at most: to whole milliseconds from 50 on."""
    digits = 0 if milliseconds >= 50 else 1 if milliseconds >= 5 else 2 if milliseconds >= 0.5 else 3
    return min(max(round(milliseconds, digits), goal.minimum), goal.maximum)


def _percent(sample: Sample, goal: Goal) -> float:
    return 100.0 * sample.peak / goal.saturation


def _is_saturated(sample: Sample, goal: Goal) -> bool:
    return sample.peak >= _SATURATED * goal.saturation


def _proposal(samples: Sequence[Sample], goal: Goal) -> float:
    """Integration time (ms) that should bring the peak to the target, not rounded and not limited yet."""
    last = samples[-1]
    saturated = [s.integration_time for s in samples if _is_saturated(s, goal)]
    if _is_saturated(last, goal):
        usable = [s.integration_time for s in samples if not _is_saturated(s, goal)]
        if usable and max(usable) < last.integration_time:
            return math.sqrt(max(usable) * last.integration_time)
        return last.integration_time / (_SHORTEN if len(saturated) == 1 else _SHORTEN**2)
    offset = _offset(samples, goal)
    signal = last.peak - offset
    if signal < _WEAK * goal.saturation:
        growth = _WEAK_GROWTH
    else:
        growth = (goal.target / 100.0 * goal.saturation - offset) / signal
    time = last.integration_time * min(max(growth, 1.0 / _MOST_GROWTH), _MOST_GROWTH)
    ceiling = min(saturated, default=math.inf)
    return time if time < ceiling else math.sqrt(last.integration_time * ceiling)


def _offset(samples: Sequence[Sample], goal: Goal) -> float:
    """Counts that are there without light; 0 as long as nothing is known."""
    last = samples[-1]
    if last.offset is not None:
        return last.offset
    others = [s for s in samples[:-1] if not _is_saturated(s, goal) and s.integration_time != last.integration_time]
    if not others:
        return 0.0
    other = max(others, key=lambda s: abs(math.log(s.integration_time / last.integration_time)))
    rate = (last.peak - other.peak) / (last.integration_time - other.integration_time)
    return min(max(last.peak - rate * last.integration_time, 0.0), last.peak, other.peak)


def _best(samples: Sequence[Sample], goal: Goal) -> float:
    usable = [s for s in samples if not _is_saturated(s, goal)]
    if not usable:
        return min(s.integration_time for s in samples)
    return min(usable, key=lambda s: abs(_percent(s, goal) - goal.target)).integration_time
