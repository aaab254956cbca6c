"""What only a twin has: truth, faults, light through its own shutters."""

from __future__ import annotations

import time

import numpy as np
import pytest

from piccolo3.clock import ManualClock
from piccolo3.config import SimulationConfig
from piccolo3.devices.simulated import MODELS, ReadFault, SimulatedPowerSwitch, SimulatedSpectrometer, World
from piccolo3.errors import DeviceError, DeviceRemoved


class Bench:
    def __init__(self, model: str = "STS-VIS", elevation: float = 45.0) -> None:
        self.clock = ManualClock()
        self.world = World(SimulationConfig(clouds=0.0, sun_elevation=elevation), self.clock)
        self.down, self.up = self.world.blade("downwelling"), self.world.blade("upwelling")
        self.twin = SimulatedSpectrometer(MODELS[model], "dummy", self.world)
        self.info = self.twin.open()
        self.twin.set_integration_time(20.0)
        for _ in range(self.info.freshness.buffer_depth + 2):
            self.read()

    def read(self) -> float:
        return float(self.twin.read(20.0).mean())

    def now(self) -> int:
        return round(self.clock.monotonic() * 1e9)

    def move(self, down: bool, up: bool) -> None:
        for blade, opened in ((self.down, down), (self.up, up)):
            blade.move(self.now(), self.now(), opened=opened)
        self.clock.advance(0.1 * self.info.freshness.buffer_depth)
        for _ in range(self.info.freshness.buffer_depth):
            self.read()


def test_light_comes_only_through_open_shutters_and_adds_up() -> None:
    bench = Bench()
    light = {}
    for down in (False, True):
        for up in (False, True):
            bench.move(down, up)
            light[down, up] = bench.read()
            assert bench.twin.truth[-1].open_share == {"downwelling": float(down), "upwelling": float(up)}
    dark = light[False, False]
    sky, canopy, both = (light[key] - dark for key in ((True, False), (False, True), (True, True)))
    assert sky > 500
    assert 100 < canopy < sky
    assert both == pytest.approx(sky + canopy, rel=0.01)


def test_a_mixed_exposure_has_a_part_of_the_light() -> None:
    bench = Bench()
    bench.twin.set_integration_time(200.0)
    bench.read()
    bench.twin.read(1.0)
    dark = float(bench.twin.read(1.0).mean())
    slot = bench.twin.truth[-1]
    opened = slot.end + 50_000_000
    bench.down.move(opened, opened, opened=True)
    mixed = float(bench.twin.read(1.0).mean())
    assert bench.twin.truth[-1].open_share["downwelling"] == pytest.approx(0.75)
    bench.twin.set_integration_time(150.0)
    bench.read()
    full = bench.read()
    assert mixed - dark == pytest.approx(full - dark, rel=0.01)


def test_no_light_at_night() -> None:
    bench = Bench(elevation=-5.0)
    dark = bench.read()
    bench.move(True, True)
    assert bench.read() == pytest.approx(dark, abs=1.0)


def test_idling_costs_nothing() -> None:
    bench = Bench()
    bench.twin.set_integration_time(0.1)
    started = time.process_time()
    bench.clock.advance(1e6)  # ten thousand million exposures
    bench.read()
    assert time.process_time() - started < 0.5


def test_a_read_under_way_gets_the_exposure_that_was_under_way_when_it_was_asked_for() -> None:
    bench = Bench()
    asked = bench.now()
    bench.read()
    truth = bench.twin.truth[-1]
    assert truth.start <= asked < truth.end
    bench.clock.advance(10.0)
    bench.read()
    late = bench.twin.truth[-1]
    assert late.end <= bench.now() - 10**6
    assert late.start > truth.end


@pytest.mark.parametrize(
    ("fault", "size"),
    [
        (ReadFault.SHORT_READ, 512),
        (ReadFault.WRONG_LENGTH, 1025),
        (ReadFault.ALL_ZERO, 1024),
        (ReadFault.REPEATED, 1024),
    ],
)
def test_faults_of_reads(fault: ReadFault, size: int) -> None:
    bench = Bench()
    before = bench.twin.read(1.0)
    bench.twin.faults.schedule(fault, 2)
    first, second, after = (bench.twin.read(1.0) for _ in range(3))
    assert first.size == second.size == size
    assert first.any() == (fault is not ReadFault.ALL_ZERO)
    assert np.array_equal(first, before) == (fault is ReadFault.REPEATED)
    assert after.size == 1024
    assert after.any()
    assert not np.array_equal(after, before)


def test_a_transfer_error_loses_the_exposure() -> None:
    bench = Bench()
    bench.twin.faults.schedule(ReadFault.TRANSFER_ERROR)
    last = bench.twin.truth[-1]
    with pytest.raises(DeviceError, match="transfer"):
        bench.read()
    bench.read()
    assert bench.twin.truth[-1].start > last.end


def test_faults_can_be_taken_back() -> None:
    bench = Bench()
    bench.twin.faults.schedule(ReadFault.TRANSFER_ERROR, 5)
    bench.twin.faults.clear()
    bench.read()


def test_without_power_it_is_gone_and_warms_up() -> None:
    bench = Bench("QE-PRO")
    switch = SimulatedPowerSwitch(bench.twin.set_power)
    bench.twin.set_cooler(True, -10.0)
    bench.clock.advance(500.0)
    assert bench.twin.temperature() == pytest.approx(-10.0, abs=0.1)
    switch.off()
    with pytest.raises(DeviceRemoved):
        bench.twin.temperature()
    bench.twin.close()
    with pytest.raises(DeviceRemoved):
        bench.twin.open()
    bench.clock.advance(500.0)
    switch.on()
    assert switch.is_on
    bench.twin.open()
    assert bench.twin.temperature() == pytest.approx(25.0, abs=0.1)
    switch.release()
