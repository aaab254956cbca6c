"""Whatever the host, the shutters and the settings do: an exposure that is handed out was the one asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from piccolo3.clock import ManualClock, Sleeper
from piccolo3.config import ChannelConfig, SimulationConfig
from piccolo3.devices import Acquirer, Exposure, Spectrometer, SpectrometerInfo, acquisition
from piccolo3.devices.acquisition import Overtaken
from piccolo3.devices.averaging import mean_of
from piccolo3.devices.simulated import (
    MODELS,
    Model,
    ReadFault,
    SimulatedShutter,
    SimulatedSpectrometer,
    TrueExposure,
    World,
)
from piccolo3.devices.simulated.timeline import nanoseconds
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

DIRECTIONS = ("downwelling", "upwelling")
kept: list[Exposure] = []  # of the last acquisition


@pytest.fixture(autouse=True, scope="module")
def _spy() -> Iterator[None]:
    def spy(exposures: Sequence[Exposure], *, discarded: int, repeated: bool) -> Exposure:
        kept[:] = exposures
        return mean_of(exposures, discarded=discarded, repeated=repeated)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acquisition, "mean_of", spy)
        yield


def small(model: Model, **changes: object) -> Model:
    """The same with few pixels, which makes no difference to time; the noise of the dark ones tells repeats."""
    fewer = replace(model, pixels=24, dark_pixels=tuple(range(16)), optical_pixel_range=(16, 24))
    return replace(fewer, freshness=replace(model.freshness, **changes))  # type: ignore[arg-type]


QE_PRO, FLAME_S, STS_VIS, ON_DEMAND, RESTARTING = (small(model) for model in MODELS.values())
KINDS = (
    QE_PRO,
    FLAME_S,
    STS_VIS,
    ON_DEMAND,
    RESTARTING,
    small(MODELS["QE-PRO"], can_clear_buffer=False, buffer_depth=5),
    small(MODELS["FLAME-S"], can_clear_buffer=True),
    replace(
        small(MODELS["STS-VIS"], can_clear_buffer=True, read_out_time=0.0, opens_at=None),
        default_integration_time=9000.0,
    ),
    small(MODELS["STS-VIS"], counts_exposures=True),
    small(MODELS["RESTARTING"], counts_exposures=False, buffer_depth=1, opens_at=None),
    small(MODELS["RESTARTING"], can_clear_buffer=True),
)


class Stalls:
    """Delays of the host, in s, one after the other."""

    def __init__(self, clock: ManualClock, delays: list[float]) -> None:
        self._clock = clock
        self.follow(delays)

    def follow(self, delays: list[float]) -> None:
        self._delays = cycle(delays)

    def stall(self) -> None:
        self._clock.advance(next(self._delays))


class LateSleeper(Sleeper):
    def __init__(self, sleeper: Sleeper, stalls: Stalls) -> None:
        self._sleeper = sleeper
        self._stalls = stalls

    def sleep(self, seconds: float) -> bool:
        done = self._sleeper.sleep(seconds)
        self._stalls.stall()
        return done

    def cancel(self) -> None:
        self._sleeper.cancel()


class LateClock(ManualClock):
    """What the acquirer sees of the clock; the devices have a punctual one."""

    def __init__(self, clock: ManualClock, stalls: Stalls) -> None:
        super().__init__()
        self._clock = clock
        self._stalls = stalls

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleeper(self) -> Sleeper:
        return LateSleeper(self._clock.sleeper(), self._stalls)


class LateSpectrometer(Spectrometer):
    """The host is held up before and after every call."""

    def __init__(self, spectrometer: SimulatedSpectrometer, stalls: Stalls) -> None:
        self._spectrometer = spectrometer
        self._stalls = stalls
        self.truth_of: dict[int, tuple[NDArray[np.int32], TrueExposure]] = {}
        self.settings_to_fail: list[bool] = []  # whether they take effect nevertheless

    def open(self) -> SpectrometerInfo:
        return self._spectrometer.open()

    def close(self) -> None:
        self._spectrometer.close()

    def set_integration_time(self, milliseconds: float) -> None:
        self._stalls.stall()
        failure = self.settings_to_fail.pop() if self.settings_to_fail else None
        if failure is not False:
            self._spectrometer.set_integration_time(milliseconds)
        self._stalls.stall()
        if failure is not None:
            raise DeviceError("no answer")

    def read(self, timeout: float) -> NDArray[np.int32]:
        self._stalls.stall()
        known = len(self._spectrometer.truth)
        counts = self._spectrometer.read(timeout)
        if len(self._spectrometer.truth) > known:  # not when it repeats an older one
            self.truth_of[id(counts)] = (counts, self._spectrometer.truth[-1])
        self._stalls.stall()
        return counts

    def exposure_number(self) -> int | None:
        return self._spectrometer.exposure_number()

    def clear_buffer(self) -> None:
        self._stalls.stall()
        self._spectrometer.clear_buffer()
        self._stalls.stall()

    def temperature(self) -> float | None:
        return self._spectrometer.temperature()

    def set_cooler(self, enabled: bool, target: float) -> None:
        self._spectrometer.set_cooler(enabled, target)

    def interrupt(self) -> None:
        self._spectrometer.interrupt()


class Bench:
    """A spectrometer, two shutters, a host that stalls."""

    def __init__(self, model: Model, delays: list[float]) -> None:
        self.clock = ManualClock()
        self.stalls = stalls = Stalls(self.clock, delays)
        world = World(SimulationConfig(seed=1), self.clock)
        self.shutters = {
            direction: SimulatedShutter(
                ChannelConfig(
                    shutter=f"shutter_{i + 1}",
                    direction=direction,
                    driver="simulated",
                    open_pin=2 * i,
                    close_pin=1 + 2 * i,
                ),
                world.blade(direction),
                self.clock,
            )
            for i, direction in enumerate(DIRECTIONS)
        }
        self.twin = SimulatedSpectrometer(model, "dummy", world)
        info = self.twin.open()
        self.device = LateSpectrometer(self.twin, stalls)
        self.acquirer = Acquirer(self.device, info, LateClock(self.clock, stalls))
        self.settled = 0.0

    def acquire(
        self, milliseconds: float, ahead: float = 0.0, *, averages: int = 1, stay: bool = False, same: bool = False
    ) -> None:
        """Take exposures, and compare them with the truth; `same`: of what is seen since a shutter moved last."""
        not_before = self.settled if same else self.clock.monotonic() + ahead
        self.device.truth_of.clear()
        exposure, over = self._acquire(milliseconds, not_before, averages, stay)
        opened = {name: float(shutter.status is ShutterStatus.OPEN) for name, shutter in self.shutters.items()}
        truths = [self.device.truth_of.pop(id(one.counts))[1] for one in kept]  # none is there twice
        assert len(truths) == exposure.averages == averages
        for one, truth in zip(kept, truths, strict=True):
            assert truth.start >= nanoseconds(not_before)
            assert truth.end - truth.start == round(milliseconds * 1e6)
            assert truth.open_share == opened
            assert one.start >= not_before
        assert [truth.start for truth in truths] == sorted(truth.start for truth in truths)
        assert truths[-1].end <= nanoseconds(over[0]) + 1
        assert exposure.start >= not_before
        assert exposure.integration_time == milliseconds

    def _acquire(
        self, milliseconds: float, not_before: float, averages: int, stay: bool
    ) -> tuple[Exposure, list[float]]:
        """An exposure, and from when on nobody had to look any more; asked for again where it says so."""
        over: list[float] = []
        acquire = self.acquirer.acquire
        try:
            exposure = acquire(milliseconds, not_before=not_before, averages=averages, stay=stay, over=over.append)
        except Overtaken as overtaken:
            assert over  # else it has to repeat it itself
            exposure = acquire(
                milliseconds, not_before=not_before, averages=averages, stay=stay, unusable=overtaken.unusable
            )
            over = [self.clock.monotonic()]
        return exposure, over


@dataclass(frozen=True)
class Acquire:
    milliseconds: float
    ahead: float = 0.0
    averages: int = 1
    stay: bool = False
    same: bool = False


@dataclass(frozen=True)
class Move:
    direction: str
    opened: bool


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Fail:
    fault: ReadFault


@dataclass(frozen=True)
class FailToSet:
    in_effect: bool


Step = Acquire | Move | Wait | Fail | FailToSet


LATE = st.sampled_from((0.0, 0.0, 0.0, 0.0, 0.0, 1e-4, 1e-3, 4e-3, 8e-3, 0.017, 0.023, 0.05, 0.2, 1.0, 20.0))
TIMES = st.sampled_from((8.0, 9.5, 20.0, 28.0, 40.0, 100.0, 250.0, 1000.0, 5000.0)) | st.floats(8.0, 3000.0).map(
    lambda time: round(time, 3)
)
SEVERAL = st.sampled_from((1, 1, 1, 2, 3, 6))
STEPS = (
    st.builds(Acquire, TIMES)
    | st.builds(Acquire, TIMES, st.sampled_from((0.0, 0.001, 0.03, 0.5)))
    | st.builds(Acquire, st.sampled_from((8.0, 10.0, 20.0, 60.0)), st.just(0.0), SEVERAL, st.booleans(), st.booleans())
    | st.builds(Move, st.sampled_from(DIRECTIONS), st.booleans())
    | st.builds(Wait, LATE)
)
FAULTS = st.sampled_from([fault for fault in ReadFault if fault is not ReadFault.HANG])


def run(bench: Bench, steps: list[Step]) -> None:
    for step in steps:
        match step:
            case Acquire(milliseconds, ahead, averages, stay, same):
                bench.acquire(milliseconds, ahead, averages=averages, stay=stay, same=same)
            case Move(direction, opened):
                shutter = bench.shutters[direction]
                if opened:
                    shutter.open()
                else:
                    shutter.close()
                bench.settled = bench.clock.monotonic()
            case Wait(seconds):
                bench.clock.advance(seconds)
            case Fail(fault):
                bench.twin.faults.schedule(fault)
            case FailToSet(in_effect):
                bench.device.settings_to_fail.append(in_effect)


@settings(max_examples=250)
@given(st.sampled_from(KINDS), st.lists(STEPS, min_size=1, max_size=12), st.lists(LATE, min_size=1, max_size=40))
@example(
    FLAME_S, [Acquire(100.0), Move("upwelling", True), Acquire(100.0), Move("upwelling", False), Acquire(100.0)], [0.0]
)
def test_never_a_wrong_exposure(model: Model, steps: list[Step], delays: list[float]) -> None:
    run(Bench(model, delays), steps)


@settings(max_examples=150)
@given(
    st.sampled_from(KINDS),
    st.lists(STEPS | st.builds(Fail, FAULTS) | st.builds(FailToSet, st.booleans()), min_size=1, max_size=12),
    st.lists(LATE, min_size=1, max_size=20),
)
def test_never_a_wrong_exposure_after_a_failure(model: Model, steps: list[Step], delays: list[float]) -> None:
    bench = Bench(model, delays)
    for step in steps:
        try:
            run(bench, [step])
        except DeviceError:
            assert any(isinstance(step, Fail | FailToSet) for step in steps)


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize(("milliseconds", "averages"), [(100.0, 1), (40.0, 3)])
def test_one_stall_anywhere(model: Model, milliseconds: float, averages: int) -> None:
    """The host stalls once, at each of its calls and for times around those that matter."""
    delays = [milliseconds / 1000 + (i - 4) * 3.1e-3 for i in range(12)] + [0.004, 0.012, 0.2]
    for delay in delays:
        for call in range(18):
            bench = Bench(model, [0.0])
            bench.shutters["upwelling"].open()
            bench.acquire(milliseconds)
            bench.shutters["upwelling"].close()
            bench.stalls.follow([0.0] * call + [max(0.0, delay)] + [0.0] * 99)
            bench.acquire(milliseconds, averages=averages)
            bench.shutters["upwelling"].open()
            bench.acquire(milliseconds)


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("in_effect", [False, True])
@pytest.mark.parametrize("milliseconds", [9.0, 40.0])
def test_an_integration_time_that_failed_is_not_taken_for_set(
    model: Model, in_effect: bool, milliseconds: float
) -> None:
    bench = Bench(model, [0.0])
    run(bench, [Acquire(60.0), Wait(0.1), FailToSet(in_effect)])
    with pytest.raises(DeviceError):
        bench.acquire(milliseconds)
    run(bench, [Acquire(milliseconds), Acquire(milliseconds, same=True), Acquire(60.0)])


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("milliseconds", [8.0, 10.0, 40.0])
@pytest.mark.parametrize("stay", [False, True])
@pytest.mark.parametrize("averages", [1, 3])
def test_what_is_left_under_way_is_not_of_another_time(
    model: Model, milliseconds: float, stay: bool, averages: int
) -> None:
    bench = Bench(model, [0.0])
    first = Acquire(milliseconds, averages=averages, stay=stay, same=True)
    shortest = Acquire(max(model.min_integration_time, 0.5), same=True)
    run(bench, [first, shortest, first, first, Acquire(20.0, same=True), first, shortest, shortest])


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("failure", [FailToSet(True), FailToSet(False), Fail(ReadFault.TRANSFER_ERROR)])
def test_what_a_failure_leaves_under_way(model: Model, failure: Step) -> None:
    """A long exposure may be under way after an acquisition that failed, and may end at any moment of the next."""
    for i in range(75):
        bench = Bench(model, [0.0])
        run(bench, [Acquire(50.0), Wait(0.1), failure])
        with pytest.raises(DeviceError):
            bench.acquire(300.0)
        run(bench, [Move("upwelling", True), Wait(i * 0.004), Acquire(60.0), Move("upwelling", False), Acquire(60.0)])
