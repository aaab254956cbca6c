"""One measurement: one channel, all spectrometers in parallel, light or dark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from piccolo3.clock import Clock
from piccolo3.config import QualityConfig
from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.errors import DeviceError, PiccoloError
from piccolo3.recording.outcome import Losses
from piccolo3.recording.shutters import Shutters
from piccolo3.recording.times import IntegrationTimes
from piccolo3.recording.trace import Phase, Trace
from piccolo3.status import SpectrumKind
from piccolo3.workers import SpectrometerWorker

__all__ = ["Measurement", "Rig", "Taken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """What measurements are made with."""

    spectrometers: Mapping[str, SpectrometerWorker]
    shutters: Shutters
    times: IntegrationTimes
    clock: Clock
    software_version: str
    quality: QualityConfig = field(default_factory=QualityConfig)
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taken:
    """An exposure, and what was known at that moment and belongs to its spectrum. Temperatures in degrees C."""

    channel: str
    kind: SpectrumKind
    exposure: Exposure
    started: datetime
    ended: datetime
    info: SpectrometerInfo
    calibration: tuple[float, ...] | None
    temperature: float | None
    set_point: float | None
    cooler_enabled: bool


class Measurement:
    """Makes measurements for one batch; what can't be measured becomes a loss, and `complain` hears of it."""

    def __init__(self, rig: Rig, losses: Losses, complain: Callable[[str], None]) -> None:
        self._rig = rig
        self._losses = losses
        self._complain = complain
        self._dark_since: float | None = None

    def begin(self) -> None:
        """What is measured now does not go on where the last measurement ended."""
        self._dark_since = None

    async def measure(
        self, channel: str, kind: SpectrumKind, sequence: int, *, averages: int = 1, stay: bool = False
    ) -> tuple[Taken, ...]:
        """Exposures of the spectrometers, sorted, as far as they could be taken.

        Light: the shutter of the channel is open, all others are closed. Dark: all are closed. Where that can't be
        had, nothing is measured. The shutter is left as it is: where it goes next is up to what comes next. `stay`: the
        same is going to be measured again, and the detectors just go on.
        """
        where = f"{channel} {kind} of sequence {sequence}"
        rig = self._rig
        try:
            if kind is SpectrumKind.LIGHT:
                settled = await rig.shutters.open_only(channel)
            else:
                settled = await self._closed()
        except DeviceError as error:
            self._lose(error.message, where, len(rig.spectrometers))
            return ()
        workers = (rig.spectrometers[name] for name in sorted(rig.spectrometers))
        taken = await asyncio.gather(
            *(self._expose(worker, channel, kind, settled, averages, stay, where) for worker in workers)
        )
        return tuple(one for one in taken if one is not None)

    async def _closed(self) -> float:
        """Close all shutters; since when (monotonic, s) darks are of use. Those of one sequence follow one another."""
        moved = await self._rig.shutters.make_sure_closed()
        if self._dark_since is None or moved > self._dark_since:
            self._dark_since = max(moved, self._rig.clock.monotonic())
        return self._dark_since

    async def _expose(
        self,
        worker: SpectrometerWorker,
        channel: str,
        kind: SpectrumKind,
        settled: float,
        averages: int,
        stay: bool,
        where: str,
    ) -> Taken | None:
        rig = self._rig
        integration_time = rig.times.current_time(worker.serial_number, channel)
        ordered = rig.clock.monotonic()
        try:
            exposure = await worker.acquire(integration_time, settled, averages=averages, stay=stay)
        except PiccoloError as error:
            self._lose(f"spectrometer {worker.serial_number}: {error.message}", where, 1)
            return None
        info = worker.info
        assert info is not None  # it has just been used
        if rig.trace is not None:
            rig.trace(Phase(name="acquire", who=worker.serial_number, start=ordered, end=rig.clock.monotonic()))
            rig.trace(Phase(name="exposure", who=worker.serial_number, start=exposure.start, end=exposure.end))
        return Taken(
            channel=channel,
            kind=kind,
            exposure=exposure,
            started=rig.clock.utc_of(exposure.start),
            ended=rig.clock.utc_of(exposure.end),
            info=info,
            calibration=worker.config.calibration.get(channel),
            temperature=worker.current_temperature,
            set_point=worker.target_temperature if worker.cooler_enabled else None,
            cooler_enabled=worker.cooler_enabled,
        )

    def _lose(self, cause: str, where: str, spectra: int) -> None:
        if self._losses.add(cause, where, spectra):
            self._complain(f"{cause} ({where})")
