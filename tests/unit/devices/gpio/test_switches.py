from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from piccolo3.config import TriggerConfig
from piccolo3.devices import PowerSwitch
from piccolo3.devices.gpio import GpioIndicator, GpioPowerSwitch, GpioTrigger
from piccolo3.devices.indicator import Sign, SimulatedIndicator
from piccolo3.errors import DeviceError
from tests.pins import Bench, bench, wait_for

TRIGGER = TriggerConfig(driver="gpio", pin=12, reset_pin=20, edge="rising", debounce=5.0)


@pytest.fixture
def rig() -> Iterator[Bench]:
    with bench() as made:
        yield made


def is_on(switch: PowerSwitch) -> bool:
    return switch.is_on


def test_a_pin_that_is_on_takes_the_power(rig: Bench) -> None:
    switch = GpioPowerSwitch(5, "S1", rig.pins)
    assert is_on(switch)
    switch.off()
    assert not is_on(switch)
    assert rig.pin(5).state
    switch.on()
    assert is_on(switch)
    assert rig.states(5) == [False, True, False]
    switch.release()
    with pytest.raises(DeviceError):
        switch.off()
    assert is_on(switch)


def test_what_cannot_be_switched_has_power() -> None:
    with bench("no chip") as rig:
        switch = GpioPowerSwitch(5, "S1", rig.pins)
        for turn in (switch.on, switch.off):
            with pytest.raises(DeviceError, match="pins of the power switch of S1 can't be used: no chip"):
                turn()
        assert switch.is_on


def test_a_rising_edge_fires_with_its_time(rig: Bench) -> None:
    fired: list[float] = []
    trigger = GpioTrigger(TRIGGER, rig.pins)
    trigger.listen(fired.append)
    before = time.monotonic()
    rig.pin(12).drive_high()
    wait_for(lambda: fired)
    assert before <= fired[0] <= time.monotonic()
    rig.pin(12).drive_low()
    trigger.release()
    trigger.release()
    rig.pin(12).drive_high()
    assert len(fired) == 1


def test_a_falling_edge(rig: Bench) -> None:
    fired: list[float] = []
    trigger = GpioTrigger(replace(TRIGGER, edge="falling"), rig.pins)
    trigger.listen(fired.append)
    rig.pin(12).drive_low()
    wait_for(lambda: fired)
    rig.pin(12).drive_high()
    trigger.release()
    assert len(fired) == 1


def test_a_trigger_without_pins() -> None:
    with bench("no chip") as rig:
        trigger = GpioTrigger(TRIGGER, rig.pins)
        with pytest.raises(DeviceError, match="pins of the trigger can't be used: no chip"):
            trigger.listen(lambda _: None)
        trigger.release()


def test_the_light_shows_every_sign_in_its_own_way(rig: Bench) -> None:
    light = GpioIndicator(25, rig.pins)
    seen = set()
    for sign in Sign:
        light.show(sign)
        assert rig.pin(25).state
        (standing,) = light._lines._standing.values()
        seen.add(str(standing["steps"]))
    assert len(seen) == len(Sign)
    light.release()
    light.release()
    wait_for(lambda: rig.pin(25).function == "input")


def test_the_simulated_light_remembers() -> None:
    light = SimulatedIndicator()
    light.show(Sign.IDLE)
    light.release()
    assert light.shown == [Sign.IDLE, None]
