from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from piccolo3.clock import ManualClock, SystemClock
from piccolo3.config import ChannelConfig
from piccolo3.devices.gpio import GpioPowerSwitch, GpioShutter, gpio_power_switch, gpio_shutter
from piccolo3.devices.interface import PowerSwitch
from piccolo3.devices.unavailable import UnavailablePowerSwitch, UnavailableShutter
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

CONFIG = ChannelConfig(shutter="shutter_1", direction="upwelling", driver="gpio", open_pin=18, close_pin=17)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


def test_the_lines_see_one_pulse_for_each_command(factory: MockFactory) -> None:
    shutter = GpioShutter(CONFIG, ManualClock(), factory)
    factory.pin(17).assert_states([False, True, False])  # closed at the start
    factory.pin(18).assert_states([False])
    shutter.open()
    factory.pin(18).assert_states([False, True, False])
    factory.pin(17).assert_states([False, True, False])
    shutter.release()


def test_pulses_last_as_long_as_configured(factory: MockFactory) -> None:
    shutter = GpioShutter(CONFIG, SystemClock(), factory)
    pin = factory.pin(17)
    assert pin.states[2].timestamp == pytest.approx(0.005, abs=0.05)
    assert pin.states[2].timestamp >= 0.005
    shutter.release()


def test_uses_the_pin_factory_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setattr(Device, "pin_factory", None)
    shutter = gpio_shutter(CONFIG, ManualClock())
    switch = gpio_power_switch(5, "S1")
    assert isinstance(shutter, GpioShutter)
    assert isinstance(switch, GpioPowerSwitch)
    assert isinstance(Device.pin_factory, MockFactory)
    shutter.release()
    switch.release()
    Device.pin_factory.close()


def test_without_pins_the_devices_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")  # there is no Raspberry Pi here
    monkeypatch.setattr(Device, "pin_factory", None)
    shutter = gpio_shutter(CONFIG, ManualClock())
    assert isinstance(shutter, UnavailableShutter)
    assert shutter.status is ShutterStatus.CLOSED
    for move in (shutter.open, shutter.close):
        with pytest.raises(DeviceError, match=r"upwelling can't be used: ."):
            move()
    shutter.release()


def test_without_gpiozero_the_devices_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    shutter = gpio_shutter(CONFIG, ManualClock())
    with pytest.raises(DeviceError, match="gpiozero"):
        shutter.open()
    switch = gpio_power_switch(5, "S1")
    assert isinstance(switch, UnavailablePowerSwitch)
    assert switch.is_on
    for turn in (switch.on, switch.off):
        with pytest.raises(DeviceError, match="S1 can't be used"):
            turn()
    switch.release()


def test_pins_in_use_are_given_as_the_reason_and_none_is_kept(factory: MockFactory) -> None:
    other = GpioPowerSwitch(17, "S1", factory)
    shutter = gpio_shutter(CONFIG, ManualClock(), factory)
    with pytest.raises(DeviceError, match="17"):
        shutter.open()
    free = GpioPowerSwitch(18, "S2", factory)
    free.release()
    other.release()


def is_on(switch: PowerSwitch) -> bool:
    return switch.is_on


def test_a_pin_that_is_on_takes_the_power(factory: MockFactory) -> None:
    switch = gpio_power_switch(5, "S1", factory)
    pin = factory.pin(5)
    assert is_on(switch)
    assert not pin.state
    switch.off()
    assert not is_on(switch)
    assert pin.state
    switch.on()
    assert is_on(switch)
    pin.assert_states([False, True, False])
    switch.release()
    with pytest.raises(DeviceError):
        switch.off()


def test_release_ends_a_pulse(factory: MockFactory) -> None:
    config = ChannelConfig(
        shutter="shutter_1", direction="up", driver="gpio", open_pin=18, close_pin=17, pulse_time=0.0, settling_time=0.0
    )
    shutter = GpioShutter(config, SystemClock(), factory)
    shutter._config = ChannelConfig(
        shutter="shutter_1", direction="up", driver="gpio", open_pin=18, close_pin=17, pulse_time=60_000.0
    )
    timer = threading.Timer(0.02, shutter.release)
    timer.start()
    with pytest.raises(DeviceError, match="not in use"):
        shutter.open()
    timer.join()
    assert shutter.status is ShutterStatus.CLOSED
