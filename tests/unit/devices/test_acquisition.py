from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from piccolo3.clock import ManualClock, SystemClock
from piccolo3.config import ChannelConfig, SimulationConfig
from piccolo3.devices import Acquirer, SpectrometerInfo, TimeChange
from piccolo3.devices.acquisition import GivenUp
from piccolo3.devices.simulated import MODELS, ReadFault, SimulatedShutter, SimulatedSpectrometer, World
from piccolo3.errors import (
    DeviceError,
    DeviceInterrupted,
    DeviceRemoved,
    DeviceTimeout,
    InvalidValue,
    SpectrumRejected,
)

CHANNEL = ChannelConfig(shutter="shutter_1", direction="downwelling", driver="simulated", open_pin=18, close_pin=17)


class Bench:
    def __init__(self, model: str = "QE-PRO", **changes: Any) -> None:
        self.clock = ManualClock()
        world = World(SimulationConfig(clouds=0.0), self.clock)
        self.shutter = SimulatedShutter(CHANNEL, world.blade(CHANNEL.direction), self.clock)
        changed = replace(MODELS[model], freshness=replace(MODELS[model].freshness, **changes))
        self.twin = SimulatedSpectrometer(changed, "dummy", world)
        self.info = self.twin.open()
        self.acquirer = Acquirer(self.twin, self.info, self.clock)

    def cost(self, milliseconds: float) -> float:
        """Time (ms) that an exposure takes, above its integration time."""
        start = self.clock.monotonic()
        self.acquirer.acquire(milliseconds, not_before=start)
        return (self.clock.monotonic() - start) * 1000 - milliseconds


# an exposure under way at the idle time, the read-out
QUIET_COST = {
    "QE-PRO": 8.0 + 2.0 + 0.1,
    "FLAME-S": 1.0 + 1.5 + 0.1,
    "STS-VIS": 0.1 + 3.0 + 0.1,
    "ON-DEMAND": 1.5 + 0.001,
    "RESTARTING": 3.0 + 0.001,
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("milliseconds", [10.0, 30.0, 100.0, 1000.0, 10_000.0])
def test_costs_one_exposure_when_nothing_disturbs(model: str, milliseconds: float) -> None:
    bench = Bench(model)
    bench.cost(milliseconds)
    for _ in range(3):
        bench.clock.advance(0.03)  # two shutters move
        assert bench.cost(milliseconds) <= QUIET_COST[model]


@pytest.mark.parametrize("model", MODELS)
def test_costs_little_more_without_a_pause(model: str) -> None:
    bench = Bench(model)
    bench.cost(200.0)
    guard = {"FLAME-S": 1.0 + 1.5 + 10.0 + 0.1, "STS-VIS": 6.6, "RESTARTING": 2.1}.get(model, 0.0)
    for _ in range(3):
        assert bench.cost(200.0) <= QUIET_COST[model] + guard


@pytest.mark.parametrize("milliseconds", [20.0, 100.0])
def test_idles_so_that_an_exposure_ends_when_the_next_acquisition_is_expected(milliseconds: float) -> None:
    bench = Bench("QE-PRO")
    costs = []
    for i in range(30):
        bench.clock.advance((0.0151, 0.0304)[i % 2] + 0.0001 * (i % 3))  # one shutter moves, then two
        costs.append(bench.cost(milliseconds))
    assert max(costs[6:]) < 2.0 + 1.5  # the read-out, and how much later than expected it may come


def test_a_host_that_was_late_some_time_ago_is_trusted_again() -> None:
    bench = Bench("FLAME-S", least_depth=1)
    for _ in range(3):
        bench.acquirer._idling.was_late()
    told_early = []
    for _ in range(120):
        bench.clock.advance(0.0151)
        moments: list[float] = []
        bench.acquirer.acquire(10.0, not_before=bench.clock.monotonic(), over=moments.append)
        told_early.append(len(moments) > 1)  # the shutter need not wait for the read-out
    assert not any(told_early[:30])
    assert all(told_early[-30:])


@pytest.mark.parametrize("pause", [0.0, 0.004, 0.02, 1.0, 100.0])
def test_a_pause_that_was_not_expected_costs_no_more_than_an_exposure_at_most(pause: float) -> None:
    bench = Bench("QE-PRO")
    for _ in range(5):
        bench.clock.advance(0.0151)
        bench.cost(100.0)
    bench.clock.advance(pause)
    assert bench.cost(100.0) < 2 * 8.0 + 8.0 + 2.0


@pytest.mark.parametrize("model", MODELS)
def test_a_long_exposure_left_under_way_is_waited_for_once(model: str) -> None:
    bench = Bench(model)
    bench.cost(2000.0)
    bench.twin.faults.schedule(ReadFault.ALL_ZERO)  # makes it count, which leaves a long one under way
    bench.cost(2000.0)
    waits = MODELS[model].freshness.on_change is TimeChange.NEXT_EXPOSURE
    assert bench.cost(50.0) < 2000.0 * waits + QUIET_COST[model] + 30.0
    bench.clock.advance(0.05)
    assert bench.cost(50.0) < QUIET_COST[model] + 10.0


def test_a_deep_buffer_that_cant_be_cleared_is_full_before_it_counts() -> None:
    bench = Bench("QE-PRO", can_clear_buffer=False, buffer_depth=5, read_out_time=0.5)
    bench.cost(100.0)
    for _ in range(3):
        assert bench.cost(100.0) < 8.0 * 5 + 0.5 * 6 + 12.0  # fill the buffer, the one under way, read


def test_tells_what_it_did() -> None:
    bench = Bench("FLAME-S")
    bench.shutter.open()
    exposure = bench.acquirer.acquire(40.0, not_before=bench.clock.monotonic() + 0.5)
    truth = bench.twin.truth[-1]
    assert exposure.integration_time == 40.0
    assert exposure.start == pytest.approx(truth.start / 1e9, abs=1e-6)
    assert exposure.end == pytest.approx(truth.end / 1e9, abs=1e-6)
    assert exposure.start >= 0.5
    assert exposure.discarded == len(bench.twin.truth) - 1
    assert exposure.counts.dtype == np.int32
    assert truth.open_share == {"downwelling": 1.0}


@pytest.mark.parametrize("milliseconds", [7.9, 0.0, -1.0, float("nan"), float("inf"), 3_600_001.0])
def test_refuses_what_the_device_cant_do(milliseconds: float) -> None:
    bench = Bench()
    with pytest.raises(InvalidValue):
        bench.acquirer.acquire(milliseconds, not_before=0.0)


@pytest.mark.parametrize("milliseconds", [8.0, 300.0])
@pytest.mark.parametrize(
    "fault", [ReadFault.SHORT_READ, ReadFault.WRONG_LENGTH, ReadFault.ALL_ZERO, ReadFault.REPEATED]
)
def test_an_unusable_spectrum_is_taken_again_once(fault: ReadFault, milliseconds: float) -> None:
    bench = Bench()
    first = bench.acquirer.acquire(milliseconds, not_before=0.0).counts
    bench.twin.faults.schedule(fault)
    again = bench.acquirer.acquire(milliseconds, not_before=bench.clock.monotonic()).counts
    assert again.shape == (bench.info.pixels,)
    assert again.any()
    assert not np.array_equal(first, again)
    bench.twin.faults.schedule(fault, 99)
    with pytest.raises(SpectrumRejected, match=r"pixels|zero|same"):
        bench.acquirer.acquire(milliseconds, not_before=bench.clock.monotonic())
    bench.twin.faults.clear()
    bench.acquirer.acquire(milliseconds, not_before=bench.clock.monotonic())


def test_saturated_spectra_may_be_the_same() -> None:
    bench = Bench("STS-VIS")
    bench.shutter.open()
    spectra = [bench.acquirer.acquire(10_000.0, not_before=bench.clock.monotonic()).counts for _ in range(2)]
    assert all(counts.min() == bench.info.saturation for counts in spectra)


def test_the_errors_of_the_device_get_through() -> None:
    bench = Bench()
    bench.acquirer.acquire(20.0, not_before=0.0)
    bench.twin.faults.schedule(ReadFault.TRANSFER_ERROR)
    with pytest.raises(DeviceError, match="transfer"):
        bench.acquirer.acquire(20.0, not_before=0.0)
    bench.twin.faults.unplugged = True
    with pytest.raises(DeviceRemoved):
        bench.acquirer.acquire(20.0, not_before=0.0)


class Odd(SimulatedSpectrometer):
    """Does not do what a spectrometer does."""

    answers_at_once = False
    late = 0.0  # s
    fails_to_idle: DeviceError | None = None
    timeouts: list[float]

    def open(self) -> SpectrometerInfo:
        self.timeouts = []
        return super().open()

    def read(self, timeout: float) -> NDArray[np.int32]:
        self.timeouts.append(timeout)
        if self.answers_at_once:
            return np.arange(len(self.timeouts), len(self.timeouts) + 1044, dtype=np.int32)
        counts = super().read(timeout)
        self._clock.sleeper().sleep(self.late)
        return counts

    def set_integration_time(self, milliseconds: float) -> None:
        if self.fails_to_idle is not None and self.timeouts and milliseconds == 8.0:
            raise self.fails_to_idle
        super().set_integration_time(milliseconds)


def odd(model: str = "QE-PRO") -> tuple[Odd, Acquirer, ManualClock]:
    clock = ManualClock()
    twin = Odd(MODELS[model], "dummy", World(SimulationConfig(), clock))
    return twin, Acquirer(twin, twin.open(), clock), clock


def test_answers_that_come_too_soon_are_rejected() -> None:
    twin, acquirer, _ = odd()
    twin.answers_at_once = True
    with pytest.raises(SpectrumRejected, match="sooner"):
        acquirer.acquire(100.0, not_before=0.0)


@pytest.mark.parametrize("milliseconds", [10.0, 50.0, 300.0])
@pytest.mark.parametrize("model", sorted(MODELS))
def test_an_answer_that_is_late_was_not_exposed_late(model: str, milliseconds: float) -> None:
    twin, acquirer, _ = odd(model)
    acquirer.acquire(milliseconds, not_before=0.0)
    twin.late = 5.0
    start = acquirer.acquire(milliseconds, not_before=0.0).start
    assert start == pytest.approx(twin.truth[-1].start / 1e9, abs=0.02 + 3 * milliseconds / 1000)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_what_nobody_wants_any_more_costs_no_further_exposure(model: str) -> None:
    twin, acquirer, clock = odd(model)
    acquirer.acquire(20.0, not_before=0.0)
    reads, begin = len(twin.truth), clock.monotonic()
    with pytest.raises(GivenUp):
        acquirer.acquire(5000.0, not_before=begin, averages=100, wanted=lambda: len(twin.truth) <= reads)
    assert len(twin.truth) == reads + 1
    assert clock.monotonic() < begin + 6.0
    exposure = acquirer.acquire(20.0, not_before=clock.monotonic())
    assert exposure.actual_integration_time == pytest.approx(20.0, abs=1)
    assert twin.truth[-1].end - twin.truth[-1].start == round(exposure.actual_integration_time * 1e6)


def test_the_exposure_in_hand_is_kept_if_the_device_fails_afterwards() -> None:
    twin, acquirer, _ = odd()
    twin.fails_to_idle = DeviceError("gone")
    assert acquirer.acquire(20.0, not_before=0.0).counts.any()
    twin.fails_to_idle = DeviceInterrupted("closing")
    with pytest.raises(DeviceInterrupted):
        acquirer.acquire(20.0, not_before=0.0)


def test_a_read_may_take_as_long_as_what_may_be_under_way_but_not_for_ever() -> None:
    twin, acquirer, clock = odd()
    acquirer.acquire(20.0, not_before=0.0)
    assert max(twin.timeouts) < 2.1  # it has told at which time it opens
    anything = replace(acquirer._info, freshness=replace(acquirer._info.freshness, opens_at=None))
    twin.timeouts.clear()
    Acquirer(twin, anything, clock).acquire(20.0, not_before=0.0)
    assert 15.0 < twin.timeouts[0] < 20.0  # nobody knows what was set before
    twin.timeouts.clear()
    acquirer.acquire(20.0, not_before=0.0)
    assert max(twin.timeouts) < 2.1
    acquirer.acquire(30_000.0, not_before=0.0)
    assert 30.0 < max(twin.timeouts) < 32.2


def test_a_slow_device_times_out() -> None:
    bench = Bench("STS-VIS", read_out_time=3.0)
    hasty = replace(bench.info, freshness=replace(bench.info.freshness, read_out_time=0.0))
    slow = Acquirer(bench.twin, hasty, bench.clock)
    slow.acquire(20.0, not_before=0.0)
    never = Bench("STS-VIS", read_out_time=60_000.0)
    with pytest.raises(DeviceTimeout):
        Acquirer(never.twin, bench.info, never.clock).acquire(20.0, not_before=0.0)


def test_interrupt_ends_an_acquisition_that_hangs() -> None:
    clock = SystemClock()
    twin = SimulatedSpectrometer(MODELS["QE-PRO"], "dummy", World(SimulationConfig(), clock))
    acquirer = Acquirer(twin, twin.open(), clock)
    twin.faults.schedule(ReadFault.HANG)
    timer = threading.Timer(0.01, twin.interrupt)
    timer.start()
    with pytest.raises(DeviceInterrupted):
        acquirer.acquire(20.0, not_before=0.0)
    timer.join()
