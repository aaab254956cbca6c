"""Integration times that follow the light: the next one from the last light spectrum, without any extra exposure.

There is hysteresis. With the target at 100 % of what can be had above the offset, a time is kept while the peak stays
from 80 to 110 % and below 95 % of saturation: for a target of 80 and a small offset, from 15 points below to 8 above.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from piccolo3.errors import InvalidValue, NotFound
from piccolo3.recording.autointegration import (
    Goal,
    base_of,
    is_saturated,
    linear_rate,
    percent_of,
    rounded_time,
    shows_light,
    time_for,
)
from piccolo3.recording.peaks import Sample, sample_of_spectrum
from piccolo3.recording.times import IntegrationTimes
from piccolo3.spectrum import Spectrum
from piccolo3.status import AutointegrationState

__all__ = ["Follower", "is_within", "next_time"]

_LOWEST, _HIGHEST = 0.8, 1.1
_BRIGHTEST = 0.95  # of saturation
_NOISE = 4.0  # by how much of the noise of a pixel the band is wider, for targets close to the offset,
_MOST_NOISE = 0.002  # but not by more than this share of saturation, as lines look like noise
_SHORTEN = 3.0  # for the first saturated spectrum; 9, 27, ... for those after it
_GROWTH = 10.0  # at most, in one step
_BLIND_GROWTH = 4.0  # where no light was seen
_KEPT = 3


def is_within(samples: Sequence[Sample], goal: Goal) -> bool:
    """Whether the peak of the last sample is so close to the target that its integration time is kept."""
    last = samples[-1]
    offset = base_of(samples, goal).offset
    room = goal.counts - offset
    if room <= 0.0 or last.peak > _BRIGHTEST * goal.saturation or not shows_light(last, goal):
        return False
    noise = min(_NOISE * last.noise, _MOST_NOISE * goal.saturation)
    return _LOWEST * room - noise <= last.peak - offset <= _HIGHEST * room + noise


def next_time(samples: Sequence[Sample], goal: Goal) -> float | None:
    """Integration time (ms) for the next sequence, None to keep that of the last sample.

    Samples come in the order they were taken, and there is at least one. Earlier ones, at other integration times, tell
    offset and dark current apart; as long as there are none, a longer time is chosen so that nothing is saturated
    whatever they are.
    """
    if is_within(samples, goal):
        return None
    last = samples[-1]
    time = rounded_time(_wanted(samples, goal), goal)
    return None if time == last.integration_time else time


def _wanted(samples: Sequence[Sample], goal: Goal) -> float:
    last = samples[-1]
    if is_saturated(last, goal):
        usable = [place for place, sample in enumerate(samples) if not is_saturated(sample, goal)]
        saturated_in_a_row = len(samples) - 1 - max(usable, default=-1)
        return last.integration_time / _SHORTEN**saturated_in_a_row
    base = base_of(samples, goal)
    careful = last.integration_time * goal.counts / max(last.peak, 1.0)
    if not base.known and last.base >= goal.counts:
        return careful
    lit = shows_light(last, goal)
    time = time_for(goal.counts, linear_rate(last, goal, 1.0), base, goal)
    if not base.known and time > last.integration_time:
        # in between: all of the base is dark current, all of it is offset
        time = math.sqrt(max(careful, last.integration_time) * time)
        time = min(time, max(last.integration_time, careful * _BRIGHTEST * goal.saturation / goal.counts))
    growth = _GROWTH if lit else _BLIND_GROWTH
    return min(max(time, last.integration_time / _GROWTH), last.integration_time * growth)


class Follower:
    """Lets integration times follow the light during a batch."""

    def __init__(self, times: IntegrationTimes, target: float) -> None:
        """`target` is the peak in percent of saturation, 10 to 90."""
        self._times = times
        self._target = target
        self._samples: dict[tuple[str, str], tuple[Sample, ...]] = {}

    def after(self, spectra: Iterable[Spectrum]) -> set[tuple[str, str]]:
        """Look at the spectra of a sequence, change the times that have to be.

        Returns serial numbers and channels of those that were: their darks don't belong to the next sequence. Darks,
        spectra that don't say what is needed, and those taken at another time than the present one are passed over;
        of several of one spectrometer and channel the last one counts.
        """
        latest = {(spectrum.serial_number, spectrum.direction): spectrum for spectrum in spectra if not spectrum.dark}
        return {place for place, spectrum in latest.items() if self._follow(place, spectrum)}

    def _follow(self, place: tuple[str, str], spectrum: Spectrum) -> bool:
        try:
            present = self._times.current_time(*place)
            goal = self._goal(place[0], spectrum)
            sample = sample_of_spectrum(spectrum)
        except (InvalidValue, NotFound):
            return False
        if goal is None or sample.integration_time != present or present <= 0.0:
            return False
        samples = (*_worth_keeping(self._samples.get(place, ()), sample, goal), sample)
        self._samples[place] = samples
        time = next_time(samples, goal)
        if time is not None:
            self._times.set_automatic(*place, time, AutointegrationState.NOT_DONE)
            return True
        state = AutointegrationState.SUCCESS if is_within(samples, goal) else AutointegrationState.FAILED
        self._times.set_automatic(*place, None, state, percent_of(sample, goal))
        return False

    def _goal(self, serial_number: str, spectrum: Spectrum) -> Goal | None:
        saturation = spectrum.saturation_level
        if not saturation:
            return None
        return Goal(
            target=self._target,
            saturation=saturation,
            minimum=self._times.min_time(serial_number),
            maximum=self._times.max_time(serial_number),
            nonlinearity=spectrum.nonlinearity_coefficients,
        )


def _worth_keeping(samples: Sequence[Sample], new: Sample, goal: Goal) -> tuple[Sample, ...]:
    """The last few at other times, for the base, and saturated ones, which count."""
    kept = [s for s in samples if s.integration_time != new.integration_time or is_saturated(s, goal)]
    return tuple(kept[-_KEPT:])
