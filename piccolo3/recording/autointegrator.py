"""Automatic integration of one channel with all spectrometers at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from piccolo3.devices.interface import SpectrometerInfo
from piccolo3.errors import DeviceError, PiccoloError
from piccolo3.recording.autointegration import Goal, Verdict, judge, rounded_time
from piccolo3.recording.board import Gate
from piccolo3.recording.measurement import Rig
from piccolo3.recording.peaks import Sample, sample_of
from piccolo3.status import AutointegrationState, SpectrometerStatus
from piccolo3.workers import SpectrometerWorker

__all__ = ["Autointegrator"]

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Search:
    """The way of one spectrometer to its integration time."""

    worker: SpectrometerWorker
    info: SpectrometerInfo
    goal: Goal
    time: float
    samples: list[Sample] = field(default_factory=list)
    done: bool = False


class Autointegrator:
    """Finds integration times. Where it can't, the state is FAILED: after an error with the time as it was."""

    def __init__(self, rig: Rig, gate: Gate, complain: Callable[[str], None]) -> None:
        self._rig = rig
        self._gate = gate
        self._complain = complain

    async def integrate(self, channel: str, target: float) -> None:
        """Set the integration times of a channel so that the peaks are at `target` percent of saturation.

        No spectrometer waits for another one. Light falls in while it runs, but for pauses. Where this is cancelled,
        the shutter may be left open and what was not found yet stays as it was.
        """
        rig = self._rig
        searches = [self._search(rig.spectrometers[name], channel, target) for name in sorted(rig.spectrometers)]
        going = [search for search in searches if search is not None]
        try:
            settled = await rig.shutters.open_only(channel) if going else 0.0
            while going:
                if self._gate.paused:
                    await rig.shutters.close(channel)
                    await self._gate.enter()
                    settled = await rig.shutters.open_only(channel)
                await asyncio.gather(*(self._pursue(search, channel, settled) for search in going))
                going = [search for search in going if not search.done]
            await rig.shutters.close(channel)
        except DeviceError as error:
            self._complain(error.message)
            for search in going:
                self._give_up(search, channel)

    def _search(self, worker: SpectrometerWorker, channel: str, target: float) -> _Search | None:
        times, serial_number, info = self._rig.times, worker.serial_number, worker.info
        if worker.status is not SpectrometerStatus.IDLE or info is None:
            self._complain(f"spectrometer {serial_number}: status is {worker.status.name}, no automatic integration")
            times.set_automatic(serial_number, channel, None, AutointegrationState.FAILED)
            return None
        times.set_automatic(serial_number, channel, None, AutointegrationState.NOT_DONE)
        goal = Goal(
            target=target,
            saturation=info.saturation,
            minimum=times.min_time(serial_number),
            maximum=times.max_time(serial_number),
            nonlinearity=info.nonlinearity_coefficients,
        )
        return _Search(worker, info, goal, rounded_time(times.current_time(serial_number, channel), goal))

    async def _pursue(self, search: _Search, channel: str, settled: float) -> None:
        """Expose until the time is found, or there is a pause."""
        while not search.done and not self._gate.paused:
            await self._expose(search, channel, settled)

    async def _expose(self, search: _Search, channel: str, settled: float) -> None:
        serial_number = search.worker.serial_number
        try:
            exposure = await search.worker.acquire(search.time, settled, autointegrating=True)
        except PiccoloError as error:
            self._complain(f"spectrometer {serial_number}: {error.message} (automatic integration of {channel})")
            self._give_up(search, channel)
            return
        search.samples.append(sample_of(exposure, search.info))
        verdict = judge(search.samples, search.goal)
        search.time = verdict.integration_time
        if verdict.state is not None:
            search.done = True
            self._report(search, channel, verdict)
            self._rig.times.set_automatic(
                serial_number, channel, verdict.integration_time, verdict.state, verdict.achieved
            )

    def _give_up(self, search: _Search, channel: str) -> None:
        search.done = True
        self._rig.times.set_automatic(search.worker.serial_number, channel, None, AutointegrationState.FAILED)

    def _report(self, search: _Search, channel: str, verdict: Verdict) -> None:
        _logger.info(
            "automatic integration of %s, %s: %s, %g ms, %.1f %% of saturation after %d exposures",
            search.worker.serial_number,
            channel,
            "success" if verdict.state is AutointegrationState.SUCCESS else "failed",
            verdict.integration_time,
            verdict.achieved,
            len(search.samples),
        )
