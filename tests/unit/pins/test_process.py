from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from piccolo3.errors import DeviceError
from piccolo3.pins import Pattern, Pins
from tests.emulated_pins import changes, pulses

ROOT = Path(__file__).parents[3]
NOTING = "tests.emulated_pins:NotingFactory"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINS_FOLDER", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # who is killed leaves a folder
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    return tmp_path


@pytest.fixture
def pins(folder: Path) -> Iterator[Pins]:
    made = Pins(NOTING)
    yield made
    made.close()


def children() -> set[int]:
    """Those of this process; those that other tests share are among them."""
    return {child.pid for child in psutil.Process().children()}


def test_is_small_and_started_once(pins: Pins) -> None:
    before = children()
    info = pins.start()
    assert info == pins.start()
    assert info.factory == "NotingFactory"
    process = psutil.Process(info.pid)
    assert children() - before == {info.pid}
    assert "numpy" not in Path(f"/proc/{info.pid}/maps").read_text()
    assert process.memory_info().rss < 40e6
    assert not {"/", str(Path.cwd())} & {process.cwd()}  # lgpio makes pipes there


@pytest.mark.alone
def test_the_pulses_are_those_that_the_lines_tell_of(pins: Pins, folder: Path) -> None:
    lines = pins.lines("a shutter")
    given = [lines.pulse(pin, 0.005) for pin in (18, 17)]
    assert [pin for pin, _ in pulses(folder)] == [18, 17]
    for pulse, (_, width) in zip(given, pulses(folder), strict=True):
        assert width >= 5.0
        assert 1000 * (pulse.end - pulse.begin) == pytest.approx(width, abs=1.0)


def test_goes_on_at_the_signals_of_a_terminal_and_ends_with_its_owner(folder: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from piccolo3.pins import Pins\n"
        f"pins = Pins({NOTING!r})\n"
        "lines = pins.lines('x')\n"
        "lines.level(17, True)\n"
        "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "    os.kill(pins.start().pid, number)\n"
        "lines.level(27, True)\n"
        "print(pins.start().pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    owner = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20)
    assert owner.returncode == -signal.SIGKILL, owner.stderr
    process = int(owner.stdout)
    until = time.monotonic() + 5
    while psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.005)
    assert [(pin, level) for _, pin, level in changes(folder)] == [(17, True), (27, True), (17, False), (27, False)]


def test_a_killed_process_is_replaced_and_what_stood_is_restored(pins: Pins, folder: Path) -> None:
    power, light = pins.lines("power"), pins.lines("light")
    power.level(6, True)
    light.pattern(25, Pattern.ON)
    first = pins.start()
    os.kill(first.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while not power.losses or not light.losses:
        assert time.monotonic() < until
        time.sleep(0.005)
    assert power.read(6)
    assert pins.start().pid != first.pid
    assert sorted(pin for _, pin, level in changes(folder) if level) == [6, 6, 25, 25]


def test_a_request_to_a_killed_process_fails_and_says_so(pins: Pins) -> None:
    lines = pins.lines("the shutter of upwelling")
    lines.level(17, False)
    process = pins.start().pid
    os.kill(process, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        level = pool.submit(lines.level, 17, True)
        time.sleep(0.02)  # it waits for the answer
        os.kill(process, signal.SIGKILL)
        with pytest.raises(DeviceError, match=r"of upwelling can't be used: .* ended \(killed by SIGKILL\)"):
            level.result()
    lines.level(17, True)
    assert lines.read(17)


@pytest.mark.parametrize(
    ("factory", "environment", "reason"),
    [
        ("auto", "mock", r"^GPIOZERO_PIN_FACTORY=mock asks for pins that move nothing"),
        ("auto", None, "^lgpio: .*; native: "),  # there is no Raspberry Pi here
        ("no.such:Factory", None, "^No module named 'no'"),
        ("json:NoSuch", None, "NoSuch"),
    ],
)
def test_without_usable_pins_everything_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch, factory: str, environment: str | None, reason: str
) -> None:
    if environment:
        monkeypatch.setenv("GPIOZERO_PIN_FACTORY", environment)
    before = children()
    pins = Pins(factory)
    try:
        lines = pins.lines("somebody")
        with pytest.raises(DeviceError, match=r"the GPIO pins of somebody can't be used: .") as caught:
            lines.level(17, True)
        with pytest.raises(DeviceError, match=reason):
            pins.start()
        assert "the process" not in str(caught.value)
    finally:
        pins.close()
    assert not children() - before


def test_a_mock_says_that_it_moves_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    pins = Pins("mock")
    assert pins.start().factory == "MockFactory"
    pins.close()
    assert "no pin of this computer moves" in caplog.text
