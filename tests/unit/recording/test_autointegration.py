from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.recording.autointegration import (
    MOST_EXPOSURES,
    Goal,
    Verdict,
    base_of,
    judge,
    rounded_time,
    time_for,
)
from piccolo3.recording.peaks import Sample
from piccolo3.status import AutointegrationState

SUCCESS, FAILED = AutointegrationState.SUCCESS, AutointegrationState.FAILED
SATURATION = 65535.0


def goal(target: float = 80.0, minimum: float = 1.0, maximum: float = 10_000.0) -> Goal:
    return Goal(target=target, saturation=SATURATION, minimum=minimum, maximum=maximum)


def sample(time: float, peak: float, base: float = 0.0, *, dark_pixels: bool = True) -> Sample:
    return Sample(integration_time=time, peak=peak, base=base, base_noise=3.0, noise=10.0, has_dark_pixels=dark_pixels)


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
            base=min(SATURATION, self.offset if self.dark_pixels else self.offset + 0.05 * signal),
            base_noise=3.0,
            noise=10.0,
            has_dark_pixels=self.dark_pixels,
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
        assert verdict.achieved == 100 * samples[-1].peak / SATURATION
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
    verdict, samples = search(Detector(0.0, dark_pixels=dark_pixels), 10.0, goal())
    assert (verdict.integration_time, verdict.state) == (10_000.0, FAILED)
    assert verdict.achieved == pytest.approx(100 * 1500 / SATURATION, abs=0.1)
    assert len(samples) <= 4


def test_no_light_but_as_many_counts_as_wanted() -> None:
    for dark_pixels in (True, False):
        counts = Detector(0.0, offset=0.098 * SATURATION, dark_pixels=dark_pixels)
        verdict, _ = search(counts, 10.0, goal(10))
        assert (verdict.integration_time, verdict.state) == (10_000.0, FAILED)


def test_dark_current_alone_is_no_success() -> None:
    seen: list[Sample] = []
    time = 10.0
    while (verdict := judge([*seen, sample(time, 100 + 20 * time, 100 + 20 * time)], goal(20))).state is None:
        seen.append(sample(time, 100 + 20 * time, 100 + 20 * time))
        time = verdict.integration_time
    assert verdict.state is FAILED
    assert verdict.integration_time == pytest.approx(650, rel=0.01)
    assert verdict.achieved == pytest.approx(20, abs=1)


def test_too_much_light() -> None:
    verdict, samples = search(Detector(1e6), 10_000.0, goal())
    assert verdict == Verdict(integration_time=1.0, state=FAILED, achieved=100.0)
    assert len(samples) <= 4


def test_too_little_light() -> None:
    verdict, _ = search(Detector(2.0), 10.0, goal())
    assert (verdict.integration_time, verdict.state) == (10_000.0, FAILED)


def test_an_offset_above_the_target() -> None:
    verdict, samples = search(Detector(1.0, offset=0.3 * SATURATION), 500.0, goal(20))
    assert (verdict.integration_time, verdict.state) == (1.0, FAILED)
    assert len(samples) <= MOST_EXPOSURES


def test_a_flickering_light_ends_with_the_best_time() -> None:
    samples = [sample(10.0 + n, SATURATION * (0.2 if n % 2 else 0.5 + n / 100)) for n in range(MOST_EXPOSURES)]
    verdict = judge(samples, goal())
    assert (verdict.integration_time, verdict.state) == (16.0, FAILED)
    assert verdict.achieved == pytest.approx(56.0)
    saturated = [sample(20.0 - n, SATURATION) for n in range(MOST_EXPOSURES)]
    assert judge(saturated, goal()) == Verdict(integration_time=13.0, state=FAILED, achieved=100.0)


def test_saturated_means_decisively_shorter() -> None:
    assert judge([sample(1000.0, SATURATION)], goal()).integration_time == 20.0
    # weak light before: in between
    between = judge([sample(10.0, 100.0), sample(1000.0, SATURATION)], goal()).integration_time
    assert between == pytest.approx(100.0)
    # enough light to compute it from, so it has become brighter
    brighter = judge([sample(100.0, 0.6 * SATURATION), sample(133.0, SATURATION)], goal()).integration_time
    assert brighter == pytest.approx(133 / 4, rel=0.01)


def test_what_was_saturated_a_moment_ago_is_not_tried_again() -> None:
    samples = [sample(1000.0, SATURATION), sample(20.0, 0.005 * SATURATION)]
    assert judge(samples, goal()).integration_time == pytest.approx(math.sqrt(20 * 1000), rel=0.01)
    # but when the light has gone since then
    samples += [sample(141.0, 0.035 * SATURATION)]
    assert judge(samples, goal()).integration_time > 3000


@pytest.mark.parametrize(("budget", "state"), [(3.0, FAILED), (3.2, None)])
def test_the_exposures_have_a_budget(budget: float, state: AutointegrationState | None) -> None:
    wanted = Goal(target=80, saturation=SATURATION, minimum=1, maximum=10_000, budget=budget)
    samples = [sample(100.0, SATURATION), sample(1000.0, 0.4 * SATURATION)]
    verdict = judge(samples, wanted)
    assert verdict.state is state
    assert verdict.integration_time == (1000.0 if state else 2000.0)


def test_the_budget_is_derived_from_the_limits() -> None:
    assert goal(maximum=10_000).seconds == 40.0
    assert goal(maximum=10).seconds == 2.0


def test_offset_and_dark_current() -> None:
    known = base_of([sample(10.0, 5000, 1020), sample(100.0, 5000, 1200), sample(1000.0, 5000, 3000)], goal())
    assert known.known
    assert known.dark == pytest.approx(2.0)
    assert known.offset == pytest.approx(1000.0)
    # neither a saturated exposure nor one as long nor noise tells anything
    assert not base_of([sample(10.0, SATURATION, 9000), sample(1000.0, 5000, 3000)], goal()).known
    assert not base_of([sample(999.0, 5000, 9000), sample(1000.0, 5000, 3000)], goal()).known
    assert base_of([sample(10.0, 5000, 1000), sample(1000.0, 5000, 1004)], goal()).dark == 0.0


def test_nonlinearity_is_accounted_for() -> None:
    def peak(time: float) -> float:  # y / (1 - 2e-6 y) = rate * time
        light = 20.0 * time
        return 1000 + light / (1 + 2e-6 * light)

    wanted = Goal(target=80, saturation=SATURATION, minimum=1, maximum=1e4, nonlinearity=(1.0, -2e-6))
    time = judge([sample(100.0, peak(100.0), 1000)], wanted).integration_time
    assert 100 * peak(time) / SATURATION == pytest.approx(80, abs=0.4)
    nonsense = Goal(target=80, saturation=SATURATION, minimum=1, maximum=1e4, nonlinearity=(0.0, 0.0, 0.0))
    time = judge([sample(100.0, peak(100.0), 1000)], nonsense).integration_time
    assert 100 * peak(time) / SATURATION == pytest.approx(72.8, abs=1)


def test_when_there_is_nothing_it_takes_for_ever() -> None:
    base = base_of([sample(10.0, 1000, 1000)], goal())
    assert time_for(2000.0, 0.0, base, goal()) == math.inf
    assert time_for(500.0, 10.0, base, goal()) == 0.0


@given(st.floats(0.001, 100_000))
def test_rounding_changes_little(time: float) -> None:
    wanted = Goal(target=80, saturation=SATURATION, minimum=0.01, maximum=60_000.0)
    rounded = rounded_time(time, wanted)
    assert 0.01 <= rounded <= 60_000.0
    if 0.05 <= time <= 60_000.0:
        assert math.isclose(rounded, time, rel_tol=0.00501 if time >= 0.1 else 0.0101)
    if time >= 100:
        assert rounded == round(rounded)
