"""The computer that carries the rig: load, memory, name, and its clock."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psutil

from piccolo3.errors import InvalidValue, Unavailable

__all__ = ["Host"]

_logger = logging.getLogger(__name__)
_DEADLINE = 10.0  # s


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=False)  # noqa: S603


class Host:
    """The machine we run on. `set_real_time` and `run` are replaced by tests, which must not set its clock."""

    def __init__(
        self,
        set_real_time: Callable[[float], None] = lambda seconds: time.clock_settime(time.CLOCK_REALTIME, seconds),
        run: Callable[[Sequence[str]], subprocess.CompletedProcess[str]] = _run,
    ) -> None:
        self._set_real_time = set_real_time
        self._run = run

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
        _logger.warning("the system clock was set to %s", wanted.isoformat())
        return wanted

    def _parse(self, text: str) -> datetime:
        try:
            parsed = datetime.fromisoformat(text.strip())
        except ValueError:
            done = self._run(["date", "--utc", f"--date={text}", "+%s.%N"])
            if done.returncode != 0 or not text.strip():
                raise InvalidValue(f"this is not a time: {text!r}; give one like 2026-06-21T12:00:00+00:00") from None
            return datetime.fromtimestamp(float(done.stdout), UTC)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)

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
