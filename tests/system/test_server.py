from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from piccolo3 import __version__
from piccolo3.errors import Busy, InvalidValue
from piccolo3.spectrum import pico
from soak.ports import free_port
from tests.system.support import INSTRUMENT, SERVER, Daemon, wait_for_answer

Start = Callable[..., Daemon]


def run(*options: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SERVER, *options], capture_output=True, text=True, timeout=30, cwd=cwd, check=False)


def idle(daemon: Daemon) -> None:
    daemon.wait_for("control/status", lambda status: status == "idle")


def files(daemon: Daemon, run_name: str = "spectra") -> list[str]:
    return sorted(path.name for path in (daemon.folder / run_name).glob("*.pico"))


def test_version() -> None:
    done = run("-v")
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def test_check_and_show_config(tmp_path: Path) -> None:
    (tmp_path / "pdata").mkdir()
    (tmp_path / "pdata" / "piccolo.config").write_text(INSTRUMENT)
    (tmp_path / "server.cfg").write_text("[coap]\nport = 5700\n")
    checked = run("-s", "server.cfg", "--check", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    shown = run("-s", "server.cfg", "--show-config", "-d", cwd=tmp_path)
    assert shown.returncode == 0
    lines = [line for line in shown.stdout.splitlines() if line.strip().startswith(("port", "debug", "address"))]
    origins = {line.split("=")[0].strip(): line.split("#")[1].strip() for line in lines}
    assert "server.cfg" in origins["port"]
    assert origins["address"].startswith("default")
    assert origins["debug"].startswith("command line")


def test_all_mistakes_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "pdata").mkdir()
    (tmp_path / "pdata" / "piccolo.config").write_text(INSTRUMENT.replace("reverse = True", "revers = True"))
    (tmp_path / "server.cfg").write_text("[coap]\nport = many\n")
    checked = run("-s", "server.cfg", "--check", cwd=tmp_path)
    assert checked.returncode == 1
    assert "server.cfg" in checked.stderr
    assert "revers" in checked.stderr
    assert "reverse" in checked.stderr
    started = run("-s", "server.cfg", cwd=tmp_path)
    assert started.returncode == 1
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_stop_it_when_idle(start: Start, number: int) -> None:
    daemon = start()
    status, took = daemon.stop(number)
    assert status == 0
    assert took < 5


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_it_while_it_starts(start: Start, number: int, delay: float) -> None:
    daemon = start(wait=False)
    daemon.wait_until_it_catches(signal.SIGHUP)  # the last handler to be set
    time.sleep(delay)  # any moment from here on will do
    status, took = daemon.stop(number)
    assert status == 0
    assert took < 5
    assert daemon.process.stderr is not None
    assert "Traceback" not in daemon.process.stderr.read()


def test_an_ignored_hangup_stays_ignored(start: Start) -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        daemon = start()
    finally:
        signal.signal(signal.SIGHUP, previous)
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.ask("control/status") == "idle"
    assert daemon.process.poll() is None


def test_a_signal_in_a_long_exposure_stops_it_and_keeps_what_was_recorded(start: Start) -> None:
    daemon = start()
    daemon.wait_until_ready()
    for channel in ("upwelling", "downwelling"):
        daemon.put(f"spectrometer/S_dummy_A/current_time/{channel}", 10)
        daemon.put(f"spectrometer/S_dummy_B/current_time/{channel}", 10)
    daemon.put("control/record_sequence", run="first", nsequence=1)
    idle(daemon)
    daemon.put("spectrometer/S_dummy_B/current_time/upwelling", 60000)
    daemon.put("control/record_sequence", run="second", nsequence=1)
    daemon.wait_for("control/status", lambda status: status == "upwelling dark")
    status, took = daemon.stop()
    assert status == 0
    assert took < 5
    assert files(daemon, "first") == ["b000000_s000000_dark.pico", "b000000_s000000_light.pico"]
    for path in (daemon.folder / "first").glob("*.pico"):
        assert len(pico.loads(path.read_text()).spectra) == 4


def test_a_signal_in_the_delay_between_sequences(start: Start) -> None:
    daemon = start()
    daemon.wait_until_ready()
    daemon.put("control/record_sequence", nsequence=3, delay=3600)
    daemon.wait_for("control/status", lambda status: status == "waiting")
    assert daemon.stop()[0] == 0
    assert files(daemon) == ["b000000_s000000_dark.pico", "b000000_s000000_light.pico"]


def test_a_second_daemon_on_the_same_port_is_refused(start: Start, tmp_path: Path) -> None:
    daemon = start()
    second = start(folder=tmp_path / "other", port=daemon.port, wait=False)
    _, errors = second.process.communicate(timeout=20)
    assert second.process.returncode == 1
    assert str(daemon.port) in errors
    assert "in use" in errors
    assert daemon.ask("control/status") == "idle"


def test_a_second_daemon_on_the_same_data_directory_is_refused(start: Start) -> None:
    daemon = start()
    second = start(wait=False)
    _, errors = second.process.communicate(timeout=20)
    assert second.process.returncode == 1
    assert str(daemon.process.pid) in errors


@pytest.mark.parametrize("address", ["::", "0.0.0.0", "127.0.0.1", "localhost", "::1"])
def test_addresses(start: Start, address: str) -> None:
    port = free_port()
    families = {
        "::": ["[::1]", "127.0.0.1"],
        "0.0.0.0": ["127.0.0.1"],
        "127.0.0.1": ["127.0.0.1"],
        "localhost": ["localhost"],
        "::1": ["[::1]"],
    }
    start("--address", address, port=port, wait=False)
    for host in families[address]:
        wait_for_answer(port, url=f"coap://{host}:{port}")


def test_an_address_that_does_not_resolve(start: Start) -> None:
    daemon = start("--address", "no-such-host.invalid", wait=False)
    _, errors = daemon.process.communicate(timeout=30)
    assert daemon.process.returncode == 1
    assert "no-such-host.invalid" in errors


def test_settings_survive_a_restart_and_numbers_are_never_used_again(start: Start) -> None:
    daemon = start()
    daemon.wait_until_ready()
    daemon.put("spectrometer/S_dummy_B/current_time/upwelling", 12.5)
    daemon.put("control/delay", 0.25)
    daemon.put("control/target", 70)
    daemon.put("control/record_dark", run="tower")
    idle(daemon)
    assert files(daemon, "tower") == ["b000000_s000000_dark.pico"]
    assert daemon.stop()[0] == 0
    shutil.rmtree(daemon.folder / "tower")

    again = start()
    again.wait_until_ready()
    assert again.ask("spectrometer/S_dummy_B/current_time/upwelling") == 12.5
    assert again.ask("control/delay") == 0.25
    assert again.ask("control/target") == 70
    assert again.ask("data_dir/current_run") == "tower"
    again.put("control/record_dark")
    idle(again)
    assert files(again, "tower") == ["b000001_s000000_dark.pico"]


def test_after_a_kill_it_starts_again_and_says_so(start: Start) -> None:
    daemon = start()
    daemon.process.kill()
    daemon.process.wait(10)
    again = start()
    assert again.stop()[0] == 0
    assert again.process.stderr is not None
    assert "ended uncleanly" in again.process.stderr.read()


def test_a_refused_request_changes_nothing(start: Start) -> None:
    daemon = start()
    daemon.wait_until_ready()
    daemon.put("control/record_sequence", nsequence=2, delay=3600)
    daemon.wait_for("control/status", lambda status: status == "waiting")
    with pytest.raises(Busy):
        daemon.put("control/record_sequence", run="other", nsequence=7)
    with pytest.raises(InvalidValue):
        daemon.put("control/record_sequence", run="../../etc", nsequence=7)
    assert daemon.ask("control/numSequences") == 2
    assert daemon.ask("data_dir/current_run") == "spectra"
    assert sorted(p.name for p in daemon.folder.iterdir() if p.is_dir() and not p.name.startswith(".")) == ["spectra"]
    daemon.put("control/abort")
    idle(daemon)
    outcome = daemon.ask("control/outcome")
    assert isinstance(outcome, dict)
    assert outcome["result"] == "aborted"
    for channel in ("upwelling", "downwelling"):
        assert daemon.ask(f"shutter/{channel}/status") == "closed"


def test_what_is_recorded(start: Start) -> None:
    daemon = start()
    daemon.wait_until_ready()
    daemon.put("control/auto")
    idle(daemon)
    for spectrometer in ("S_dummy_A", "S_dummy_B"):
        for channel in ("upwelling", "downwelling"):
            assert daemon.ask(f"spectrometer/{spectrometer}/autointegration/{channel}") == "s"
    daemon.put("control/record_sequence", run="tower", nsequence=2)
    idle(daemon)
    names = files(daemon, "tower")
    assert names == [
        "b000000_s000000_dark.pico",
        "b000000_s000000_light.pico",
        "b000000_s000001_dark.pico",
        "b000000_s000001_light.pico",
    ]
    light = pico.loads((daemon.folder / "tower" / names[1]).read_text())
    assert [(s.direction, s.serial_number) for s in light.spectra] == [
        (channel, serial) for channel in ("downwelling", "upwelling") for serial in ("dummy_A", "dummy_B")
    ]
    for spectrum in light.spectra:
        assert spectrum.simulated
        assert 70 < spectrum.peak_percent < 90
        assert not spectrum.is_saturated
    raw = json.loads((daemon.folder / "tower" / names[0]).read_text())
    assert all(entry["Metadata"]["Dark"] for entry in raw["Spectra"])
    assert daemon.ask(f"data_dir/runs/tower/spectra/{names[0]}") == (daemon.folder / "tower" / names[0]).read_text()


class TestInTheBackground:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "pdata").mkdir()
        (tmp_path / "pdata" / "piccolo.config").write_text(INSTRUMENT)
        return tmp_path

    def options(self, folder: Path, port: int) -> list[str]:
        return ["-D", "-p", str(folder / "pid"), "-L", str(folder / "err"), "--port", str(port)]

    def end(self, folder: Path) -> None:
        pid = int((folder / "pid").read_text())
        process = psutil.Process(pid)
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 6
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert not (folder / "pid").exists()

    def test_it_answers_when_the_command_returns(self, folder: Path) -> None:
        port = free_port()
        started = run(*self.options(folder, port), cwd=folder)
        try:
            assert (started.returncode, started.stderr) == (0, "")
            wait_for_answer(port)
            refused = run(*self.options(folder, free_port()), cwd=folder)
            assert refused.returncode == 1
            assert f"process {int((folder / 'pid').read_text())}" in refused.stderr
        finally:
            self.end(folder)

    def test_a_stale_pid_file_is_taken_over(self, folder: Path) -> None:
        (folder / "pid").write_text(f"{os.getpid()}\n")  # runs, but is no daemon of ours
        port = free_port()
        started = run(*self.options(folder, port), cwd=folder)
        assert started.returncode == 0
        self.end(folder)

    def test_a_failure_is_told_before_the_command_returns(self, folder: Path) -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
            taken.bind(("::", 0))
            port = taken.getsockname()[1]
            started = run(*self.options(folder, port), cwd=folder)
        assert started.returncode == 1
        assert "in use" in started.stderr
        assert not (folder / "pid").exists()
