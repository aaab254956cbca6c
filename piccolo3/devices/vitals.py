"""How the computer that carries the rig is doing: temperature, supply, load, memory, what its clock follows."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["ClockSource", "Vitals", "run_command"]

_DEADLINE = 5.0  # s
_MEGABYTE = 1_000_000
_THROTTLED = re.compile(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})\s*")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"([0-9.]+)(us|ms|s|min|h|d)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSource:
    """What a clock follows, and how far it is from that (s); None where it is not known."""

    name: str
    offset: float | None = None


def run_command(command: Sequence[str]) -> str | None:
    """What a command writes, None where there is no such command or it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None


class Vitals:
    """Asks the operating system; None is what it does not know. Calls may block for some seconds.

    The arguments are replaced by tests: where /sys is, and what runs commands.
    """

    def __init__(self, sys: Path = Path("/sys"), run: Callable[[Sequence[str]], str | None] = run_command) -> None:
        self._sys = sys
        self._run = run
        self._process = psutil.Process()
        self._has_vcgencmd = True

    def cpu_temperature(self) -> float | None:
        """Temperature of the processor, degrees C."""
        zones = sorted(self._sys.glob("class/thermal/thermal_zone*"))
        named = {_read(zone / "type"): zone for zone in reversed(zones)}
        zone = next((named[name] for name in ("cpu-thermal", "x86_pkg_temp", "soc-thermal") if name in named), None)
        text = _read((zone or (zones[0] if zones else self._sys)) / "temp")
        with suppress(ValueError):
            return int(text or "") / 1000.0
        return None

    def throttling(self) -> int | None:
        """Bits of the firmware of a Raspberry Pi: 0 under-voltage, 2 throttled, 16 and 18 the same since the start."""
        for path in sorted(self._sys.glob("devices/platform/soc*/*/get_throttled")):
            if (text := _read(path)) is not None:
                return _bits(text)
        if not self._has_vcgencmd:
            return None
        text = self._run(["vcgencmd", "get_throttled"])
        self._has_vcgencmd = text is not None
        return None if text is None else _bits(text)

    def load(self) -> float:
        """Load of the last 5 minutes for each processor."""
        return os.getloadavg()[1] / (os.cpu_count() or 1)

    def memory(self) -> float:
        """Use of the memory, %."""
        return float(psutil.virtual_memory().percent)

    def daemon_memory(self) -> float:
        """Memory of this process, MB."""
        return float(self._process.memory_info().rss) / _MEGABYTE

    def uptime(self) -> float | None:
        """Seconds since the machine was started."""
        text = _read(Path("/proc/uptime"))
        with suppress(ValueError, IndexError):
            return float((text or "").split()[0])
        return None

    def clock_source(self) -> ClockSource | None:
        """What the clock follows: asks chrony, then systemd-timesyncd."""
        text = self._run(["chronyc", "-c", "tracking"])
        if text is not None and (source := _chrony(text)) is not None:
            return source
        text = self._run(["timedatectl", "timesync-status"])
        return None if text is None else _timesyncd(text)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _bits(text: str) -> int | None:
    match = _THROTTLED.fullmatch(text)
    return int(match[1], 16) if match else None


def _chrony(text: str) -> ClockSource | None:
    """The line of `chronyc -c tracking`: reference, name, stratum, time, correction of the clock (s), ..., status."""
    fields = text.strip().split(",")
    if len(fields) < 14 or fields[-1] == "Not synchronised":
        return None
    with suppress(ValueError):
        return ClockSource(name=f"chrony: {fields[1] or fields[0]}"[:64], offset=float(fields[4]))
    return None


def _timesyncd(text: str) -> ClockSource | None:
    """Lines of `timedatectl timesync-status`: `Server: address (name)` and, after an answer, `Offset: -1min 2.5s`."""
    server = re.search(r"^\s*Server: (.+)$", text, re.MULTILINE)
    offset = re.search(r"^\s*Offset: ([+-]?)(.+)$", text, re.MULTILINE)
    if server is None or offset is None:
        return None
    parts = _SPAN.findall(offset[2])
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return ClockSource(
        name=f"timesyncd: {server[1]}"[:64],
        offset=(-seconds if offset[1] == "-" else seconds) if parts else None,
    )
