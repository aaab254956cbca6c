from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from piccolo3.config import ChannelConfig
from piccolo3.devices import Shutter
from piccolo3.devices.gpio import LevelShutter, PulseShutter
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus
from tests.pins import Bench, bench, wait_for

CONFIG = ChannelConfig(
    shutter="shutter_1", direction="upwelling", driver="gpio", open_pin=18, close_pin=17, settling_time=1.0
)


@pytest.fixture
def rig() -> Iterator[Bench]:
    with bench() as made:
        yield made


def status(shutter: Shutter) -> ShutterStatus:
    return shutter.status


def test_no_pin_is_touched_before_it_is_moved(rig: Bench) -> None:
    PulseShutter(CONFIG, rig.pins)
    LevelShutter(replace(CONFIG, open_pin=27), rig.pins)
    assert not rig.processes


def test_the_lines_see_one_pulse_for_each_command(rig: Bench) -> None:
    shutter = PulseShutter(CONFIG, rig.pins)
    shutter.close()
    assert rig.states(17) == [False, True, False]
    assert rig.states(18) == [False]
    shutter.open()
    assert rig.states(18) == [False, True, False]
    assert 5.0 <= rig.widths(18)[-1] < 100


def test_a_long_pulse_is_told(rig: Bench, caplog: pytest.LogCaptureFixture) -> None:
    shutter = PulseShutter(replace(CONFIG, pulse_time=0.0001), rig.pins)
    shutter.open()
    assert "shutter upwelling: a pulse of" in caplog.text


@pytest.mark.parametrize("driver", [PulseShutter, LevelShutter])
def test_without_pins_it_is_unavailable_and_says_why(driver: type[PulseShutter | LevelShutter]) -> None:
    with bench("no chip") as rig:
        shutter = driver(CONFIG, rig.pins)
        assert status(shutter) is ShutterStatus.CLOSED
        for move in (shutter.open, shutter.close):
            with pytest.raises(DeviceError, match="pins of the shutter of upwelling can't be used: no chip"):
                move()
            assert status(shutter) is ShutterStatus.UNAVAILABLE
        shutter.release()


def test_it_is_available_again_when_it_moves_again(rig: Bench) -> None:
    shutter, other = PulseShutter(CONFIG, rig.pins), rig.pins.lines("somebody else")
    other.level(17, True)
    with pytest.raises(DeviceError, match="GPIO 17 is in use by somebody else"):
        shutter.close()
    assert status(shutter) is ShutterStatus.UNAVAILABLE
    other.close()
    shutter.close()
    assert status(shutter) is ShutterStatus.CLOSED


@pytest.mark.parametrize("reverse", [False, True])
def test_a_level_holds_it(rig: Bench, reverse: bool) -> None:
    shutter = LevelShutter(replace(CONFIG, reverse=reverse), rig.pins)
    for move, is_open in ((shutter.close, False), (shutter.open, True), (shutter.close, False)):
        move()
        assert bool(rig.pin(18).state) is (is_open is not reverse)
        assert status(shutter) is (ShutterStatus.OPEN if is_open else ShutterStatus.CLOSED)
    shutter.open()
    shutter.release()
    wait_for(lambda: rig.pin(18).function == "input")


def test_a_level_that_was_lost_while_open_is_told_when_it_closes(rig: Bench) -> None:
    shutter = LevelShutter(CONFIG, rig.pins)
    shutter.open()
    rig.processes[0].kill()
    rig.processes[0].wait()
    with pytest.raises(DeviceError, match="the shutter of upwelling had ended: it may have been closed for a moment"):
        shutter.close()
    assert status(shutter) is ShutterStatus.CLOSED
    shutter.open()
    shutter.close()


def test_a_level_that_was_lost_while_closed_does_not_matter(rig: Bench) -> None:
    shutter = LevelShutter(CONFIG, rig.pins)
    shutter.close()
    rig.processes[0].kill()
    rig.processes[0].wait()
    shutter.open()
    shutter.close()
