"""Finding an integration time: what to try next, from what has been seen. Pure functions.

The model of the detector is

    peak(t) = offset + dark * t + f(rate * t)

with t the integration time and f the nonlinearity, of which the device knows the correction (x = y / p(y), p being the
polynomial of its coefficients). Offset and dark, the dark current at whatever temperature the detector has now, come
from the electric dark pixels of two exposures of different length, or from the darkest optical pixels where there are
no dark ones; the rate comes from the last exposure alone, for the light may change.
See docs/explanations/automatic-integration.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from piccolo3.recording.peaks import Sample
from piccolo3.status import AutointegrationState

__all__ = [
    "MOST_EXPOSURES",
    "TOLERANCE",
    "Base",
    "Goal",
    "Verdict",
    "base_of",
    "is_saturated",
    "judge",
    "linear_rate",
    "percent_of",
    "rounded_time",
    "shows_light",
    "time_for",
]

MOST_EXPOSURES = 8
TOLERANCE = 3.0  # points of percent that are promised
_ACCEPTED = 2.7  # points that are accepted, as noise is seen, too
_PREFERRED = 2.4  # points accepted while there are exposures left
_PATIENCE = 5
_SHARE = 0.25  # of what is between base and target: tolerated at most, for targets close to the base
_SATURATED = 0.99
_DETECTABLE = 5.0  # light in units of the noise of one pixel; the smoothed peak of noise alone is at 2 to 2.5
_DETECTABLE_BY_CONTRAST = 7.0  # and so far below are the darkest pixels
_ALWAYS_DETECTABLE = 0.02  # of saturation; the noise is overestimated in spectra full of lines
_SURELY_LIGHT = 0.2  # of saturation: more than offset and dark current without dark pixels are expected to be
_BLIND_AIM = 0.6  # of saturation, where no light was seen yet
_MOST_GROWTH = 100.0
_CAREFUL = 0.95  # of saturation that may be reached if all that was seen grows with time
_SHORTEN = 50.0  # the light of the next exposure is then from 2 % of saturation on
_SHORTEN_AGAIN = 4.0  # where the light was known and has changed
_BRIGHT = 0.05  # of saturation: light that the next integration time can be computed from
_MUCH = 0.05  # of saturation: a base so high is hardly offset alone
_FAR = 2.0  # ratio of integration times that leaves room in between
_DIFFERENT = 1.1  # ratio of integration times that tell offset and dark current apart
_SIGNIFICANT = 3.0
_BUDGET = 4.0
_LEAST_BUDGET = 2.0  # s
_SENSIBLE = (0.5, 1.5)  # response of a detector that has really been calibrated


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Target in percent of saturation (counts), limits in ms.

    `budget` (s) is for all exposures together, None for four times the longest one that is allowed and at least 2 s.
    `nonlinearity` has the coefficients of the correction, lowest order first.
    """

    target: float
    saturation: float
    minimum: float
    maximum: float
    nonlinearity: tuple[float, ...] = ()
    budget: float | None = None

    @property
    def counts(self) -> float:
        """The target in counts."""
        return self.target / 100.0 * self.saturation

    @property
    def seconds(self) -> float:
        """How long the exposures may take together."""
        return max(_BUDGET * self.maximum / 1000.0, _LEAST_BUDGET) if self.budget is None else self.budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Integration time (ms) to try next or, where there is a `state`, to stay with.

    `achieved` is the peak that was seen at that time, in percent of saturation; None while it goes on.
    """

    integration_time: float
    state: AutointegrationState | None = None
    achieved: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What is there without light: counts, and counts per ms. `known` if it is from exposures of different length."""

    offset: float
    dark: float
    known: bool


def judge(samples: Sequence[Sample], goal: Goal) -> Verdict:
    """What to do after these exposures, of which there is at least one, in the order they were taken.

    SUCCESS: the last one is within 3 points of the target, and there is light. FAILED: a limit does not suffice (the
    time is that limit), there is no light (the time is a limit, or where the dark signal alone is at the target), or
    exposures or time are used up (the time is the best one seen).
    """
    last = samples[-1]
    base = base_of(samples, goal)
    time = rounded_time(_proposal(samples, base, goal), goal)
    done = time == last.integration_time
    if _is_near(last, base, goal, _ACCEPTED if done or len(samples) >= _PATIENCE else _PREFERRED):
        lit = shows_light(last, goal)
        return _end(last, AutointegrationState.SUCCESS if lit else AutointegrationState.FAILED, goal)
    if done:
        return _end(last, AutointegrationState.FAILED, goal)
    spent = sum(sample.integration_time for sample in samples)
    if len(samples) >= MOST_EXPOSURES or spent + time > 1000.0 * goal.seconds:
        return _end(_best(samples, goal), AutointegrationState.FAILED, goal)
    return Verdict(integration_time=time)


def rounded_time(milliseconds: float, goal: Goal) -> float:
    """Within the limits, and rounded so that it changes by 0.5 % at most: to whole milliseconds from 100 on."""
    digits = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2 if milliseconds >= 1 else 3
    return min(max(round(milliseconds, digits), goal.minimum), goal.maximum)


def percent_of(sample: Sample, goal: Goal) -> float:
    """The peak in percent of saturation."""
    return 100.0 * sample.peak / goal.saturation


def is_saturated(sample: Sample, goal: Goal) -> bool:
    """Whether the peak is at saturation; a single hot pixel does not count."""
    return sample.peak >= _SATURATED * goal.saturation


def shows_light(sample: Sample, goal: Goal) -> bool:
    """Whether there is more than noise, offset and dark current; without dark pixels that is a guess."""
    if sample.light >= max(_detectable(sample, goal), 1.0):
        return True
    return not sample.has_dark_pixels and sample.peak >= _SURELY_LIGHT * goal.saturation


def base_of(samples: Sequence[Sample], goal: Goal) -> Base:
    """Offset and dark current seen by the last of the samples; all is offset where the others can't tell."""
    last = samples[-1]
    others = [s for s in samples[:-1] if not is_saturated(s, goal) and _differs(s, last)]
    if not others:
        return Base(offset=last.base, dark=0.0, known=False)
    other = max(others, key=lambda s: abs(s.integration_time - last.integration_time))
    rise = (last.base - other.base) / (last.integration_time - other.integration_time)
    noise = math.hypot(last.base_noise, other.base_noise)
    if rise <= 0.0 or abs(last.base - other.base) < _SIGNIFICANT * noise:
        rise = 0.0
    rise = min(rise, last.base / last.integration_time)
    return Base(offset=last.base - rise * last.integration_time, dark=rise, known=True)


def time_for(counts: float, rate: float, base: Base, goal: Goal) -> float:
    """Integration time (ms) at which the peak has so many counts; infinite without light and dark current.

    `rate` is what a linear detector would count per ms for the light. 0 where the offset alone is more.
    """
    wanted = counts - base.offset
    if wanted <= 0.0:
        return 0.0
    time, light = math.inf, wanted
    for _ in range(8):  # the response changes little with the counts: this converges at once
        growth = base.dark + _response(light, goal) * rate
        if growth <= 0.0:
            return math.inf
        time = wanted / growth
        light = max(wanted - base.dark * time, 0.0)
    return time


def linear_rate(sample: Sample, goal: Goal, least: float = 0.0) -> float:
    """Counts per ms that a linear detector would have added for the light, which is taken as `least` counts or more."""
    light = max(sample.light, least)
    return light / _response(light, goal) / sample.integration_time


def _response(light: float, goal: Goal) -> float:
    """Counts for the light over those of a linear detector; 1 where no sensible calibration is known."""
    result = 0.0
    for coefficient in reversed(goal.nonlinearity):
        result = result * light + coefficient
    return result if _SENSIBLE[0] < result < _SENSIBLE[1] else 1.0


def _differs(one: Sample, other: Sample) -> bool:
    short, long = sorted((one.integration_time, other.integration_time))
    return long > _DIFFERENT * short


def _detectable(sample: Sample, goal: Goal) -> float:
    """Counts of light that noise can't feign."""
    units = _DETECTABLE if sample.has_dark_pixels else _DETECTABLE_BY_CONTRAST
    return min(units * sample.noise, _ALWAYS_DETECTABLE * goal.saturation)


def _is_near(sample: Sample, base: Base, goal: Goal, tolerance: float) -> bool:
    if is_saturated(sample, goal):
        return False
    if sample.has_dark_pixels or sample.peak < _SURELY_LIGHT * goal.saturation:
        # with a target close to the offset, an exposure with hardly any light may be within 3 points
        tolerance = min(tolerance, _SHARE * 100.0 * (goal.counts - base.offset) / goal.saturation)
    return abs(percent_of(sample, goal) - goal.target) <= tolerance


def _end(sample: Sample, state: AutointegrationState, goal: Goal) -> Verdict:
    return Verdict(integration_time=sample.integration_time, state=state, achieved=percent_of(sample, goal))


def _proposal(samples: Sequence[Sample], base: Base, goal: Goal) -> float:
    """Integration time (ms) that should bring the peak to the target, not rounded and not limited yet."""
    last = samples[-1]
    if is_saturated(last, goal):
        return _shorter(samples, goal)
    if not base.known and last.base >= goal.counts:  # by dark current or offset, which is not known yet
        return last.integration_time * goal.counts / last.peak
    rate = linear_rate(last, goal, _detectable(last, goal))
    time = time_for(goal.counts, rate, base, goal)
    if not shows_light(last, goal):
        blind = time_for(max(goal.counts, _BLIND_AIM * goal.saturation), rate, base, goal)
        time = max(time, min(blind, time_for(goal.counts, 0.0, base, goal)))
    most = last.integration_time * _MOST_GROWTH
    if not base.known and (not last.has_dark_pixels or last.base >= _MUCH * goal.saturation) and last.peak > 0.0:
        most = min(most, last.integration_time * _CAREFUL * goal.saturation / last.peak)
    time = min(time, most)
    before = samples[-2:-1]
    if before and is_saturated(before[0], goal) and time >= before[0].integration_time > last.integration_time:
        return math.sqrt(last.integration_time * before[0].integration_time)
    return time


def _shorter(samples: Sequence[Sample], goal: Goal) -> float:
    """What to try after a saturated exposure."""
    last = samples[-1]
    below = [s for s in samples if not is_saturated(s, goal) and s.integration_time < last.integration_time]
    if not below:
        return last.integration_time / _SHORTEN
    longest = max(below, key=lambda s: s.integration_time)
    between = math.sqrt(longest.integration_time * last.integration_time)
    if longest.light < _BRIGHT * goal.saturation:
        return between
    if samples[-2] is longest and last.integration_time > _FAR * longest.integration_time:
        return between  # dark current that was not known yet
    return last.integration_time / _SHORTEN_AGAIN  # it was computed, so the light has become brighter


def _best(samples: Sequence[Sample], goal: Goal) -> Sample:
    usable = [s for s in samples if not is_saturated(s, goal)]
    if not usable:
        return min(samples, key=lambda s: s.integration_time)
    return min(usable, key=lambda s: abs(percent_of(s, goal) - goal.target))
