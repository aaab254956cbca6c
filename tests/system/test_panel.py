"""The programs beside the daemon, each in a process of its own, on pins that are looked at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulated_pins import changes, pulses
from tests.pins import wait_for
from tests.system.support import Daemon

ROOT = Path(__file__).parents[2]
NOTING = "tests.emulated_pins:NotingFactory"
INSTRUMENT = f"""
[channels]
  [[shutter_1]]
    direction = upwelling
    driver = gpio
    reverse = True
  [[shutter_2]]
    direction = downwelling
    driver = level
  [[shutter_3]]
    direction = sky
    driver = simulated
[spectrometers]
  [[dummy_A]]
    model = FLAME-S
    min_integration_time = 2
[gpio]
  pin_factory = {NOTING}
"""


class Program:
    """A program of the panel."""

    def __init__(self, folder: Path, name: str, *options: str, line: str | None = None) -> None:
        environment = {**os.environ, "PINS_FOLDER": str(folder), "PYTHONPATH": str(ROOT)}
        self.inputs: int | None = None
        self._pipe = folder / "inputs"
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"piccolo3.panel.{name}", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self.said: list[str] = []
        if line is not None:
            self.wait_for(line)

    def wait_for(self, text: str) -> None:
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline()
            self.said.append(line)
            if text in line:
                return
            assert line, "".join(self.said)

    def drive(self, *levels: tuple[int, bool]) -> None:
        """Drive input pins."""
        if self.inputs is None:
            self.inputs = os.open(self._pipe, os.O_WRONLY)
        for pin, level in levels:
            os.write(self.inputs, f"{pin} {int(level)}\n".encode())

    def end(self, number: int | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=20)
        self.said.append(rest)
        if self.inputs is not None:
            os.close(self.inputs)
            self.inputs = None
        return self.process.returncode

    @property
    def text(self) -> str:
        return "".join(self.said)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts programs; ends those that still run."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "piccolo.config").write_text(INSTRUMENT)
    os.mkfifo(tmp_path / "inputs")
    started: list[Program] = []

    def start_one(name: str, *options: str, line: str | None = None) -> Program:
        started.append(Program(tmp_path, name, *options, line=line))
        return started[-1]

    yield start_one
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.end()


def test_shutter_test_says_which_pin_moves_which_shutter(run: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "inputs").unlink()
    data = str(tmp_path / "data")
    program = run("shutter", "test", "-o", data, "-n", "2", "--pause", "0.01")
    assert program.end() == 0, program.text
    assert "shutter_3, sky: its driver is simulated" in program.text
    assert "shutter_1, upwelling: driver gpio, reverse True" in program.text
    assert program.text.count("ms on GPIO 17 (header pin 11)") == 2  # reverse: this one opens
    assert program.text.count("ms on GPIO 18 (header pin 12)") == 3
    assert "GPIO 22 (header pin 15) is on" in program.text
    assert "5 moves. If it closed when it should open, change reverse to False" in program.text
    assert [pin for pin, _ in pulses(tmp_path) if pin != 22] == [18, 17, 18, 17, 18]
    assert min(width for pin, width in pulses(tmp_path) if pin != 22) >= 5.0
    assert changes(tmp_path)[-1][2] is False


def test_moves_of_the_program_count_and_it_leaves_a_running_daemon_alone(
    run: Callable[..., Program], start: Callable[..., Daemon], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inputs").unlink()
    data = str(tmp_path / "data")
    assert run("shutter", "close", "upwelling", "-o", data).end() == 0
    assert run("shutter", "open", "upwelling", "-o", data).end() == 0
    monkeypatch.setenv("PINS_FOLDER", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    daemon = start()
    assert daemon.ask("shutter/upwelling/operations") == 3  # closed at the start
    refused = run("shutter", "test", "-o", data)
    assert refused.end() == 1
    assert f"in use by process {daemon.process.pid}: while the daemon runs the pins are its own" in refused.text


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("nowhere",), "there is no channel nowhere; there are upwelling, downwelling, sky"),
        (("sky",), "there is no shutter on pins"),
        (("-s", "/no/such/file"), "no such file"),
    ],
)
def test_shutter_says_what_is_wrong(
    run: Callable[..., Program], tmp_path: Path, options: tuple[str, ...], complaint: str
) -> None:
    program = run("shutter", "open", "-o", str(tmp_path / "data"), *options)
    assert program.end() == 1
    assert complaint in program.text


def test_a_level_is_held_until_the_program_is_ended(run: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "inputs").unlink()
    program = run("shutter", "open", "downwelling", "-o", str(tmp_path / "data"), line="Ctrl-C gives the pin back")
    assert changes(tmp_path)[-1][1:] == (22, True)
    assert program.end(signal.SIGINT) == 130
    assert changes(tmp_path)[-1][1:] == (22, False)


def test_the_button_reboots_or_shuts_down(run: Callable[..., Program]) -> None:
    options = ("--pin-factory", NOTING, "--dry-run", "--hold", "0.4", "--reboot-command", "again")
    program = run("reboot", *options, line="waiting for the button on GPIO 10: less than 0.4 s reboots")
    program.drive((10, False), (10, True))  # too short to be meant
    program.drive((10, False))
    time.sleep(0.1)
    program.drive((10, True))
    program.wait_for("would run: again")
    program.drive((10, False))
    program.wait_for("at least 0.4 s")
    program.wait_for("would run: systemctl poweroff")
    program.drive((10, True))
    assert program.end(signal.SIGTERM) == 0
    assert program.text.count("would run") == 2


def test_the_button_runs_a_command_and_survives_its_failure(run: Callable[..., Program], tmp_path: Path) -> None:
    options = ("--pin-factory", NOTING, "--hold", "0.2")
    commands = ("--shutdown-command", f"touch '{tmp_path / 'off'}'", "--reboot-command", "/no/such/command")
    program = run("reboot", *options, *commands, line="waiting")
    program.drive((10, False))
    time.sleep(0.1)
    program.drive((10, True))
    program.wait_for("/no/such/command failed")
    program.drive((10, False))
    wait_for((tmp_path / "off").exists, 10)
    assert program.end(signal.SIGINT) == 0


@pytest.fixture
def daemon(start: Callable[..., Daemon], tmp_path: Path, run: Callable[..., Program]) -> Daemon:
    folder = tmp_path / "rig"
    folder.mkdir()
    (folder / "piccolo.config").write_text(
        "[channels]\n[[shutter_1]]\ndirection = upwelling\n[spectrometers]\n[[dummy_A]]\nmin_integration_time = 8\n"
    )
    running = start(folder=folder)
    running.wait_until_ready()
    return running


def test_each_edge_records_a_batch(run: Callable[..., Program], daemon: Daemon, tmp_path: Path) -> None:
    options = (
        "-u",
        daemon.url,
        "-r",
        "edges",
        "-n",
        "1",
        "-U",
        "dummy_A:10",
        "--pin-factory",
        NOTING,
        "--debounce",
        "300",
    )
    program = run("triggered", *options, line="waiting for a rising edge on GPIO 12")
    assert pulses(tmp_path)[0][0] == 20  # what was latched before does not count
    for batch in range(2):
        program.drive((12, True), (12, False), (12, True), (12, False))  # it bounces
        program.wait_for(f"batch {batch} of run edges complete, 1 sequence")
        time.sleep(0.25)  # so that the next edge is no bouncing of this one
    assert program.end(signal.SIGTERM) == 0
    assert "2 batches recorded" in program.text
    assert len([pin for pin, _ in pulses(tmp_path) if pin == 20]) == 3
    assert daemon.ask("spectrometer/S_dummy_A/current_time/upwelling") == 10


def test_simulated_triggers_come_from_the_standard_input(run: Callable[..., Program], daemon: Daemon) -> None:
    program = run("triggered", "-u", daemon.url, "-s", "-r", "lines", "-n", "1", line="each line")
    assert program.process.stdin is not None
    program.process.stdin.write("\n")
    program.process.stdin.flush()
    program.wait_for("batch 0 of run lines complete")
    assert program.end() == 0
    assert "1 batch recorded" in program.text


def test_a_trigger_while_something_is_recorded_is_ignored_and_it_can_be_left(
    run: Callable[..., Program], daemon: Daemon
) -> None:
    daemon.put("control/record_sequence", "long", 1000)
    program = run("triggered", "-u", daemon.url, "-s", "-n", "1", line="each line")
    assert program.process.stdin is not None
    program.process.stdin.write("\n")
    program.process.stdin.flush()
    program.wait_for("ignored: ")
    daemon.put("control/abort")
    daemon.wait_for("control/status", lambda status: status == "idle")
    program.process.stdin.write("\n")
    program.process.stdin.flush()
    program.wait_for("trigger at")
    daemon.wait_for("control/status", lambda status: status == "idle")
    assert program.end(signal.SIGINT) == 0


def test_the_list_is_that_of_record(run: Callable[..., Program], daemon: Daemon) -> None:
    program = run("triggered", "-u", daemon.url, "-l")
    assert program.end() == 0
    assert "dummy_A" in program.text


@pytest.mark.parametrize("name", ["reboot", "triggered"])
def test_without_pins_they_say_why(run: Callable[..., Program], name: str, daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "inputs").unlink()
    url = ("-u", daemon.url) if name == "triggered" else ()
    program = run(name, *url, "--pin-factory", "native")
    assert program.end() == 1
    assert f"piccolo3-{name}: GPIO 1" in program.text
    assert "can't be used: unable to locate Pi" in program.text
