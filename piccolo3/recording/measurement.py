"""One measurement: one channel, all spectrometers in parallel, light or dark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.errors import DeviceError, PiccoloError
from piccolo3.recording.outcome import Losses
from piccolo3.recording.shutters import Shutters
from piccolo3.recording.times import IntegrationTimes
from piccolo3.spectrum import Spectrum, make_metadata
from piccolo3.status import SpectrumKind
from piccolo3.workers import SpectrometerWorker

__all__ = ["Measurement", "Place", "Rig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """What measurements are made with."""

    spectrometers: Mapping[str, SpectrometerWorker]
    shutters: Shutters
    times: IntegrationTimes
    clock: Clock
    software_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where spectra belong."""

    run: str
    batch: int
    sequence: int


class Measurement:
    """Makes measurements for one batch; what can't be measured becomes a loss, and `complain` hears of it."""

    def __init__(self, rig: Rig, losses: Losses, complain: Callable[[str], None]) -> None:
        self._rig = rig
        self._losses = losses
        self._complain = complain

    async def measure(self, channel: str, kind: SpectrumKind, place: Place) -> tuple[Spectrum, ...]:
        """Spectra of the spectrometers, sorted, as far as they could be taken.

        Light: the shutter of the channel is open, all others are closed. Dark: all are closed. Where that can't be
        had, nothing is measured. Where this is cancelled, a shutter may be left open.
        """
        where = f"{channel} {kind} of sequence {place.sequence}"
        rig = self._rig
        try:
            if kind is SpectrumKind.LIGHT:
                settled = await rig.shutters.open_only(channel)
            else:
                await rig.shutters.make_sure_closed()
                settled = rig.clock.monotonic()
        except DeviceError as error:
            self._lose(error.message, where, len(rig.spectrometers))
            return ()
        taken = await asyncio.gather(
            *(self._expose(rig.spectrometers[name], channel, settled, where) for name in sorted(rig.spectrometers))
        )
        if kind is SpectrumKind.LIGHT:
            try:
                await rig.shutters.close(channel)
            except DeviceError as error:  # these spectra are right; the next measurement tries to close it again
                self._complain(error.message)
        return tuple(self._spectrum(worker, taken, channel, kind, place) for worker, taken in filter(None, taken))

    async def _expose(
        self, worker: SpectrometerWorker, channel: str, settled: float, where: str
    ) -> tuple[SpectrometerWorker, Exposure] | None:
        integration_time = self._rig.times.current_time(worker.serial_number, channel)
        try:
            return worker, await worker.acquire(integration_time, settled)
        except PiccoloError as error:
            self._lose(f"spectrometer {worker.serial_number}: {error.message}", where, 1)
            return None

    def _lose(self, cause: str, where: str, spectra: int) -> None:
        if self._losses.add(cause, where, spectra):
            self._complain(f"{cause} ({where})")

    def _spectrum(
        self, worker: SpectrometerWorker, exposure: Exposure, channel: str, kind: SpectrumKind, place: Place
    ) -> Spectrum:
        info: SpectrometerInfo | None = worker.info
        assert info is not None  # it has just been used
        clock = self._rig.clock
        metadata = make_metadata(
            kind=kind,
            direction=channel,
            serial_number=worker.serial_number,
            model=info.model,
            firmware=info.firmware,
            integration_time=exposure.integration_time,
            exposure_start=clock.utc_of(exposure.start),
            exposure_end=clock.utc_of(exposure.end),
            sequence=place.sequence,
            batch=place.batch,
            run=place.run,
            saturation=info.saturation,
            dark_pixels=info.dark_pixels,
            optical_pixel_range=info.optical_pixel_range,
            nonlinearity_coefficients=info.nonlinearity_coefficients,
            wavelength_coefficients=info.wavelength_coefficients,
            piccolo_wavelength_coefficients=worker.config.calibration.get(channel),
            temperature=worker.current_temperature,
            temperature_enabled=worker.cooler_enabled,
            simulated=info.simulated,
            software_version=self._rig.software_version,
        )
        return Spectrum(pixels=exposure.counts, metadata=metadata)
