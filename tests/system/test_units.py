"""The units of systemd: they are sound, and what they start needs nothing of a shell's environment."""

from __future__ import annotations

import configparser
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from soak.ports import free_port
from tests.system.support import INSTRUMENT, wait_for_answer

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "etc/systemd").glob("*.service"))
BIN = Path(sys.executable).parent


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_text(path.read_text().replace("/opt/piccolo3/bin/", "/bin/true "))
    found = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    complaints = [line for line in found.stderr.splitlines() if str(copy) in line or path.name in line]
    assert not complaints


def test_what_the_daemon_is_for_is_not_forbidden() -> None:
    service = unit(ROOT / "etc/systemd/piccolo3.service")["Service"]
    assert not {"PrivateDevices", "ProtectClock", "RestrictRealtime", "PrivateNetwork"} & set(service)
    assert int(service["LimitRTPRIO"]) > 10
    assert "CAP_SYS_TIME" in service["AmbientCapabilities"]
    assert service["KillMode"] == "mixed"
    assert {"plugdev", "gpio"} <= set(service["SupplementaryGroups"].split())
    assert service["Restart"] == "always"


def test_the_daemon_meets_others_at_the_lock_of_the_spectrometers() -> None:
    service = unit(ROOT / "etc/systemd/piccolo3.service")["Service"]
    assert service["ProtectSystem"] == "strict"  # also /run, and /tmp is its own
    assert "/run/lock" in service["ReadWritePaths"].split()


def test_the_daemon_runs_in_an_empty_environment(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    data.mkdir()
    text = (ROOT / "etc/piccolo.cfg").read_text()
    text = text.replace("port = 5683", f"port = {port}").replace("/var/lib/piccolo3", str(data))
    (tmp_path / "piccolo.cfg").write_text(text)
    on_pins = INSTRUMENT.replace("reverse = True", "reverse = True\n    driver = gpio")
    (data / "piccolo.config").write_text(on_pins + "[gpio]\n  pin_factory = mock\n")
    command = unit(ROOT / "etc/systemd/piccolo3.service")["Service"]["ExecStart"]
    command = command.replace("/opt/piccolo3/bin", str(BIN)).replace("/etc/piccolo.cfg", str(tmp_path / "piccolo.cfg"))
    process = subprocess.Popen(command.split(), env={}, cwd=data, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_answer(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    assert "MockFactory" in log


def test_the_web_front_end_runs_in_an_empty_environment(tmp_path: Path) -> None:
    file = tmp_path / "piccolo-web.cfg"
    shutil.copy(ROOT / "etc/piccolo-web.cfg", file)
    command = unit(ROOT / "etc/systemd/piccolo3-web.service")["Service"]["ExecStart"]
    command = command.replace("/opt/piccolo3/bin", str(BIN)).replace("/etc/piccolo3-web/piccolo-web.cfg", str(file))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command.split(), "--port", str(port)], env={}, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"piccolo3-web: http://127.0.0.1:{port}\n"
        with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/r/rig/now", timeout=20) as page:
            assert b"Make safe" in page.read()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM)


def test_the_web_front_end_has_the_network_and_little_else() -> None:
    service = unit(ROOT / "etc/systemd/piccolo3-web.service")["Service"]
    assert service["User"] not in ("root", unit(ROOT / "etc/systemd/piccolo3.service")["Service"]["User"])
    assert service["ProtectSystem"] == "strict"
    for name in ("NoNewPrivileges", "PrivateDevices", "PrivateTmp", "ProtectHome", "ProtectClock"):
        assert service[name] == "yes"
    assert "AF_INET6" in service["RestrictAddressFamilies"]
    assert service["CapabilityBoundingSet"] == "CAP_NET_BIND_SERVICE"


def test_the_button_runs_in_an_empty_environment(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "piccolo3.panel.reboot", "--pin-factory", "mock"]
    process = subprocess.Popen(command, env={}, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "waiting for the button on GPIO 10" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0
