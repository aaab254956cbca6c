"""What a machine has to have to carry a rig; each check says that it is there, or what to do."""

from __future__ import annotations

import contextlib
import grp
import importlib.metadata
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from piccolo3 import config
from piccolo3.config import Configuration, ServerConfig
from piccolo3.errors import ConfigurationError, PiccoloError

__all__ = ["Finding", "Machine", "State", "examine"]

_SERVER_FILE = Path("/etc/piccolo.cfg")
_VENDORS = {"2457": "Ocean Optics", "0999": "Ocean Insight"}
_RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
_LITTLE = 1e9  # bytes
_PATIENCE = 5.0  # s for programs that are asked


class State(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found, and what to do about it."""

    name: str
    state: State
    sentence: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look; tests have folders of their own."""

    root: Path = Path("/")
    version: Callable[[str], str] = importlib.metadata.version

    def path(self, below: str) -> Path:
        """A file of this machine."""
        return self.root / below

    def package(self, name: str) -> str | None:
        """The version of a Python package, None if it is not installed."""
        try:
            return self.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    @staticmethod
    def said(*command: str) -> str | None:
        """What a program says; None if there is no such program, or it does not end."""
        program = shutil.which(command[0])
        if program is None:
            return None
        try:
            done = subprocess.run(  # noqa: S603 - the commands are ours
                [program, *command[1:]], capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class _Needs:
    """What the configuration wants; without one everything that a rig may have."""

    server: ServerConfig
    spectrometers: int | None = None
    seabreeze: bool = True
    pins: bool = True

    @classmethod
    def of(cls, configuration: Configuration) -> _Needs:
        instrument = configuration.instrument
        real = [one for one in instrument.spectrometers if one.driver != "simulated"]
        switches = any(one.power_switch is not None for one in instrument.spectrometers)
        gpio = any(channel.driver == "gpio" for channel in instrument.channels)
        return cls(configuration.server, len(real), bool(real), gpio or switches)


def examine(machine: Machine, server_file: Path | None = None) -> list[Finding]:
    """All checks, in the order in which things are set up."""
    findings = [_python()]
    needs, found = _configuration(machine, server_file)
    findings += [*_packages(machine, needs), *found]
    if needs.seabreeze:
        findings += [_rules(machine), *_usb(machine, needs)]
    if needs.pins:
        findings += [*_gpio(machine)]
    findings += [*_disk(needs.server), _port(needs.server), _clock(machine), *_service(machine)]
    return findings


def _python() -> Finding:
    user = _user()
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", State.OK, f"Python {version} in {sys.prefix}, as user {user}")


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _configuration(machine: Machine, given: Path | None) -> tuple[_Needs, list[Finding]]:
    name = "configuration"
    path = given
    if path is None and machine.path(str(_SERVER_FILE).lstrip("/")).exists():
        path = machine.path(str(_SERVER_FILE).lstrip("/"))
    if path is None:
        advice = "copy etc/piccolo.cfg there, or name another one with -s; until then the defaults are looked at"
        return _Needs(ServerConfig()), [Finding(name, State.WARN, f"there is no {_SERVER_FILE}", advice)]
    try:
        server = config.load_server(path, {})
    except (ConfigurationError, PiccoloError) as problem:
        return _Needs(ServerConfig()), [_bad_configuration(problem)]
    try:
        configuration = config.load(path, {})
    except (ConfigurationError, PiccoloError) as problem:
        return _Needs(server), [_bad_configuration(problem)]
    count = len(configuration.instrument.spectrometers)
    text = f"{path} and {server.instrument_file} are fine: {count} spectrometers"
    warnings = [Finding(name, State.WARN, warning) for warning in configuration.warnings]
    return _Needs.of(configuration), [Finding(name, State.OK, text), *warnings]


def _bad_configuration(problem: PiccoloError) -> Finding:
    problems = problem.problems if isinstance(problem, ConfigurationError) else (str(problem),)
    return Finding("configuration", State.FAIL, "; ".join(problems), "piccolo3-server --check tells the same")


def _packages(machine: Machine, needs: _Needs) -> Iterator[Finding]:
    version = machine.package("piccolo3")
    yield Finding("piccolo3", State.OK, f"version {version}")
    wanted = []
    if needs.seabreeze:
        wanted.append(("seabreeze", "spectrometers can't be driven without it", "pip install 'piccolo3[seabreeze]'"))
    if needs.pins:
        text = "pins can't be driven without it"
        wanted += [(name, text, "pip install 'piccolo3[gpio]'") for name in ("gpiozero", "lgpio")]
    for name, without, advice in wanted:
        version = machine.package(name)
        if version is None:
            yield Finding(name, State.FAIL, f"not installed: {without}", advice)
        else:
            yield Finding(name, State.OK, f"version {version}")


def _rules(machine: Machine) -> Finding:
    for folder in _RULES:
        for path in sorted(machine.path(folder).glob("*.rules")):
            with contextlib.suppress(OSError):
                if any(vendor in path.read_text(errors="replace") for vendor in _VENDORS):
                    return Finding("udev", State.OK, f"{path} lets the spectrometers be used")
    advice = "copy etc/udev/60-piccolo3.rules to /etc/udev/rules.d/, then: udevadm control --reload && udevadm trigger"
    state = State.WARN if os.geteuid() == 0 else State.FAIL
    return Finding("udev", state, "no rule lets others than root use the spectrometers", advice)


def _usb(machine: Machine, needs: _Needs) -> Iterator[Finding]:
    found = 0
    for device in sorted(machine.path("sys/bus/usb/devices").glob("*")):
        vendor = _line(device / "idVendor")
        if vendor not in _VENDORS:
            continue
        found += 1
        product, serial = _line(device / "product") or _VENDORS[vendor], _line(device / "serial")
        yield _access(machine, device, f"{product} {serial or ''}".strip())
    if not found:
        expected = needs.spectrometers
        state = State.FAIL if expected else State.WARN
        text = "no spectrometer is plugged in, or none has power"
        advice = "check cables, the power of the spectrometers and of the hub; lsusb shows what is there"
        yield Finding("usb", state, text, advice)
    elif needs.spectrometers is not None and found < needs.spectrometers:
        text = f"{needs.spectrometers} spectrometers are configured, {found} plugged in"
        yield Finding("usb", State.WARN, text, "piccolo3-list-spec lists their serial numbers")


def _line(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return None


def _access(machine: Machine, device: Path, what: str) -> Finding:
    bus, number = _line(device / "busnum"), _line(device / "devnum")
    if not bus or not number:
        return Finding("usb", State.WARN, f"{what}: its device file is not known")
    node = machine.path(f"dev/bus/usb/{int(bus):03}/{int(number):03}")
    if os.access(node, os.R_OK | os.W_OK):
        return Finding("usb", State.OK, f"{what}: {node} can be used")
    return Finding("usb", State.FAIL, f"{what}: user {_user()} may not use {node}", _group_advice(node, "plugdev"))


def _group_advice(node: Path, usual: str) -> str:
    group = usual
    with contextlib.suppress(OSError, KeyError):
        group = grp.getgrgid(node.stat().st_gid).gr_name
    if group == "root":
        group = usual
        return f"install the udev rules of etc/udev, then: usermod -aG {group} {_user()}, and log in again"
    return f"usermod -aG {group} {_user()}, and log in again (SupplementaryGroups= in the unit of the service)"


def _gpio(machine: Machine) -> Iterator[Finding]:
    factory = os.environ.get("GPIOZERO_PIN_FACTORY")
    if factory:
        yield Finding("pins", State.WARN, f"GPIOZERO_PIN_FACTORY is {factory}", "unset it unless you know why")
    chips = sorted(machine.path("dev").glob("gpiochip*"))
    if not chips:
        advice = "shutters and power switches need the pins of a Raspberry Pi; on other machines use driver = simulated"
        yield Finding("pins", State.FAIL, "this machine has no pins (no /dev/gpiochip*)", advice)
        return
    usable = [chip for chip in chips if os.access(chip, os.R_OK | os.W_OK)]
    if usable:
        yield Finding("pins", State.OK, f"{', '.join(map(str, usable))} can be used")
    else:
        text = f"user {_user()} may not use {', '.join(map(str, chips))}"
        yield Finding("pins", State.FAIL, text, _group_advice(chips[0], "gpio"))


def _disk(server: ServerConfig) -> Iterator[Finding]:
    path = server.data_dir
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    if server.datadir.mount and not os.path.ismount(server.directory / server.datadir.mntpnt):
        text = f"{server.datadir.device} is not mounted at {server.datadir.mntpnt}"
        yield Finding("disk", State.WARN, text, "the server mounts it when it starts")
        return
    if not os.access(there, os.W_OK | os.X_OK):
        advice = f"chown {_user()} {there}, or another datadir in the configuration"
        yield Finding("disk", State.FAIL, f"user {_user()} may not write to {there}", advice)
    free = shutil.disk_usage(there).free
    needed = server.datadir.reserve * 1e6
    text = f"{path}: {free / 1e9:.1f} GB free"
    if free <= needed:
        advice = "nothing is recorded before there is more: move old data away"
        yield Finding("disk", State.FAIL, f"{text}, of which {needed / 1e6:.0f} MB are no room for data", advice)
    elif free < needed + _LITTLE:
        yield Finding("disk", State.WARN, text, "move old data away before a long measurement")
    else:
        yield Finding("disk", State.OK, text)


def _port(server: ServerConfig) -> Finding:
    port = server.coap.port
    if not _taken(port):
        return Finding("port", State.OK, f"{port} is free; no server runs")
    version = _version_at(port)
    if version is not None:
        return Finding("port", State.OK, f"a server, piccolo3 {version}, answers at port {port}")
    advice = f"ss -ulnp 'sport = :{port}' shows who it is; another port can be configured"
    return Finding("port", State.FAIL, f"another program has port {port}, and it is no piccolo3 server", advice)


def _taken(port: int) -> bool:
    for family, anywhere in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):  # noqa: S104 - as the server does
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((anywhere, port))
            except OSError:
                return True
    return False


def _version_at(port: int) -> str | None:
    import asyncio

    from piccolo3.client import Piccolo

    async def ask() -> str:
        async with Piccolo(f"coap://localhost:{port}", 2.0) as rig:
            return await rig.sysinfo.version()

    try:
        return asyncio.run(ask())
    except PiccoloError:
        return None


def _clock(machine: Machine) -> Finding:
    said = machine.said("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if said == "yes" or machine.path("run/systemd/timesync/synchronized").exists():
        return Finding("clock", State.OK, "the clock is kept right by the network")
    if machine.path("dev/pps0").exists():
        return Finding("clock", State.OK, "there is a source of pulses (/dev/pps0) for the clock")
    advice = "connect to a network with time servers, or set up GPS; a Raspberry Pi forgets the time without power"
    return Finding("clock", State.WARN, "nothing is known to keep the clock right", advice)


def _service(machine: Machine) -> Iterator[Finding]:
    if not machine.path("run/systemd/system").exists():
        yield Finding("service", State.WARN, "there is no systemd here", "start the server by piccolo3-server, or -D")
        return
    said = machine.said("systemctl", "show", "piccolo3", "--property=LoadState,ActiveState,UnitFileState,NRestarts")
    values = dict(line.partition("=")[::2] for line in (said or "").splitlines())
    if values.get("LoadState") != "loaded":
        advice = "copy etc/systemd/piccolo3.service to /etc/systemd/system/, then: systemctl enable --now piccolo3"
        yield Finding("service", State.WARN, "the service piccolo3 is not installed", advice)
        return
    if values.get("UnitFileState") != "enabled":
        yield Finding("service", State.WARN, "it is not started with the machine", "systemctl enable piccolo3")
    restarts = values.get("NRestarts", "0")
    if values.get("ActiveState") != "active":
        text = f"the service is {values.get('ActiveState', 'not known')}"
        yield Finding("service", State.FAIL, text, "systemctl start piccolo3; journalctl -u piccolo3 tells more")
    elif restarts != "0":
        text = f"the service runs, and was started again {restarts} times"
        yield Finding("service", State.WARN, text, "journalctl -u piccolo3 tells why it ended")
    else:
        yield Finding("service", State.OK, "the service runs")
