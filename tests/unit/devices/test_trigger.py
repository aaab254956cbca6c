from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from gpiozero.pins.mock import MockFactory

from piccolo3.clock import ManualClock
from piccolo3.config import InstrumentConfig, TriggerConfig
from piccolo3.devices import build_rig
from piccolo3.devices.simulated import SimulatedTrigger
from piccolo3.devices.trigger import GpioTrigger, UnavailableTrigger
from piccolo3.errors import DeviceError

CONFIG = TriggerConfig(driver="gpio", pin=12, reset_pin=20, edge="rising", debounce=5.0)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


def test_a_rising_edge_fires_with_its_time_and_clears_the_latch(factory: MockFactory) -> None:
    clock, fired = ManualClock(), list[float]()
    trigger = GpioTrigger(CONFIG, clock, factory)
    trigger.listen(fired.append)
    reset = factory.pin(20)
    reset.assert_states([False, True, False])  # whatever was latched before does not count
    clock.advance(1.5)
    at = clock.monotonic()
    factory.pin(12).drive_high()
    assert fired == [at]
    reset.assert_states([False, True, False, True, False])
    factory.pin(12).drive_low()
    assert fired == [at]
    trigger.release()


def test_a_falling_edge(factory: MockFactory) -> None:
    clock, fired = ManualClock(), list[float]()
    trigger = GpioTrigger(replace(CONFIG, edge="falling"), clock, factory)
    trigger.listen(fired.append)
    factory.pin(12).drive_low()
    assert len(fired) == 1
    clock.advance(1.0)
    factory.pin(12).drive_high()
    assert len(fired) == 1
    trigger.release()


def test_bouncing_is_one_trigger_at_the_time_of_its_first_edge(factory: MockFactory) -> None:
    clock, fired = ManualClock(), list[float]()
    trigger = GpioTrigger(CONFIG, clock, factory)
    trigger.listen(fired.append)
    begin = clock.monotonic()
    for _ in range(6):  # longer than the time of debouncing in all, but never still for so long
        factory.pin(12).drive_high()
        factory.pin(12).drive_low()
        clock.advance(0.002)
    assert fired == [begin]
    clock.advance(0.005)
    factory.pin(12).drive_high()
    assert len(fired) == 2
    trigger.release()


def test_is_silent_after_its_release(factory: MockFactory) -> None:
    fired: list[float] = []
    trigger = GpioTrigger(CONFIG, ManualClock(), factory)
    trigger.listen(fired.append)
    trigger.release()
    trigger.release()
    factory.pin(12).drive_high()
    assert fired == []


def test_pins_that_cannot_be_used_are_a_device_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    trigger = GpioTrigger(CONFIG, ManualClock())
    with pytest.raises(DeviceError, match="pins of the trigger"):
        trigger.listen(lambda _: None)
    trigger.release()


def test_the_simulated_one_fires_by_hand_from_any_thread() -> None:
    clock, fired = ManualClock(), list[float]()
    trigger = SimulatedTrigger(clock)
    trigger.fire()  # nobody listens
    trigger.listen(fired.append)
    clock.advance(2.0)
    thread = threading.Thread(target=trigger.fire)
    thread.start()
    thread.join()
    trigger.release()
    trigger.fire()
    assert fired == [2.0]


@pytest.mark.parametrize(
    ("driver", "kind"),
    [("none", type(None)), ("simulated", SimulatedTrigger), ("gpio", GpioTrigger), ("magic", UnavailableTrigger)],
)
def test_the_configuration_chooses(driver: str, kind: type[object]) -> None:
    instrument = InstrumentConfig(channels=(), spectrometers=(), trigger=TriggerConfig(driver=driver))
    rig = build_rig(instrument, ManualClock())
    assert type(rig.trigger) is kind
    rig.close()


def test_an_unavailable_one_says_why() -> None:
    trigger = UnavailableTrigger("because")
    with pytest.raises(DeviceError, match="because"):
        trigger.listen(lambda _: None)
