from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from piccolo3 import __version__
from piccolo3.cli.record import main
from piccolo3.client import Piccolo

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]
COMMAND = [sys.executable, "-m", "piccolo3.cli.record"]


def recorded(server: FakeRig) -> list[dict[str, object]]:
    """Named arguments of the batches that were started."""
    return [json.loads(payload)[1] for path, payload in server.calls if path == "control/record_sequence"]


def test_list(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "-l"]) == 0
    assert capsys.readouterr().out == (
        "          | min | downwelling | upwelling |   max | status\n"
        "S_dummy_A |   0 |           0 |         0 | 10000 | IDLE  \n"
        "S_dummy_B |   0 |           0 |         0 | 10000 | IDLE  \n"
    )


def test_record(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake(step=0.02).in_thread() as server:
        assert main(["-u", server.url, "-r", "field", "-n", "3", "-a", "0", "-d", "0.5"]) == 0
        assert recorded(server) == [{"run": "field", "nsequence": 3, "auto": 0, "delay": 0.5}]
    captured = capsys.readouterr()
    assert "recording: sequence 3 of 3: downwelling light\n" in captured.out
    assert captured.out.endswith(
        "batch 7 of run spectra complete, 3 sequences\nflagged in the last sequence: S_dummy_A upwelling: WEAK_SIGNAL\n"
    )
    assert captured.err == ""


def test_how_it_is_recorded(fake: Fake) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "--mode", "deled", "--averages", "3", "--burst"]) == 0
        assert recorded(server) == [{"mode": "deled", "averages": 3, "burst": True}]


def test_what_is_not_given_is_not_sent(fake: Fake) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url]) == 0
        assert recorded(server) == [{}]


def test_integration_times_are_set_first(fake: Fake) -> None:
    options = ["-D", "S_dummy_A:20", "dummy_B:30.5", "-U", "dummy_A:40", "-N", "S_dummy_A:5", "-X", "S_dummy_A:600"]
    with fake().in_thread() as server:
        assert main(["-u", server.url, *options]) == 0
        paths = [(path.removeprefix("spectrometer/S_"), json.loads(payload)[0]) for path, payload in server.calls]
    assert paths == [
        ("dummy_A/min_time", [5]),
        ("dummy_A/max_time", [600]),
        ("dummy_A/current_time/downwelling", [20]),
        ("dummy_B/current_time/downwelling", [30.5]),
        ("dummy_A/current_time/upwelling", [40]),
        ("control/record_sequence", []),
    ]


def test_limits_above_the_old_ones(fake: Fake) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "-N", "dummy_A:20000", "-X", "dummy_A:30000"]) == 0
        paths = [path for path, _ in server.calls]
    assert paths[:2] == ["spectrometer/S_dummy_A/max_time", "spectrometer/S_dummy_A/min_time"]


def test_unknown_spectrometer(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "-D", "S_other:20"]) == 1
        assert server.calls == []
    assert capsys.readouterr().err == (
        "piccolo3-record: there is no spectrometer S_other; the server has S_dummy_A, S_dummy_B\n"
    )


def test_scheduling_is_refused_plainly(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "--start", "09:30", "--stop", "10:30", "--interval", "600"]) == 1
        (sent,) = recorded(server)
    assert capsys.readouterr().err == "piccolo3-record: the scheduler is not available\n"
    assert sent["interval"] == 600
    assert "T09:30:00" in str(sent["at_time"])
    assert "T10:30:00" in str(sent["end_time"])


def test_scheduling_where_there_is_a_scheduler(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "--interval", "600"]) == 0
    assert capsys.readouterr().out == "scheduled\n"


def test_no_server(unused_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-u", f"coap://[::1]:{unused_port}"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"piccolo3-record: nothing listens at coap://[::1]:{unused_port}")
    assert error.count("\n") == 1


def test_bad_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-u", "http://localhost"]) == 1
    assert "has to start with coap://" in capsys.readouterr().err


def test_failed_batch(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake(result=("failed", "the disk is full", ("b000007_s000001_light.pico",))).in_thread() as server:
        assert main(["-u", server.url]) == 1
    captured = capsys.readouterr()
    assert "batch 7 of run spectra failed, 3 sequences: the disk is full\n" in captured.out
    assert "warning: b000007_s000001_light.pico" in captured.out
    assert captured.err == "piccolo3-record: lost: b000007_s000001_light.pico\n"


def test_old_server(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake(old=True, step=0.02).in_thread() as server:
        assert main(["-u", server.url, "-n", "2"]) == 0
    assert "batch ended\n" in capsys.readouterr().out


def test_busy(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake(hold=True).in_thread() as server:
        process = subprocess.Popen([*COMMAND, "-u", server.url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while not recorded(server) and time.monotonic() < until:
            time.sleep(0.01)
        assert main(["-u", server.url]) == 1
        process.kill()
        process.wait()
    assert "piccolo system is busy" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["-v"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


# --- Ctrl-C


class Terminal:
    """piccolo3-record on a terminal of its own."""

    def __init__(self, *options: str) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *options], stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        )
        os.close(theirs)
        self.seen = ""

    def expect(self, text: str) -> None:
        until = time.monotonic() + 15
        while text not in self.seen:
            assert time.monotonic() < until, self.seen
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.ours, 4096).decode(errors="replace")
                except OSError:
                    raise AssertionError(self.seen) from None
        self.seen = self.seen.partition(text)[2]

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def end(self) -> int:
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.ours)


def test_interrupt_and_abort(fake: Fake) -> None:
    with fake(hold=True).in_thread() as server:
        terminal = Terminal("-u", server.url, "-n", "3")
        terminal.expect("recording")
        terminal.interrupt()
        terminal.expect("abort the batch? [y/N]")
        terminal.type("y\n")
        terminal.expect("batch 7 of run spectra aborted")
        assert terminal.end() == 130
        assert "control/abort" in [path for path, _ in server.calls]


def test_interrupt_and_go_on(fake: Fake) -> None:
    with fake(hold=True).in_thread() as server:
        terminal = Terminal("-u", server.url, "-n", "3")
        terminal.expect("recording")
        terminal.interrupt()
        terminal.expect("abort the batch? [y/N]")
        terminal.type("\n")
        terminal.expect("recording")
        resume(server)
        terminal.expect("complete")
        assert terminal.end() == 0


def test_interrupt_twice_leaves(fake: Fake) -> None:
    with fake(hold=True).in_thread() as server:
        terminal = Terminal("-u", server.url)
        terminal.expect("recording")
        terminal.interrupt()
        terminal.expect("abort the batch? [y/N]")
        terminal.interrupt()
        terminal.expect("left the batch running")
        assert terminal.end() == 130
        assert "control/abort" not in [path for path, _ in server.calls]


def test_interrupt_without_a_terminal(fake: Fake) -> None:
    with fake(hold=True).in_thread() as server:
        process = subprocess.Popen(
            [*COMMAND, "-u", server.url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 10
        while not recorded(server) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=10)
        assert process.returncode == 130
        assert error == "piccolo3-record: left the batch running; abort it with PUT control/abort\n"
        assert "control/abort" not in [path for path, _ in server.calls]


def resume(server: FakeRig) -> None:
    """Let the batch go on."""

    async def put() -> None:

        async with Piccolo(server.url) as rig:
            await rig.control.pause()

    asyncio.run(put())
