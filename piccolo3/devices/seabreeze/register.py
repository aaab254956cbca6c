"""Who looks for spectrometers: one process of this machine at a time, and what it found out for the others.

The file that is locked has the places of serial numbers that were seen, so that a spectrometer that is opened again is
looked for where it was, and others are left alone. They are hints: what is found is asked for its serial number.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path

from piccolo3.devices.seabreeze.usbbus import Place
from piccolo3.errors import DeviceError

__all__ = ["Register", "default_file"]

_logger = logging.getLogger(__name__)
_NAME = "piccolo3-spectrometers.lock"
_LARGEST = 1 << 16
_FOR_ALL = 0o666  # the daemon and the programs beside it may belong to different users


def default_file() -> Path:
    """The file that all programs of this machine agree on."""
    shared = Path("/run/lock")
    return (shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())) / _NAME


class Register:
    """The locked file, while it is locked; or, to look at only, what it said at a glance."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen: dict[str, Place] = {}
        self._trying: Place | None = None
        self._load()

    @classmethod
    @contextmanager
    def locked(cls, path: Path) -> Iterator[Register]:
        """Wait until nobody else looks for spectrometers; the lock goes when this process does."""
        try:
            descriptor = _opened(path)
        except OSError as error:
            raise DeviceError(
                f"{path} can't be opened, so two programs might look for spectrometers: {error}"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    @classmethod
    def glance(cls, path: Path) -> Register | None:
        """What it says now, without waiting for whoever has locked it; None if it can't be read."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            return cls(descriptor)
        finally:
            os.close(descriptor)

    def place_of(self, serial_number: str) -> Place | None:
        """Where it was seen last."""
        return self._seen.get(serial_number)

    def serial_number_at(self, place: Place) -> str | None:
        """What was seen there last."""
        return next((name for name, where in self._seen.items() if where == place), None)

    def tried_in_vain(self) -> Place | None:
        """What somebody asked who did not live to tell."""
        return self._trying

    def trying(self, place: Place | None) -> None:
        """Say what is asked now, or that it has answered."""
        self._trying = place
        self._store()

    def saw(self, serial_number: str, place: Place) -> None:
        """Remember where it is."""
        self._seen = {name: where for name, where in self._seen.items() if where != place}
        self._seen[serial_number] = place
        self._store()

    def _load(self) -> None:
        with suppress(ValueError, OSError):
            content = json.loads(os.pread(self._descriptor, _LARGEST, 0))
            if isinstance(content, dict) and isinstance(content.get("places"), dict):
                places = {str(name): _place(listed) for name, listed in content["places"].items()}
                self._seen = {name: place for name, place in places.items() if place is not None}
                self._trying = _place(content.get("trying"))

    def _store(self) -> None:
        content = {
            "places": {name: astuple(place) for name, place in self._seen.items()},
            "trying": None if self._trying is None else astuple(self._trying),
        }
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(content).encode(), 0)
        except OSError as error:
            _logger.debug("where spectrometers are can't be written: %s", error)


def _opened(path: Path) -> int:
    """Open it; it is made only where it is not, for others' files in such directories must not be made again."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    for _ in range(3):
        with suppress(FileNotFoundError):
            return os.open(path, flags)
        with suppress(FileExistsError):
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, _FOR_ALL)
            with suppress(OSError):
                os.fchmod(descriptor, _FOR_ALL)
            return descriptor
    raise FileNotFoundError(f"{path} comes and goes")


def _place(listed: object) -> Place | None:
    if isinstance(listed, list) and len(listed) == 4 and all(isinstance(item, int) for item in listed):
        return Place(*listed)
    return None
