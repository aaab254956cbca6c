"""Knows, from outside of the thread, whether a call on a spectrometer should have returned long ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import SystemClock
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo

__all__ = ["GuardedSpectrometer"]


class GuardedSpectrometer(Spectrometer):
    """Hands every call to `device` and notes by when it has to return.

    A call gets `margin` seconds, `open` gets `open_limit`, and `read` its timeout plus the margin. These are
    seconds of the machine, also where the instrument lives on another clock: a stuck driver knows no other.
    """

    def __init__(self, device: Spectrometer, *, margin: float, open_limit: float) -> None:
        self._device = device
        self._margin = margin
        self._open_limit = open_limit
        self._time = SystemClock()
        self._call: tuple[str, float, float] | None = None

    @property
    def call(self) -> str:
        """The call under way, with its limit, for messages; empty if there is none."""
        call = self._call
        return "" if call is None else f"{call[0]} (at most {call[1]:.3g} s)"

    def remaining(self) -> float:
        """Seconds until the call under way is overdue, not above 0 if it is; the margin if none is under way."""
        call = self._call
        return self._margin if call is None else call[2] - self._time.monotonic()

    @contextmanager
    def _limited(self, name: str, limit: float) -> Iterator[None]:
        self._call = (name, limit, self._time.monotonic() + limit)
        try:
            yield
        finally:
            self._call = None

    def open(self) -> SpectrometerInfo:
        with self._limited("open", self._open_limit):
            return self._device.open()

    def close(self) -> None:
        with self._limited("close", self._margin):
            self._device.close()

    def set_integration_time(self, milliseconds: float) -> None:
        with self._limited("set_integration_time", self._margin):
            self._device.set_integration_time(milliseconds)

    def read(self, timeout: float) -> NDArray[np.int32]:
        with self._limited("read", timeout + self._margin):
            return self._device.read(timeout)

    def exposure_number(self) -> int | None:
        return self._device.exposure_number()

    def clear_buffer(self) -> None:
        with self._limited("clear_buffer", self._margin):
            self._device.clear_buffer()

    def temperature(self) -> float | None:
        with self._limited("temperature", self._margin):
            return self._device.temperature()

    def set_cooler(self, enabled: bool, target: float) -> None:
        with self._limited("set_cooler", self._margin):
            self._device.set_cooler(enabled, target)

    def set_shutter(self, opened: bool) -> None:
        with self._limited("set_shutter", self._margin):
            self._device.set_shutter(opened)

    def set_lamp(self, on: bool) -> None:
        with self._limited("set_lamp", self._margin):
            self._device.set_lamp(on)

    def reset(self) -> None:
        with self._limited("reset", self._open_limit):
            self._device.reset()

    def interrupt(self) -> None:
        self._device.interrupt()
