"""The demo with the real server and a small rig."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from matplotlib.figure import Figure

from piccolo3.cli.demo import main
from piccolo3.cli.record import main as record
from piccolo3.client import Piccolo
from piccolo3.spectrum import loads

INSTRUMENT = """
[channels]
  [[shutter_1]]
    direction = downwelling
  [[shutter_2]]
    direction = upwelling
[spectrometers]
  [[dummy_STS]]
    model = STS-VIS
"""


@pytest.fixture(autouse=True, scope="module")
def fonts() -> None:
    """Make matplotlib open its fonts, whose files it keeps open, before anybody counts open files."""
    sheet = Figure()
    sheet.text(0.1, 0.1, "O$_2$")
    sheet.text(0.1, 0.1, "title", fontweight="bold")
    sheet.savefig(io.BytesIO(), format="png")


@pytest.fixture
def options(tmp_path: Path, unused_port: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "demo.cfg").write_text("config = somewhere.config\n")
    (tmp_path / "piccolo.config").write_text(INSTRUMENT)
    monkeypatch.chdir(tmp_path)
    return ["--port", str(unused_port), "--server-file", "demo.cfg", "--instrument-file", "piccolo.config"]


def test_once_and_once_again(options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for batch in range(2):
        assert main([*options, "--once"]) == 0
        out = capsys.readouterr().out
        lines = [line.split(" | ") for line in out.splitlines() if line.startswith("dummy_STS")]
        assert len(lines) == 6
        for line in lines:
            assert 60 < float(line[3]) < 100
        assert {line[4].strip() for line in lines} == {
            f"b{batch:06d}_s{sequence:06d}_light.pico" for sequence in range(3)
        }
        assert f"demo-data/demo_b{batch:06d}.png\n" in out
        assert (tmp_path / f"demo-data/demo_b{batch:06d}.png").stat().st_size > 10_000
        assert out.endswith("stopped\n")
    spectra = loads((tmp_path / "demo-data/demo/b000000_s000000_light.pico").read_text())
    assert {spectrum.direction for spectrum in spectra.spectra} == {"downwelling", "upwelling"}
    assert all(spectrum.simulated for spectrum in spectra.spectra)


def test_stays_until_ctrl_c(options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "piccolo3.cli.demo", *options]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        seen = ""
        for line in process.stdout:
            seen += line
            if "Ctrl-C stops the server" in line:
                break
        url = f"coap://localhost:{options[1]}"
        assert f"piccolo3-record -u {url} -l" in seen
        assert f"coap-client-notls -m get {url}/control/status" in seen
        assert f"""put -e '[[], {{"run": "demo", "nsequence": 2}}]' {url}/control/record_sequence""" in seen
        assert record(["-u", url, "-r", "demo", "-n", "1"]) == 0
        assert "batch 1 of run demo complete" in capsys.readouterr().out
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "stopped" in rest
    assert error == ""
    assert record(["-u", url, "-l"]) == 1  # nobody there any more


def test_a_taken_port(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", int(options[1])))
        assert main([*options, "--once"]) == 1
    error = capsys.readouterr().err
    assert f"port {options[1]} is taken" in error
    assert "make demo PORT=" in error


def test_a_broken_configuration(options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "piccolo.config").write_text(INSTRUMENT + "colour = red\n")
    assert main([*options, "--once"]) == 1
    error = capsys.readouterr().err
    assert "the server ended with exit status 1" in error
    assert "colour" in error


def test_a_rig_that_does_not_get_ready(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("piccolo3.cli.demo._READY", 0.3)
    (tmp_path / "piccolo.config").write_text(
        INSTRUMENT.replace("STS-VIS", "STS-VIS\n  [[real]]\n    driver = seabreeze")
    )
    assert main([*options, "--once"]) == 1
    error = capsys.readouterr().err
    assert "the rig is not ready after 0.3 s: S_dummy_STS is IDLE, S_real is " in error


def test_a_server_that_dies_on_the_way(
    options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(rig: Piccolo, console: object) -> None:
        process = next(one for one in psutil.Process().children() if one.cmdline()[-2:] == ["--port", options[1]])
        process.kill()
        process.wait(5)
        await rig.control.status()

    monkeypatch.setattr("piccolo3.cli.demo._wait_until_ready", die)
    assert main([*options, "--once"]) == 1
    error = capsys.readouterr().err
    assert "the server ended with exit status" in error or "nothing listens at" in error


def test_not_in_a_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--once"]) == 1
    assert "there is no file etc/demo.cfg: run this in a checkout" in capsys.readouterr().err


def test_a_wrong_port(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "70000"])
    assert "not a port" in capsys.readouterr().err
