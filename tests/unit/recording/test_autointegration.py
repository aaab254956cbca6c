from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.recording.autointegration import (
    MOST_EXPOSURES,
    Goal,
    Sample,
    Verdict,
    judge,
    rounded_time,
    sample_of,
    smoothed_peak,
)
from piccolo3.status import AutointegrationState

SUCCESS, FAILED = AutointegrationState.SUCCESS, AutointegrationState.FAILED
SATURATION = 65535.0


def goal(target: float = 80.0, minimum: float = 1.0, maximum: float = 10_000.0) -> Goal:
    return Goal(target=target, saturation=SATURATION, minimum=minimum, maximum=maximum)


class Detector:
    """Offset and rate (counts per ms), compressed near saturation, with noise of a few counts."""

    def __init__(self, rate: float, *, offset: float = 1500.0, dark_pixels: bool = True, seed: int = 1) -> None:
        self.rate = rate
        self.offset = offset
        self.dark_pixels = dark_pixels
        self.noise = np.random.default_rng(seed)

    def expose(self, time: float) -> Sample:
        signal = self.rate * time
        signal *= 1 - 0.08 * min(1.0, signal / SATURATION)
        noise = self.noise.normal(0, 10)
        return Sample(
            integration_time=time,
            peak=min(SATURATION, self.offset + signal + noise),
            offset=self.offset if self.dark_pixels else None,
        )

    def percent(self, time: float) -> float:
        return 100 * self.expose(time).peak / SATURATION


def search(detector: Detector, start: float, goal: Goal) -> tuple[Verdict, list[Sample]]:
    samples: list[Sample] = []
    time = rounded_time(start, goal)
    while True:
        samples.append(detector.expose(time))
        assert len(samples) <= MOST_EXPOSURES
        verdict = judge(samples, goal)
        assert goal.minimum <= verdict.integration_time <= goal.maximum
        if verdict.state is not None:
            return verdict, samples
        time = verdict.integration_time


@given(
    decade=st.floats(-0.3, 4.5),
    start=st.floats(0.0, 4.0),
    target=st.floats(10, 90),
    dark_pixels=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_target_is_reached_from_anywhere(
    decade: float, start: float, target: float, dark_pixels: bool, seed: int
) -> None:
    detector = Detector(10**decade, dark_pixels=dark_pixels, seed=seed)
    wanted = goal(target)
    reachable = detector.percent(wanted.minimum) < target - 4 and detector.percent(wanted.maximum) > target + 4
    verdict, samples = search(detector, 10**start, wanted)
    if reachable:
        assert verdict.state is SUCCESS
        assert samples[-1].integration_time == verdict.integration_time
        assert abs(100 * samples[-1].peak / SATURATION - target) <= 3
        assert len(samples) <= 8
    if verdict.state is FAILED and not reachable:
        assert verdict.integration_time in {wanted.minimum, wanted.maximum}


@given(st.floats(1, 3), st.floats(0, 3), st.integers(0, 1000))
def test_three_exposures_after_a_first_one_that_is_neither_dark_nor_saturated(
    decade: float, start: float, seed: int
) -> None:
    detector = Detector(10**decade, seed=seed)
    first = 100 * detector.expose(10**start).peak / SATURATION
    verdict, samples = search(detector, 10**start, goal())
    if 4 < first < 95:
        assert verdict.state is SUCCESS
        assert len(samples) <= 4


@pytest.mark.parametrize("dark_pixels", [True, False])
def test_no_light(dark_pixels: bool) -> None:
    verdict, _ = search(Detector(0.0, dark_pixels=dark_pixels), 10.0, goal())
    assert verdict == Verdict(integration_time=10_000.0, state=FAILED)


def test_too_much_light() -> None:
    verdict, samples = search(Detector(1e6), 10_000.0, goal())
    assert verdict == Verdict(integration_time=1.0, state=FAILED)
    assert len(samples) <= 5


def test_too_little_light() -> None:
    verdict, _ = search(Detector(2.0), 10.0, goal())
    assert verdict == Verdict(integration_time=10_000.0, state=FAILED)


def test_a_flickering_light_ends_with_the_best_time() -> None:
    samples = [
        Sample(integration_time=10.0 + n, peak=SATURATION * (0.2 if n % 2 else 0.5 + n / 100), offset=0.0)
        for n in range(MOST_EXPOSURES)
    ]
    assert judge(samples, goal()) == Verdict(integration_time=18.0, state=FAILED)
    saturated = [Sample(integration_time=20.0 - n, peak=SATURATION, offset=0.0) for n in range(MOST_EXPOSURES)]
    assert judge(saturated, goal()) == Verdict(integration_time=11.0, state=FAILED)


@given(st.floats(0.001, 100_000))
def test_rounding_changes_little(time: float) -> None:
    wanted = Goal(target=80, saturation=SATURATION, minimum=0.01, maximum=60_000.0)
    rounded = rounded_time(time, wanted)
    assert 0.01 <= rounded <= 60_000.0
    if 0.05 <= time <= 60_000.0:
        assert math.isclose(rounded, time, rel_tol=0.0101)
    if time >= 50:
        assert rounded == round(rounded)


def test_one_hot_pixel_does_not_count() -> None:
    counts = np.array([9, 9, 100, 9, 9, 20, 20, 9], np.int32)
    assert smoothed_peak(counts, (0, 8)) == 20
    assert smoothed_peak(counts, (0, 5)) == 9
    assert smoothed_peak(counts, (2, 4)) == 100


def test_what_an_exposure_tells() -> None:
    info = SpectrometerInfo(
        serial_number="A",
        model="FAKE",
        firmware=None,
        pixels=8,
        wavelength_coefficients=(0.0, 1.0, 0.0, 0.0),
        nonlinearity_coefficients=(),
        dark_pixels=(0, 1),
        optical_pixel_range=(2, 8),
        saturation=SATURATION,
        min_integration_time=1.0,
        max_integration_time=10.0,
        buffer_depth=1,
        can_clear_buffer=False,
        read_out_time=1.0,
        has_cooler=False,
        simulated=True,
    )
    counts = np.array([900, 1000, 5, 5, 7, 7, 7, 5], np.int32)
    exposure = Exposure(counts=counts, start=0, end=1, integration_time=4.0, discarded=0)
    assert sample_of(exposure, info) == Sample(integration_time=4.0, peak=7.0, offset=950.0)
