"""The daemon with its shutters and its light on pins that are looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from piccolo3.errors import DeviceError
from tests.emulated_pins import changes, pulses
from tests.system.support import Daemon

ROOT = Path(__file__).parents[2]
INSTRUMENT = """
[channels]
  [[shutter_1]]
    direction = upwelling
    driver = gpio
    reverse = True
  [[shutter_2]]
    direction = downwelling
    driver = level
[spectrometers]
  [[dummy_A]]
    model = FLAME-S
    min_integration_time = 2
    power_switch = -1
[gpio]
  pin_factory = {factory}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINS_FOLDER", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # who is killed leaves a folder
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    data = tmp_path / "data"
    data.mkdir()
    (data / "piccolo.config").write_text(INSTRUMENT.format(factory="tests.emulated_pins:NotingFactory"))
    return tmp_path


def levels(folder: Path, pin: int) -> list[bool]:
    return [level for _, number, level in changes(folder) if number == pin]


def of_the_shutter(folder: Path) -> list[tuple[int, float]]:
    """The pulses of the one with two coils; the light has pulses, too."""
    return [pulse for pulse in pulses(folder) if pulse[0] in (17, 18)]


def test_a_batch_moves_the_pins_and_the_light_tells(start: Callable[..., Daemon], folder: Path) -> None:
    daemon = start()
    daemon.wait_until_ready()
    (pin, width), *_ = of_the_shutter(folder)
    assert pin == 18  # reverse: this one closes
    assert width == pytest.approx(5.0, abs=20)
    assert levels(folder, 22) == []  # held closed from the start
    before = len(of_the_shutter(folder))
    daemon.put("control/record_sequence", "pins", 2)
    daemon.wait_for("control/status", lambda status: status == "idle")
    assert daemon.ask("control/outcome")["result"] == "complete"  # type: ignore[index,call-overload]
    moved = [pin for pin, _ in of_the_shutter(folder)[before:]]
    assert moved[0] == 17
    assert moved[-1] == 18
    assert levels(folder, 22)[:2] == [True, False]
    operations = daemon.ask("shutter/upwelling/operations")
    assert operations == len(of_the_shutter(folder))
    assert daemon.ask("shutter/upwelling/reason") is None
    assert 25 in {pin for _, pin, _ in changes(folder)}
    status, _ = daemon.stop()
    assert status == 0
    assert changes(folder)[-1][1:] == (25, False)  # the light, after everything else
    assert not any(level for _, _, level in {pin: change for change in changes(folder) for pin in [change[1]]}.values())
    again = start(folder=daemon.folder)
    assert again.ask("shutter/upwelling/operations") >= operations  # type: ignore[operator]


def test_the_process_that_owns_the_pins_may_die(start: Callable[..., Daemon], folder: Path) -> None:
    daemon = start()
    daemon.wait_until_ready()
    (owner,) = [child for child in psutil.Process(daemon.process.pid).children() if "piccolo3.pins" in child.cmdline()]
    os.kill(owner.pid, 9)
    owner.wait(5)
    daemon.put("shutter/upwelling/open_shutter")
    assert daemon.ask("shutter/upwelling/status") == "open"
    assert pulses(folder)[-1][0] == 17 or pulses(folder)[-2][0] == 17


def test_without_pins_the_shutters_are_unavailable_and_say_why(start: Callable[..., Daemon], folder: Path) -> None:
    (folder / "data" / "piccolo.config").write_text(INSTRUMENT.format(factory="native"))
    daemon = start()
    assert daemon.ask("shutter/upwelling/status") == "unavailable"
    assert "upwelling can't be used: unable to locate Pi" in str(daemon.ask("shutter/upwelling/reason"))
    with pytest.raises(DeviceError, match="unable to locate Pi"):
        daemon.put("shutter/upwelling/open_shutter")
    begin = time.monotonic()
    assert daemon.stop()[0] == 0
    assert time.monotonic() - begin < 3
