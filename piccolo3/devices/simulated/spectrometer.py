"""The simulated spectrometer: it exposes as its model does, buffers, cools, and fails when told to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import Sleeper
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo, TimeChange
from piccolo3.devices.simulated.cooler import Cooler
from piccolo3.devices.simulated.detector import Detector
from piccolo3.devices.simulated.faults import ReadFault, SpectrometerFaults
from piccolo3.devices.simulated.models import Model
from piccolo3.devices.simulated.optics import View, optics_of
from piccolo3.devices.simulated.timeline import OnDemand, Slot, Timeline, nanoseconds
from piccolo3.devices.simulated.world import World
from piccolo3.errors import DeviceError, DeviceInterrupted, DeviceRemoved, DeviceTimeout

__all__ = ["SimulatedSpectrometer", "TrueExposure"]

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class TrueExposure:
    """What a read returned, as nobody knows it of a real device. Times in ns on the monotonic scale.

    `open_share` is the share of the exposure that each shutter was open, exactly 0 or 1 if it did not move.
    """

    start: int
    end: int
    open_share: Mapping[str, float]


@dataclass(slots=True)
class _Session:
    """From open to close; once `ended_by` something, every call raises that."""

    timeline: Timeline | OnDemand
    sleeper: Sleeper
    ended: threading.Event = field(default_factory=threading.Event)
    ended_by: DeviceError | None = None
    number: int | None = None

    def end(self, error: DeviceError) -> None:
        if self.ended_by is None:
            self.ended_by = error
        self.ended.set()
        self.sleeper.cancel()

    def check(self) -> None:
        if self.ended_by is not None:
            raise self.ended_by


class SimulatedSpectrometer(Spectrometer):
    """One spectrometer of a `Model` in a `World`.

    `faults` may be changed by any thread; `truth` has the exposures returned by reads, latest last.
    """

    def __init__(self, model: Model, serial_number: str, world: World) -> None:
        self._model = model
        self._serial_number = serial_number
        self._world = world
        self._clock = world.clock
        self._optics = optics_of(model)
        self._detector = Detector(model, serial_number, world.seed)
        self._cooler = Cooler(model.cooling)
        self._session: _Session | None = None
        self._powered = True
        self._last: NDArray[np.int32] | None = None
        self.faults = SpectrometerFaults(self._remove)
        self.truth: deque[TrueExposure] = deque(maxlen=_KEPT)

    def open(self) -> SpectrometerInfo:
        if self._session is not None:
            raise DeviceError(f"{self._serial_number} is open already")
        if self.faults.unplugged or not self._powered:
            raise DeviceRemoved(f"{self._serial_number} is not connected")
        self._session = _Session(self._timeline(), self._clock.sleeper())
        return self._info()

    def _timeline(self) -> Timeline | OnDemand:
        freshness = self._model.freshness
        integration_time = round(self._model.default_integration_time * 1e6)
        if freshness.on_change is TimeChange.ON_DEMAND:
            return OnDemand(integration_time)
        return Timeline(
            nanoseconds(self._clock.monotonic()),
            integration_time,
            freshness.buffer_depth,
            restarts=freshness.on_change is TimeChange.RESTART,
        )

    def close(self) -> None:
        self._session = None

    def set_integration_time(self, milliseconds: float) -> None:
        session = self._live_session()
        model = self._model
        if not model.min_integration_time <= milliseconds <= model.max_integration_time:
            raise DeviceError(f"{self._serial_number} can't integrate for {milliseconds:g} ms")
        session.timeline.set_integration_time(nanoseconds(self._clock.monotonic()), round(milliseconds * 1e6))

    def read(self, timeout: float) -> NDArray[np.int32]:
        session = self._live_session()
        requested = nanoseconds(self._clock.monotonic())
        fault = self.faults.next_read()
        if fault is ReadFault.HANG:
            session.ended.wait()
            session.check()
        slot = session.timeline.take(requested)
        done = max(requested, slot.end) + round(self._model.freshness.read_out_time * 1e6)
        deadline = requested + nanoseconds(timeout)
        if done > deadline:
            self._sleep_until(deadline, session)
            raise DeviceTimeout(f"{self._serial_number} did not answer within {timeout:g} s")
        if fault is not ReadFault.TRANSFER_ERROR and (fault is not ReadFault.REPEATED or self._last is None):
            self._sleep_until(slot.end, session)
            self._last = _damaged(self._render(slot), fault)  # computed while a real one is transferred
            session.number = slot.number
        self._sleep_until(done, session)
        if fault is ReadFault.TRANSFER_ERROR or self._last is None:
            raise DeviceError(f"{self._serial_number}: data transfer error")
        return self._last.copy()

    def exposure_number(self) -> int | None:
        session = self._live_session()
        return session.number if self._model.freshness.counts_exposures else None

    def clear_buffer(self) -> None:
        session = self._live_session()
        if self._model.freshness.can_clear_buffer:
            session.timeline.clear(nanoseconds(self._clock.monotonic()))

    def temperature(self) -> float | None:
        self._live_session()
        if self._model.cooling is None:
            return None
        return round(self._cooler.temperature(self._clock.monotonic()), 2)

    def set_cooler(self, enabled: bool, target: float) -> None:
        self._live_session()
        self._cooler.set(self._clock.monotonic(), enabled, target)

    def interrupt(self) -> None:
        session = self._session
        if session is not None:
            session.end(DeviceInterrupted(f"{self._serial_number} is being closed"))

    def set_power(self, on: bool) -> None:
        """Give it power or take it; without power it is not there, and warms up."""
        self._powered = on
        if not on:
            self._cooler.set(self._clock.monotonic(), False, 0.0)
            self._remove()

    def _remove(self) -> None:
        session = self._session
        if session is not None:
            session.end(DeviceRemoved(f"{self._serial_number} was disconnected"))

    def _live_session(self) -> _Session:
        session = self._session
        if session is None:
            raise DeviceError(f"{self._serial_number} is not open")
        session.check()
        return session

    def _sleep_until(self, moment: int, session: _Session) -> None:
        while (missing := moment - nanoseconds(self._clock.monotonic())) > 0:
            session.sleeper.sleep(missing / 1e9)
            session.check()
        session.check()

    def _render(self, slot: Slot) -> NDArray[np.int32]:
        """The counts of an exposure that is over. Only what is read is ever computed."""
        start, end = slot.start / 1e9, slot.end / 1e9
        middle, seconds = (start + end) / 2, end - start
        shares = {direction: blade.open_share(slot.start, slot.end) for direction, blade in self._world.blades()}
        light = np.zeros(self._model.pixels)
        if any(shares.values()):
            elevation = self._world.sun_elevation(middle)
            brightness = seconds * self._world.cloud_transmittance(start, end)
            for direction, share in shares.items():
                light += share * brightness * self._optics.rate(View.of(direction), elevation)
        self.truth.append(TrueExposure(slot.start, slot.end, shares))
        return self._detector.counts(light, seconds, self._cooler.temperature(middle), slot.start)

    def _info(self) -> SpectrometerInfo:
        model = self._model
        return SpectrometerInfo(
            serial_number=self._serial_number,
            model=model.name,
            firmware=model.firmware,
            pixels=model.pixels,
            wavelength_coefficients=model.wavelength_coefficients,
            nonlinearity_coefficients=model.nonlinearity_coefficients,
            dark_pixels=model.dark_pixels,
            optical_pixel_range=model.optical_pixel_range,
            saturation=float(model.saturation),
            min_integration_time=model.min_integration_time,
            max_integration_time=model.max_integration_time,
            freshness=model.freshness,
            has_cooler=model.cooling is not None,
            simulated=True,
        )


def _damaged(counts: NDArray[np.int32], fault: ReadFault | None) -> NDArray[np.int32]:
    """What arrives of the counts."""
    if fault is ReadFault.SHORT_READ:
        return counts[: counts.size // 2]
    if fault is ReadFault.WRONG_LENGTH:
        return np.append(counts, counts[-1:])
    if fault is ReadFault.ALL_ZERO:
        return np.zeros_like(counts)
    return counts
