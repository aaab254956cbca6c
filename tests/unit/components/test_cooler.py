"""What those who observe a cooler are told: what it does, and temperatures beyond the noise of the sensor."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from piccolo3.clock import ManualClock
from piccolo3.components import Spectrometers, resolve
from piccolo3.events import Broker
from piccolo3.workers import SpectrometerChanged
from piccolo3.workers.cooler import Cooler, CoolerReading


class Bench:
    """One spectrometer that was visited, and somebody who observes its cooler."""

    def __init__(self) -> None:
        self.broker, self.cooler = Broker(), Cooler(ManualClock(), enabled=True, target=-10.0)
        self.told = 0
        worker: Any = SimpleNamespace(serial_number="A", cooler=self.cooler, have_cooler=True, status=6)
        group: Any = {"A": worker}
        nobody: Any = SimpleNamespace(channels=(), busy=False)
        for name in ("cooler_enabled", "target_temperature", "current_temperature"):
            setattr(worker, name, None)
        found = resolve(Spectrometers(group, nobody, nobody, self.broker), ("S_A", "cooler"))
        assert found is not None
        self.resource = found
        self.worker = worker

        def count() -> None:
            self.told += 1

        found.subscribe(count)

    def visit(self, temperature: float | None, what: Any = "temperature", *, enabled: bool = True) -> int:
        """How often it has been told by now, after the device has said that."""
        self.cooler.report(CoolerReading(enabled, self.cooler.target, temperature), has_cooler=True)
        self.broker.publish(SpectrometerChanged(serial_number="A", what=what))
        return self.told


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.visit(20.0)
    made.told = 0
    return made


def test_noise_is_not_told(bench: Bench) -> None:
    assert [bench.visit(one) for one in (20.1, 19.9, 20.19, 20.0)] == [0, 0, 0, 0]


def test_what_creeps_is_told(bench: Bench) -> None:
    assert [bench.visit(20.0 + 0.11 * step) for step in range(1, 7)] == [0, 1, 1, 2, 2, 3]
    assert cast("dict[str, object]", asyncio.run(bench.resource.get()))["temperature"] == pytest.approx(20.66)


def test_no_temperature_any_more_is_told(bench: Bench) -> None:
    assert (bench.visit(None), bench.visit(None), bench.visit(20.0)) == (1, 1, 2)


def test_what_the_cooler_does_is_told_at_any_temperature(bench: Bench) -> None:
    assert (bench.visit(20.0, "cooler", enabled=False), bench.visit(20.0, "cooler", enabled=True)) == (1, 2)


def test_a_status_tells_nothing_of_the_cooler(bench: Bench) -> None:
    assert [bench.visit(20.0, "status") for _ in range(3)] == [0, 0, 0]
