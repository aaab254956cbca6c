"""Automatic integration with the simulated detectors, from every start, in every light: pure arithmetic, no waiting."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import ManualClock
from piccolo3.devices.simulated import MODELS, Model
from piccolo3.devices.simulated.clouds import Clouds
from piccolo3.devices.simulated.detector import Detector
from piccolo3.devices.simulated.optics import View, optics_of
from piccolo3.recording.autointegration import Goal, Verdict, is_saturated, judge, rounded_time
from piccolo3.recording.peaks import Sample, sample_of_spectrum, smoothed_peak
from piccolo3.spectrum import Spectrum

MAXIMUM = 10_000.0
STARTS = 10
LEVELS = tuple(10.0 ** (step / 2) for step in range(-9, 6))  # of the sun at 45 degrees
TARGETS = (10.0, 50.0, 80.0, 90.0)
SURELY_LIT = 0.01  # of saturation: a first exposure with more light is not dark


@dataclass(frozen=True)
class Scene:
    """A detector (at degrees Celsius) and what it looks at; `clouds` from 0 to 1."""

    model: Model
    temperature: float
    level: float
    clouds: float = 0.0
    seed: int = 1

    def goal(self, target: float) -> Goal:
        return Goal(
            target=target,
            saturation=float(self.model.saturation),
            minimum=self.model.min_integration_time,
            maximum=MAXIMUM,
            nonlinearity=self.model.nonlinearity_coefficients,
        )

    def truth(self, milliseconds: float) -> float:
        """The peak in percent of saturation without noise, under a clear sky."""
        light = self.level * sky(self.model) * milliseconds / 1000
        counts = _noiseless(self.model).counts(light, milliseconds / 1000, self.temperature, 0)
        return 100 * smoothed_peak(counts, self.model.optical_pixel_range) / self.model.saturation

    def light(self, milliseconds: float) -> float:
        """The light at the peak in percent of saturation, linear."""
        return float(100 * self.level * sky(self.model).max() * milliseconds / 1000 / self.model.saturation)


@dataclass(frozen=True)
class Search:
    """What an automatic integration did."""

    scene: Scene
    goal: Goal
    samples: tuple[Sample, ...]
    verdict: Verdict

    @property
    def begins_well(self) -> bool:
        """Whether the first exposure is neither dark nor saturated."""
        first = self.samples[0]
        return first.light >= SURELY_LIT * self.goal.saturation and not is_saturated(first, self.goal)

    @property
    def spent(self) -> float:
        """Exposure time over the final integration time."""
        return sum(s.integration_time for s in self.samples) / self.verdict.integration_time

    @property
    def spent_after_the_first(self) -> float:
        """The same without the first exposure, whose time is what it was before."""
        return self.spent - self.samples[0].integration_time / self.verdict.integration_time


def search(scene: Scene, target: float, start: float, seed: int) -> Search:
    """Find an integration time; `seed` makes another noise."""
    goal, clock = scene.goal(target), ManualClock()
    samples: list[Sample] = []
    clouds, detector = Clouds(scene.seed, scene.clouds), _detector(scene.model, scene.seed)
    time = rounded_time(start, goal)
    while True:
        began, seconds = clock.monotonic() + seed, time / 1000
        light = scene.level * seconds * clouds.mean_transmittance(began, began + seconds) * sky(scene.model)
        counts = detector.counts(light, seconds, scene.temperature, 100 * seed + len(samples))
        clock.advance(seconds + scene.model.min_integration_time / 1000)
        samples.append(_seen(scene.model, counts, time))
        verdict = judge(samples, goal)
        time = verdict.integration_time
        if verdict.state is not None:
            return Search(scene, goal, tuple(samples), verdict)


def grid(model: Model) -> Iterator[Search]:
    """All temperatures, lights, targets and starts."""
    temperatures = (25.0,) if model.cooling is None else (25.0, -10.0)
    seeds = itertools.count()
    for temperature, level, target in itertools.product(temperatures, LEVELS, TARGETS):
        scene = Scene(model, temperature, level)
        for start in np.geomspace(model.min_integration_time, MAXIMUM, STARTS).tolist():
            yield search(scene, target, start, next(seeds))


def whole_grid() -> list[Search]:
    """The grids of all models."""
    return [search for model in MODELS.values() for search in grid(model)]


@cache
def sky(model: Model) -> NDArray[np.float64]:
    """Counts/s of a linear detector under the sun at 45 degrees."""
    return optics_of(model).rate(View.SKY, 45.0)


@cache
def _detector(model: Model, seed: int) -> Detector:
    return Detector(model, "A", seed)


@cache
def _noiseless(model: Model) -> Detector:
    return Detector(replace(model, read_noise=0.0, gain=1e15), "A", 1)


def _seen(model: Model, counts: NDArray[np.int32], milliseconds: float) -> Sample:
    return sample_of_spectrum(
        Spectrum(
            pixels=counts,
            metadata={
                "IntegrationTime": milliseconds,
                "DarkPixels": list(model.dark_pixels),
                "OpticalPixelRange": list(model.optical_pixel_range),
            },
        )
    )
