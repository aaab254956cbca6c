"""One measurement: one channel, all spectrometers in parallel, light or dark."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from piccolo3.clock import Clock
from piccolo3.config import QualityConfig
from piccolo3.devices.acquisition import Over, Overtaken
from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.errors import DeviceError, PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording.experience import Experience
from piccolo3.recording.outcome import Losses
from piccolo3.recording.shutters import Shutters
from piccolo3.recording.times import IntegrationTimes
from piccolo3.recording.trace import Phase, Trace
from piccolo3.status import SpectrumKind
from piccolo3.workers import Departure, SpectrometerWorker

__all__ = ["Measurement", "Rig", "Surroundings", "Taken", "Wanted"]

# more metadata, such as place and trust in the clock, at the moment an exposure has been taken
Surroundings = Callable[[], Mapping[str, JsonValue]]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """What measurements are made with. Coolers are waited for if `longest_settling` (s) says for how long at most."""

    spectrometers: Mapping[str, SpectrometerWorker]
    shutters: Shutters
    times: IntegrationTimes
    clock: Clock
    software_version: str
    quality: QualityConfig = field(default_factory=QualityConfig)
    trace: Trace | None = None
    clock_synchronised: Callable[[], bool | None] = lambda: None
    surroundings: Surroundings = dict
    longest_settling: float | None = None
    experience: Experience = field(default_factory=Experience)


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
    surroundings: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be measured: all spectrometers, each the mean of `averages` exposures.

    `stay`: the same is going to be measured again, and the detectors just go on. `next_view` is the channel whose
    shutter is going to be needed after this, None where all are going to be closed.
    """

    channel: str
    kind: SpectrumKind
    sequence: int
    averages: int = 1
    stay: bool = False
    next_view: str | None = None

    @property
    def where(self) -> str:
        """What it is, in words."""
        return f"{self.channel} {self.kind} of sequence {self.sequence}"


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

    async def measure(self, wanted: Wanted) -> tuple[Taken, ...]:
        """Exposures of the spectrometers, sorted, as far as they could be taken.

        Light: the shutter of the channel is open, all others are closed. Dark: all are closed. Where that can't be
        had, nothing is measured. As soon as the last exposure is over, before it is read out, the shutters move on to
        what comes next; where one turns out to be of no use after that, it is measured again.
        """
        serials = sorted(self._rig.spectrometers)
        if (settled := await self._view(wanted, len(serials))) is None:
            return ()
        with self._rig.shutters.leaving(wanted.next_view, serials) as departure:
            results = await asyncio.gather(*(self._leave(serial, wanted, settled, departure) for serial in serials))
        taken = {serial: one for serial, one in zip(serials, results, strict=True) if not isinstance(one, Overtaken)}
        again = {serial: one for serial, one in zip(serials, results, strict=True) if isinstance(one, Overtaken)}
        if again and (settled := await self._view(wanted, len(again))) is not None:
            for overtaken in again.values():
                _logger.info("%s is measured again: %s", wanted.where, overtaken)
            repeated = await asyncio.gather(
                *(self._expose(serial, wanted, settled, unusable=one.unusable) for serial, one in again.items())
            )
            taken.update(zip(again, repeated, strict=True))
        return tuple(one for serial in serials if (one := taken.get(serial)) is not None)

    async def _view(self, wanted: Wanted, spectra: int) -> float | None:
        """Bring the shutters to where they belong; when they had settled (monotonic, s), None if that failed."""
        try:
            if wanted.kind is SpectrumKind.LIGHT:
                return await self._rig.shutters.open_only(wanted.channel)
            return await self._closed()
        except DeviceError as error:
            self._lose(error.message, wanted.where, spectra)
            return None

    async def _closed(self) -> float:
        """Close all shutters; since when (monotonic, s) darks are of use. Those of one sequence follow one another."""
        moved = await self._rig.shutters.make_sure_closed()
        if self._dark_since is None or moved > self._dark_since:
            self._dark_since = max(moved, self._rig.clock.monotonic())
        return self._dark_since

    async def _leave(
        self, serial: str, wanted: Wanted, settled: float, departure: Departure
    ) -> Taken | Overtaken | None:
        try:
            taken = await self._expose(serial, wanted, settled, over=partial(departure.over, serial))
        except Overtaken as overtaken:
            return overtaken
        if taken is None:  # whatever it still does: nobody is going to keep it
            departure.over(serial, self._rig.clock.monotonic())
        return taken

    async def _expose(
        self, serial: str, wanted: Wanted, settled: float, *, over: Over | None = None, unusable: int = 0
    ) -> Taken | None:
        rig, channel, kind = self._rig, wanted.channel, wanted.kind
        worker = rig.spectrometers[serial]
        integration_time = rig.times.current_time(serial, channel)
        ordered = rig.clock.monotonic()
        try:
            exposure = await worker.acquire(
                integration_time, settled, averages=wanted.averages, stay=wanted.stay, over=over, unusable=unusable
            )
        except Overtaken:
            raise
        except PiccoloError as error:
            self._lose(f"spectrometer {serial}: {error.message}", wanted.where, 1)
            return None
        info = worker.info
        assert info is not None  # it has just been used
        if rig.trace is not None:
            rig.trace(Phase(name="acquire", who=serial, start=ordered, end=rig.clock.monotonic()))
            rig.trace(Phase(name="exposure", who=serial, start=exposure.start, end=exposure.end))
        ended = rig.clock.utc_of(exposure.end)
        return Taken(
            channel=channel,
            kind=kind,
            exposure=exposure,
            started=ended - timedelta(seconds=exposure.end - exposure.start),  # also where the clock is being set
            ended=ended,
            info=info,
            calibration=worker.config.calibration.get(channel),
            temperature=worker.current_temperature,
            set_point=worker.target_temperature if worker.cooler_enabled else None,
            cooler_enabled=worker.cooler_enabled,
            surroundings=rig.surroundings(),
        )

    def _lose(self, cause: str, where: str, spectra: int) -> None:
        if self._losses.add(cause, where, spectra):
            self._complain(f"{cause} ({where})")
