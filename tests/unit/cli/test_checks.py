from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from piccolo3.cli.front import checks
from piccolo3.cli.front.checks import Finding, Machine, State, examine
from piccolo3.cli.front.main import main

EVERYTHING = {"piccolo3": "0.6.0", "seabreeze": "2.11.0", "gpiozero": "2.0.1", "lgpio": "0.2.2"}


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """The files of a machine that is ready."""
    root = tmp_path / "box"
    rules = root / "etc/udev/rules.d"
    rules.mkdir(parents=True)
    (rules / "60-piccolo3.rules").write_text('ATTR{idVendor}=="2457"')
    (root / "dev/bus/usb/001").mkdir(parents=True)
    (root / "dev/gpiochip0").touch()
    plug(root, "1-1", "QEP01651", 7)
    (root / "run/systemd/timesync").mkdir(parents=True)
    (root / "run/systemd/timesync/synchronized").touch()
    (root / "run/systemd/system").mkdir(parents=True)
    return root


def plug(root: Path, place: str, serial: str, number: int) -> None:
    device = root / "sys/bus/usb/devices" / place
    device.mkdir(parents=True)
    texts = {"idVendor": "2457", "product": "QE-PRO", "serial": serial, "busnum": "1", "devnum": str(number)}
    for name, text in texts.items():
        (device / name).write_text(f"{text}\n")
    (root / f"dev/bus/usb/001/{number:03}").touch()


def configure(tmp_path: Path, spectrometers: str = "[[QEP01651]]", channels: str = "direction = up") -> Path:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "piccolo.config").write_text(f"[channels]\n[[shutter_1]]\n{channels}\n[spectrometers]\n{spectrometers}\n")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "piccolo.cfg"
    path.write_text(f'[coap]\nport = {port}\n[datadir]\ndatadir = "{data}"\n')
    return path


def installed(packages: dict[str, str]) -> Callable[[str], str]:
    def version(name: str) -> str:
        if name not in packages:
            raise importlib.metadata.PackageNotFoundError(name)
        return packages[name]

    return version


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What systemctl says."""
    values = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "NRestarts": "0"}

    def said(*command: str) -> str | None:
        return "\n".join(f"{key}={text}" for key, text in values.items()) if command[0] == "systemctl" else None

    monkeypatch.setattr(Machine, "said", staticmethod(said))
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    return values


def of(findings: list[Finding], name: str) -> list[Finding]:
    return [finding for finding in findings if finding.name == name]


def test_a_machine_that_is_ready(box: Path, tmp_path: Path, service: dict[str, str]) -> None:
    findings = examine(Machine(box, installed(EVERYTHING)), configure(tmp_path))
    assert [finding for finding in findings if finding.state is not State.OK] == []
    assert {finding.name for finding in findings} >= {"usb", "udev", "pins", "disk", "port", "clock", "service"}
    assert "QE-PRO QEP01651" in of(findings, "usb")[0].sentence


def test_a_machine_with_nothing(tmp_path: Path, service: dict[str, str]) -> None:
    findings = examine(Machine(tmp_path / "nothing", installed({})), configure(tmp_path))
    failed = {finding.name for finding in findings if finding.state is State.FAIL}
    assert failed >= {"seabreeze", "gpiozero", "lgpio", "usb", "pins"}
    assert all(finding.advice for finding in findings if finding.state is not State.OK)


def test_a_simulated_rig_needs_no_hardware(tmp_path: Path, service: dict[str, str]) -> None:
    findings = examine(Machine(tmp_path / "nothing", installed({})), configure(tmp_path, "[[dummy_A]]"))
    assert not [finding for finding in findings if finding.state is State.FAIL]
    assert not of(findings, "usb")


def test_a_spectrometer_is_missing(box: Path, tmp_path: Path, service: dict[str, str]) -> None:
    config = configure(tmp_path, "[[QEP01651]]\n[[FLMS04]]")
    findings = examine(Machine(box, installed(EVERYTHING)), config)
    assert "2 spectrometers are configured, 1 plugged in" in of(findings, "usb")[-1].sentence
    plug(box, "1-2", "FLMS04", 8)
    findings = examine(Machine(box, installed(EVERYTHING)), config)
    assert [one.state for one in of(findings, "usb")] == [State.OK, State.OK]


def test_what_may_not_be_used(
    box: Path, tmp_path: Path, service: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "dev" not in str(path) and real(path, mode))
    findings = examine(Machine(box, installed(EVERYTHING)), configure(tmp_path))
    (usb,), (pins,) = of(findings, "usb"), of(findings, "pins")
    assert (usb.state, pins.state) == (State.FAIL, State.FAIL)
    assert "usermod -aG" in usb.advice
    assert "usermod -aG" in pins.advice


def test_mistakes_of_the_configuration(box: Path, tmp_path: Path, service: dict[str, str]) -> None:
    machine = Machine(box, installed(EVERYTHING))
    (found,) = of(examine(machine, configure(tmp_path, channels="direktion = up")), "configuration")
    assert (found.state, "did you mean 'direction'" in found.sentence) == (State.FAIL, True)
    bad = tmp_path / "bad.cfg"
    bad.write_text("[coap]\nport = many\n")
    (found,) = of(examine(machine, bad), "configuration")
    assert found.state is State.FAIL
    (found,) = of(examine(machine), "configuration")
    assert (found.state, "there is no /etc/piccolo.cfg" in found.sentence) == (State.WARN, True)


def test_the_port_is_taken(box: Path, tmp_path: Path, service: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure(tmp_path)
    port = int(config.read_text().split("port = ")[1].split()[0])
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.bind(("::", port))
        monkeypatch.setattr(checks, "_version_at", lambda port: None)
        (found,) = of(examine(Machine(box, installed(EVERYTHING)), config), "port")
        assert (found.state, "another program" in found.sentence) == (State.FAIL, True)
        monkeypatch.setattr(checks, "_version_at", lambda port: "0.6.0")
        (found,) = of(examine(Machine(box, installed(EVERYTHING)), config), "port")
        assert (found.state, "piccolo3 0.6.0, answers" in found.sentence) == (State.OK, True)


@pytest.mark.parametrize(
    ("change", "state", "sentence"),
    [
        ({"LoadState": "not-found"}, State.WARN, "not installed"),
        ({"UnitFileState": "disabled"}, State.WARN, "not started with the machine"),
        ({"ActiveState": "failed"}, State.FAIL, "the service is failed"),
        ({"NRestarts": "7"}, State.WARN, "started again 7 times"),
    ],
)
def test_the_service(
    box: Path, tmp_path: Path, service: dict[str, str], change: dict[str, str], state: State, sentence: str
) -> None:
    service.update(change)
    found = of(examine(Machine(box, installed(EVERYTHING)), configure(tmp_path)), "service")[0]
    assert (found.state, sentence in found.sentence) == (state, True)


def test_the_disk_is_full(box: Path, tmp_path: Path, service: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 5e7

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage)
    (found,) = of(examine(Machine(box, installed(EVERYTHING)), configure(tmp_path)), "disk")
    assert (found.state, "100 MB are no room" in found.sentence) == (State.FAIL, True)
    Usage.free = 6e8
    (found,) = of(examine(Machine(box, installed(EVERYTHING)), configure(tmp_path)), "disk")
    assert found.state is State.WARN


def test_programs_that_are_asked() -> None:
    assert Machine.said("echo", "hello") == "hello"
    assert Machine.said("no-such-program-at-all") is None


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(configure(tmp_path, "[[dummy_A]]"))
    assert main(["doctor", "-s", config]) == 0
    assert "ok    disk" in capsys.readouterr().out
    assert main(["doctor", "-s", config, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert main(["doctor", "-s", str(tmp_path / "nowhere.cfg")]) == 1
    assert "FAIL  configuration" in capsys.readouterr().out
