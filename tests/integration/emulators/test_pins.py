"""gpiozero on emulated pins, in the process that has them and seen from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from gpiozero import DigitalInputDevice, OutputDevice

from emulators import EmulatedRig, InstrumentSpecification, ShutterSpecification
from emulators.pins import EmulatedFactory

OPEN, CLOSE, POWER, BUTTON = 18, 17, 4, 21
QEP = "QEP00001"


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedRig]:
    instrument = InstrumentSpecification(serial_number=QEP, kind="QEPRO", power_switch=POWER)
    shutter = ShutterSpecification(direction="upwelling", driver="pulse", opening_pin=OPEN, closing_pin=CLOSE)
    with EmulatedRig([instrument], [shutter]) as rig:
        monkeypatch.setenv("EMULATORS_SOCKET", str(rig.socket))
        yield rig


@pytest.fixture
def factory(rig: EmulatedRig) -> Iterator[EmulatedFactory]:
    factory = EmulatedFactory()
    yield factory
    factory.close()


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 2
    while not condition() and time.monotonic() < until:
        time.sleep(0.001)
    return condition()


def test_pulses_are_seen_with_their_times(rig: EmulatedRig, factory: EmulatedFactory) -> None:
    with OutputDevice(OPEN, pin_factory=factory) as pin:
        begin = time.monotonic()
        pin.on()
        time.sleep(0.005)
        pin.off()
        end = time.monotonic()
        assert soon(lambda: len(rig.pins()) == 2)
        on, off = rig.pins()
        assert begin <= on.time < off.time <= end
        assert (on.pin, on.on, off.on) == (OPEN, True, False)
        assert 0.005 <= off.time - on.time < 0.1


def test_a_power_switch(rig: EmulatedRig, factory: EmulatedFactory) -> None:
    with OutputDevice(POWER, pin_factory=factory) as pin:
        pin.on()
        assert soon(lambda: not rig.report(QEP).attached)
        pin.off()
        assert soon(lambda: rig.report(QEP).attached)
        pin.on()
        assert soon(lambda: not rig.report(QEP).attached)
    assert soon(lambda: rig.report(QEP).attached)  # nobody has the pin any more


def test_buttons(rig: EmulatedRig, factory: EmulatedFactory) -> None:
    with DigitalInputDevice(BUTTON, pull_up=True, pin_factory=factory) as button:
        assert not button.value
        rig.drive_pin(BUTTON, on=False)
        assert soon(lambda: bool(button.value))
        rig.drive_pin(BUTTON, on=True)
        assert soon(lambda: not button.value)


def test_pins_of_a_process_that_is_killed_are_off(rig: EmulatedRig) -> None:
    code = """
import emulators.pins, gpiozero, time
pin = gpiozero.OutputDevice(4, pin_factory=emulators.pins.EmulatedFactory())
pin.on()
print("on", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], env=rig.environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert soon(lambda: not rig.report(QEP).attached)
        process.kill()
        assert soon(lambda: rig.report(QEP).attached)
    assert [change.pid for change in rig.pins()] == [process.pid] * 2


def test_the_factory_needs_a_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATORS_SOCKET", "/nonexistent")
    with pytest.raises(OSError, match="No such file"):
        EmulatedFactory()


def test_pins_fail_when_the_rig_is_gone(rig: EmulatedRig, factory: EmulatedFactory) -> None:
    pin = OutputDevice(OPEN, pin_factory=factory)
    rig.close()
    with pytest.raises(OSError, match="Broken pipe"):
        pin.on()
    pin.close()


def test_commands_that_make_no_sense_are_refused(rig: EmulatedRig) -> None:
    with pytest.raises(ValueError, match="KeyError"):
        rig.unplug("nobody")
    with pytest.raises(ValueError, match="KeyError"):
        rig.fault(QEP, "no such fault")
