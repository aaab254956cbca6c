from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from piccolo3.clock import ManualClock
from piccolo3.config import SimulationConfig
from piccolo3.devices.depth import with_measured_depth
from piccolo3.devices.interface import SpectrometerInfo
from piccolo3.devices.simulated import MODELS, SimulatedSpectrometer, World

NOBODY_KNOWS = 16


class Uncertain(SimulatedSpectrometer):
    """A Flame whose buffer is as deep as it was told, and tells nobody. `held_up` (s) comes before each answer."""

    def __init__(self, depth: int, clock: ManualClock, held_up: Callable[[], float] = lambda: 0.0) -> None:
        model = MODELS["FLAME-S"]
        self._info_of = replace(model, freshness=replace(model.freshness, buffer_depth=depth))
        self._held_up = held_up
        self._time = clock
        super().__init__(self._info_of, "dummy", World(SimulationConfig(), clock))

    def open(self) -> SpectrometerInfo:
        info = super().open()
        return replace(info, freshness=replace(info.freshness, buffer_depth=NOBODY_KNOWS, least_depth=1))

    def read(self, timeout: float) -> NDArray[np.int32]:
        counts = super().read(timeout)
        self._time.advance(self._held_up())
        return counts


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 16])
def test_it_is_seen_how_deep_the_buffer_is(depth: int) -> None:
    clock = ManualClock()
    device = Uncertain(depth, clock)
    info = with_measured_depth(device, device.open(), clock)
    assert depth <= info.freshness.buffer_depth <= depth * 3 // 2
    assert info.freshness.surely_kept == 1


@given(
    depth=st.integers(1, 16),
    delays=st.lists(st.floats(0.0, 0.004), min_size=200, max_size=200),
    stalls=st.sets(st.integers(0, 199), max_size=3),
)
def test_it_is_never_too_few_unless_the_host_is_held_up_again_and_again(
    depth: int, delays: list[float], stalls: set[int]
) -> None:
    clock = ManualClock()
    number = iter(range(200))

    def held_up() -> float:
        now = next(number)
        return 0.06 if now in stalls else delays[now]

    device = Uncertain(depth, clock, held_up)
    assert with_measured_depth(device, device.open(), clock).freshness.buffer_depth >= depth


def test_what_was_under_way_does_not_matter() -> None:
    clock = ManualClock()
    device = Uncertain(2, clock)
    info = device.open()
    device.set_integration_time(5000.0)
    device.read(20.0)
    clock.advance(0.1)
    assert with_measured_depth(device, info, clock).freshness.buffer_depth == 2


def test_one_that_always_answers_at_once_keeps_what_was_assumed() -> None:
    class Eager(Uncertain):
        def read(self, timeout: float) -> NDArray[np.int32]:
            return np.ones(2048, np.int32)

    clock = ManualClock()
    device = Eager(1, clock)
    info = device.open()
    assert with_measured_depth(device, info, clock) == info


@pytest.mark.parametrize("name", MODELS)
def test_what_is_certain_is_not_measured(name: str) -> None:
    clock = ManualClock()
    device = SimulatedSpectrometer(MODELS[name], "dummy", World(SimulationConfig(), clock))
    info = device.open()
    assert with_measured_depth(device, info, clock) is info
    assert not device.truth
