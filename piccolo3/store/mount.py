"""The device that carries the data (a USB stick, say), and the directory it is mounted in.

Mounting needs no `sudo`: root and entries of /etc/fstab with the option `user` can use mount itself, others ask
systemd, which asks polkit. All calls block.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from piccolo3.errors import Conflict, Unavailable

__all__ = ["Mount"]

_logger = logging.getLogger(__name__)
_DEADLINE = 30.0  # s; a stick that needs longer is broken


def _run(command: Sequence[str]) -> str | None:
    """Run a command; return None when it succeeded, else what it complained of."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=False)  # noqa: S603
    except FileNotFoundError:
        return f"there is no {command[0]}"
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {_DEADLINE:.0f} s"
    if done.returncode == 0:
        return None
    return done.stderr.strip() or f"{command[0]} ended with status {done.returncode}"


class Mount:
    """One block device and its mount point."""

    def __init__(self, device: str, point: Path, run: Callable[[Sequence[str]], str | None] = _run) -> None:
        self.device = device
        self.point = point
        self._run = run

    def is_mounted(self) -> bool:
        """Whether the device is mounted at the mount point; Conflict if it is mounted elsewhere only."""
        # both may be links: sticks are named by /dev/disk/by-uuid, say
        device, point = os.path.realpath(self.device), os.path.realpath(self.point)
        points = [p.mountpoint for p in psutil.disk_partitions(all=True) if os.path.realpath(p.device) == device]
        if point in map(os.path.realpath, points):
            return True
        if points:
            raise Conflict(f"device {self.device} mounted in wrong directory {points[0]}")
        return False

    def carries(self, path: Path) -> bool:
        """Whether the path is below the mount point."""
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.point))

    def mount(self) -> str:
        """Mount the device; return what was done, empty if it was mounted already."""
        if self.is_mounted():
            return ""
        text = f"mounting {self.device} at {self.point}"
        device, point = self.device, str(self.point)
        self._first(
            text,
            ["mount", device, point],
            ["mount", point],
            ["systemd-mount", "--no-ask-password", device, point],
        )
        return text

    def unmount(self) -> str:
        """Unmount the device; return what was done. Conflict if it is not mounted."""
        if not self.is_mounted():
            raise Conflict(f"device {self.device} is already unmounted")
        text = f"unmounting {self.device}"
        point = str(self.point)
        self._first(text, ["umount", point], ["systemd-umount", "--no-ask-password", point])
        return text

    def _first(self, text: str, *commands: Sequence[str]) -> None:
        """Run the commands until one succeeds."""
        complaints = []
        for command in commands:
            complaint = self._run(command)
            if complaint is None:
                _logger.info("%s: done by %s", text, " ".join(command))
                return
            complaints.append(complaint)
        raise Unavailable(f"{text} failed: {'; '.join(complaints)}")
