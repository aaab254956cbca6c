"""A spectrometer for hosts, whose methods do what a driver should not."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.interface import Freshness, Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceRemoved, InvalidValue, SpectrumRejected

PIXELS = 1044
INFO = SpectrometerInfo(
    serial_number="P1",
    model="Puppet",
    firmware=None,
    pixels=PIXELS,
    wavelength_coefficients=(350.0, 0.5, 0.0, 0.0),
    nonlinearity_coefficients=(),
    dark_pixels=(0, 1),
    optical_pixel_range=(10, PIXELS),
    saturation=65535.0,
    min_integration_time=1.0,
    max_integration_time=1000.0,
    freshness=Freshness(buffer_depth=1, can_clear_buffer=False, read_out_time=0.0),
    has_cooler=False,
    simulated=True,
)


class LibraryError(Exception):
    """What a driver library might raise."""


def hang() -> None:
    """Hang in C, and hold the interpreter's lock as one driver does."""
    ctypes.PyDLL(None).sleep(600)


def raise_removed() -> None:
    raise DeviceRemoved("pulled out", serial_number="P1", ports=(1, 2), since=Path("/"))


def raise_rejected() -> None:
    raise SpectrumRejected("nothing but zeros")


def raise_invalid() -> None:
    raise InvalidValue("not a time")


def raise_library() -> None:
    raise LibraryError("Data transfer error")


def flood() -> None:
    """Write more complaints than a pipe holds."""
    for _ in range(2000):
        sys.stderr.write("libusb: something or other went wrong, which nobody should read\n")


def log() -> None:
    logging.getLogger("some.driver").warning("%s is hot", "P1")
    logging.getLogger("some.driver").debug("not wanted")


def log_much() -> None:
    for number in range(5000):
        logging.getLogger("some.driver").warning("warning %d", number)


FAULTS: Mapping[str, Callable[[], object]] = {
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "flood": flood,
    "hang": hang,
    "invalid": raise_invalid,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "leave": lambda: sys.exit(4),
    "library": raise_library,
    "log": log,
    "log much": log_much,
    "rejected": raise_rejected,
    "removed": raise_removed,
    "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "stuck": lambda: time.sleep(600),
    "warn": lambda: warnings.warn("old", DeprecationWarning, stacklevel=1),
}


class Puppet(Spectrometer):
    """Does what `faults` says, by the name of the method; the faults in `once` (a file) happen while it exists."""

    def __init__(self, faults: Mapping[str, str], once: Path | None = None) -> None:
        self._faults = faults
        self._once = once
        self._celsius = 0.0
        self._number = 0
        self._do("make")

    def _do(self, method: str) -> None:
        fault = self._faults.get(method)
        if fault is not None:
            if self._once is not None:
                if not self._once.exists():
                    return
                self._once.unlink()
            FAULTS[fault]()

    def open(self) -> SpectrometerInfo:
        self._do("open")
        return INFO

    def close(self) -> None:
        self._do("close")

    def set_integration_time(self, milliseconds: float) -> None:
        self._do("set_integration_time")

    def read(self, timeout: float) -> NDArray[np.int32]:
        self._do("read")
        self._number += 1
        return np.full(PIXELS, self._number, np.int32)

    def exposure_number(self) -> int | None:
        return self._number

    def clear_buffer(self) -> None:
        self._do("clear_buffer")

    def temperature(self) -> float | None:
        self._do("temperature")
        return float(os.getpid())  # which is how tests know the host

    def set_cooler(self, enabled: bool, target: float) -> None:
        self._do("set_cooler")

    def reset(self) -> None:
        self._do("reset")

    def interrupt(self) -> None:
        raise AssertionError("nobody can call this in a host")


class Puppeteer(Puppet):
    """Made by something that is not there."""

    def __init__(self) -> None:
        raise ImportError("No module named seabreeze")
