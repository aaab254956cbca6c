"""Several exposures: their mean, what follows one another, what is repeated."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from piccolo3.clock import ManualClock
from piccolo3.config import SimulationConfig
from piccolo3.devices import Acquirer, Exposure
from piccolo3.devices.averaging import mean_of
from piccolo3.devices.simulated import MODELS, ReadFault, SimulatedSpectrometer, World
from piccolo3.errors import InvalidValue, SpectrumRejected


class Bench:
    def __init__(self, model: str, *, depth: int | None = None) -> None:
        self.clock = ManualClock()
        freshness = MODELS[model].freshness
        freshness = replace(freshness, buffer_depth=freshness.buffer_depth if depth is None else depth)
        self.model = replace(MODELS[model], freshness=freshness)
        self.twin = SimulatedSpectrometer(self.model, "dummy", World(SimulationConfig(clouds=0.0), self.clock))
        self.info = self.twin.open()
        self.acquirer = Acquirer(self.twin, self.info, self.clock)
        self.transfer = freshness.read_out_time
        self.acquire(20.0)
        self.clock.advance(0.05)

    def acquire(
        self, milliseconds: float, *, averages: int = 1, stay: bool = False, not_before: float | None = None
    ) -> Exposure:
        moment = self.clock.monotonic() if not_before is None else not_before
        return self.acquirer.acquire(milliseconds, not_before=moment, averages=averages, stay=stay)

    def cost(self, milliseconds: float, *, averages: int = 1) -> float:
        start = self.clock.monotonic()
        self.acquire(milliseconds, averages=averages)
        return (self.clock.monotonic() - start) * 1000 - averages * milliseconds


def test_the_mean_and_the_deviation() -> None:
    counts = np.array([[100, 200_000, 7], [103, 200_004, 7], [101, 199_997, 7], [101, 200_000, 9]], np.int32)
    parts = [
        Exposure(counts=row, start=i, end=i + 0.5, integration_time=500.0, discarded=0) for i, row in enumerate(counts)
    ]
    mean = mean_of(parts, discarded=3, repeated=True)
    assert mean.counts.dtype == np.int32
    assert mean.counts.tolist() == [101, 200_000, 8]  # 101.25, 200000.25, 7.5
    assert mean.deviation is not None
    assert mean.deviation.dtype == np.float32
    np.testing.assert_allclose(mean.deviation, counts.std(axis=0, ddof=1), rtol=1e-6)
    assert (mean.start, mean.end, mean.averages, mean.discarded, mean.repeated) == (0, 3.5, 4, 3, True)
    assert mean.actual_integration_time == 500.0
    single = mean_of(parts[:1], discarded=0, repeated=False)
    assert (single.averages, single.deviation) == (1, None)
    assert single.counts is parts[0].counts


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("milliseconds", [8.0, 20.0, 100.0, 1000.0])
def test_n_exposures_cost_n_exposures_and_one_start(model: str, milliseconds: float) -> None:
    bench = Bench(model)
    single = bench.cost(milliseconds)
    bench.clock.advance(0.05)
    several = bench.cost(milliseconds, averages=6)
    if not bench.info.free_running:
        single *= 6  # reading and exposing can't overlap
    extra = bench.info.min_integration_time + bench.transfer + 0.1
    assert several <= single + extra
    exposure = bench.acquire(milliseconds, averages=4)
    assert exposure.discarded <= bench.info.freshness.buffer_depth + 1
    truth = list(bench.twin.truth)[-4:]
    assert exposure.start == pytest.approx(truth[0].start / 1e9, abs=0.003)
    assert exposure.end == pytest.approx(truth[-1].end / 1e9, abs=0.003)


@pytest.mark.parametrize("model", ["QE-PRO", "FLAME-S", "STS-VIS"])
def test_several_leave_no_long_one_under_way(model: str) -> None:
    bench = Bench(model)
    bench.acquire(500.0, averages=5)
    bench.clock.advance(0.03)
    assert bench.cost(50.0) < 12.0


@pytest.mark.parametrize("model", MODELS)
def test_those_that_follow_one_another_cost_nothing_more(model: str) -> None:
    bench = Bench(model)
    settled = bench.clock.monotonic()
    bench.acquire(20.0, stay=True, not_before=settled)
    start, reads = bench.clock.monotonic(), len(bench.twin.truth)
    exposures = [bench.acquire(20.0, stay=i < 9, not_before=settled) for i in range(10)]
    each = 20.0 if bench.info.free_running else 20.0 + bench.transfer
    assert (bench.clock.monotonic() - start) * 1000 == pytest.approx(10 * each, abs=1.1)  # the first may have waited
    assert [exposure.discarded for exposure in exposures] == [0] * 10
    truth = list(bench.twin.truth)[reads:]
    assert all(after.start >= before.end for before, after in pairwise(truth))
    bench.clock.advance(0.03)
    assert bench.cost(100.0) < 12.0


@pytest.mark.parametrize("model", ["QE-PRO", "FLAME-S", "STS-VIS", "RESTARTING"])
@pytest.mark.parametrize("pause", [0.004, 0.013, 0.05, 0.23])
def test_tells_when_those_were_made_that_have_waited(model: str, pause: float) -> None:
    bench = Bench(model)
    settled = bench.clock.monotonic()
    for _ in range(4):
        exposure = bench.acquire(10.0, stay=True, not_before=settled)
        truth = bench.twin.truth[-1]
        # which ones were dropped in a long pause can't be told to the exposure
        assert exposure.start == pytest.approx(truth.start / 1e9, abs=0.003 if pause < 0.01 else 0.0115)
        bench.clock.advance(pause)


@pytest.mark.parametrize("model", MODELS)
def test_what_follows_is_not_taken_for_a_later_view(model: str) -> None:
    bench = Bench(model)
    bench.acquire(50.0, stay=True)
    now = bench.clock.monotonic()
    bench.acquire(50.0)
    assert bench.twin.truth[-1].start >= round(now * 1e9)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("good", [0, 1, 2, 3])
def test_a_rejected_one_among_several_is_repeated_once(model: str, good: int) -> None:
    bench = Bench(model)
    settled = bench.clock.monotonic()
    for _ in range(good):
        bench.acquire(50.0, stay=True, not_before=settled)
    bench.twin.faults.schedule(ReadFault.SHORT_READ)
    exposure = bench.acquire(50.0, averages=3, not_before=settled)
    assert exposure.repeated
    assert exposure.averages == 3
    assert exposure.discarded >= 1
    assert not bench.acquire(50.0, averages=3).repeated
    bench.twin.faults.schedule(ReadFault.ALL_ZERO, 2)
    with pytest.raises(SpectrumRejected, match="zero"):
        bench.acquire(50.0, averages=3)


def test_a_repeated_saturated_spectrum_is_known_by_its_number() -> None:
    bench = Bench("RESTARTING")
    bench.acquire(50.0)
    bench.twin._detector.counts = lambda *_: np.full(1024, 16_383, np.int32)  # type: ignore[method-assign]
    assert not bench.acquire(50.0).repeated
    bench.twin.faults.schedule(ReadFault.REPEATED)
    assert bench.acquire(50.0).repeated


def test_numbers_spare_discards_where_others_were_dropped() -> None:
    bench = Bench("RESTARTING", depth=5)
    spared = Acquirer(bench.twin, bench.info, bench.clock)
    bench.twin.faults.schedule(ReadFault.ALL_ZERO)  # makes it count, after exposures that were short
    assert spared.acquire(1.0, not_before=bench.clock.monotonic()).discarded < 1 + 5


@pytest.mark.parametrize("averages", [0, -1])
def test_refuses_no_exposures(averages: int) -> None:
    with pytest.raises(InvalidValue):
        Bench("QE-PRO").acquire(20.0, averages=averages)
