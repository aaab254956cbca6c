"""The computer that carries the rig: load, memory, name, and its clock."""

from __future__ import annotations

import ctypes
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from piccolo3.errors import InvalidValue, Unavailable
from piccolo3.wire import parse_time, show_time

__all__ = ["Host"]

_logger = logging.getLogger(__name__)
_DEADLINE = 10.0  # s
_REMEMBERED = 5.0  # s, that what the kernel says of the clock is good for
_UNSYNCHRONISED = 0x40  # STA_UNSYNC, linux/timex.h


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=False)  # noqa: S603


class _Timex(ctypes.Structure):
    """struct timex as far as it is of interest, and room for the rest (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def _kernel_status() -> int | None:
    """Status bits of the kernel's clock; None where there are none."""
    if not sys.platform.startswith("linux"):
        return None
    timex = _Timex()  # without modes it only asks
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        return None
    return None if answer < 0 else int(timex.status)


class Host:
    """The machine we run on. What the arguments do is replaced by tests, which must not set its clock."""

    def __init__(
        self,
        set_real_time: Callable[[float], None] = lambda seconds: time.clock_settime(time.CLOCK_REALTIME, seconds),
        run: Callable[[Sequence[str]], subprocess.CompletedProcess[str]] = _run,
        kernel_status: Callable[[], int | None] = _kernel_status,
        monotonic: Callable[[], float] = time.monotonic,
        boot_id: Path = Path("/proc/sys/kernel/random/boot_id"),
    ) -> None:
        self._set_real_time = set_real_time
        self._run = run
        self._kernel_status = kernel_status
        self._monotonic = monotonic
        self._boot_id = boot_id
        self._status: tuple[float, int | None] | None = None

    def clock_synchronised(self) -> bool | None:
        """Whether a time server or a receiver keeps the clock right, as the kernel knows it; None if it does not.

        chrony, ntpd and systemd-timesyncd tell the kernel (STA_UNSYNC, adjtimex(2)); chrony only with `rtcsync`, which
        its usual configuration has. Any thread may ask; the kernel is asked every few seconds.
        """
        now = self._monotonic()
        if self._status is None or now - self._status[0] >= _REMEMBERED:
            self._status = now, self._kernel_status()
        status = self._status[1]
        return None if status is None else not status & _UNSYNCHRONISED

    def boot_id(self) -> str | None:
        """What tells this time that the machine was started from others; None where there is nothing like it."""
        try:
            return self._boot_id.read_text(encoding="ascii").strip() or None
        except (OSError, ValueError):
            return None

    def cpu_percent(self) -> float:
        """Use of all processors since the previous call, %."""
        return float(psutil.cpu_percent())

    def memory_percent(self) -> float:
        """Use of the memory, %."""
        return float(psutil.virtual_memory().percent)

    def set_clock(self, text: str) -> datetime:
        """Set the system clock to `text`, anything that `date --date` understands; return the time it meant.

        A time without an offset is UTC. Blocks. Raises InvalidValue for a text that is no time, Unavailable where
        this process may not set the clock.
        """
        wanted = self._parse(text)
        try:
            self._set_real_time(wanted.timestamp())
        except OSError as error:
            self._ask_systemd(wanted, error)
        self._status = None  # the kernel takes the clock for unsynchronised from now on
        _logger.warning("the system clock was set to %s", wanted.isoformat())
        return wanted

    def _parse(self, text: str) -> datetime:
        try:
            return parse_time(text, naive="utc")
        except InvalidValue:
            done = self._run(["date", "--utc", f"--date={text}", "+%s.%N"])
            if done.returncode == 0 and text.strip():
                with suppress(ValueError, OverflowError):
                    return parse_time(show_time(datetime.fromtimestamp(float(done.stdout), UTC)), naive="refuse")
        raise InvalidValue(f"this is not a time: {text!r}; give one like 2026-06-21T12:00:00+00:00")

    def _ask_systemd(self, wanted: datetime, refused: OSError) -> None:
        """Ask timedated, which asks polkit, to set the clock."""
        try:
            done = self._run(["timedatectl", "--no-ask-password", "set-time", f"{wanted:%Y-%m-%d %H:%M:%S} UTC"])
            complaint = done.stderr.strip() if done.returncode else None
        except (OSError, subprocess.TimeoutExpired) as error:
            complaint = str(error)
        if complaint is not None:
            raise Unavailable(
                f"setting time to {wanted.isoformat()} failed: {refused.strerror}; timedatectl: {complaint}. "
                "Run the server with the capability CAP_SYS_TIME, or allow its user to set the time"
            )
