"""The shutter inside a spectrometer, as the event loop sees it: like any other one, but that device comes and goes."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Callable

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.gated import GatedShutter
from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError, PiccoloError
from piccolo3.events import Broker
from piccolo3.workers.departure import Departure
from piccolo3.workers.events import SpectrometerChanged
from piccolo3.workers.shutter import ShutterWorker
from piccolo3.workers.spectrometer import SpectrometerWorker

__all__ = ["GatedShutterWorker"]

_logger = logging.getLogger(__name__)
_DEADLINE = 4.0  # s for a move while nothing is exposed: more than a worker gives a call on its device


class GatedShutterWorker(ShutterWorker):
    """Moves go through the worker of the spectrometer, so that its device is never called by two threads.

    A move waits until the exposure under way has returned, which that one's deadlines bound. It is closed whenever the
    spectrometer becomes ready. While that is not there, the shutter is unavailable.
    """

    def __init__(
        self,
        config: ChannelConfig,
        gate: GatedShutter,
        counted: Shutter,
        spectrometer: SpectrometerWorker,
        clock: Clock,
        broker: Broker,
    ) -> None:
        """`counted` moves `gate`, and may take note of it."""
        super().__init__(config.direction, config, counted, clock, broker, deadline=_DEADLINE)
        self._gate = gate
        self._spectrometer = spectrometer
        self._loop = asyncio.get_running_loop()
        self._was_ready = spectrometer.ready
        self._losses = 0
        self._settling: set[asyncio.Task[None]] = set()
        self._unsubscribe = broker.subscribe(SpectrometerChanged, self._changed)
        gate.mover = self._ask

    async def stop(self, deadline: float = 2.0) -> bool:
        self._unsubscribe()
        for task in tuple(self._settling):
            task.cancel()
            await asyncio.wait({task})
        self._sure = self._sure or not self._spectrometer.ready  # nobody can close it then
        return await super().stop(deadline)

    async def _move_now(self, move: Callable[[], None], departure: Departure | None) -> float:
        if departure is None:  # with one, the deadline counts from the end of the exposures anyway
            await self._spectrometer.returned()
        losses = self._losses
        try:
            settled = await super()._move_now(move, departure)
        finally:
            if losses != self._losses:  # whatever has become of the move, also if there was none
                self._lost()
        if losses != self._losses:
            raise DeviceError(f"spectrometer {self._spectrometer.serial_number} was lost while its shutter moved")
        return settled

    def _ask(self, opened: bool) -> None:
        """From the thread of the shutter; the worker of the spectrometer limits how long it may take."""
        move = asyncio.run_coroutine_threadsafe(self._spectrometer.set_shutter(opened), self._loop)
        try:
            move.result()
        except DeviceError:
            raise
        except PiccoloError as error:
            raise DeviceError(error.message) from error
        except concurrent.futures.CancelledError:
            raise DeviceError("the daemon is being stopped") from None

    def _changed(self, event: SpectrometerChanged) -> None:
        if event.serial_number != self._spectrometer.serial_number or event.what != "status":
            return
        was_ready, self._was_ready = self._was_ready, self._spectrometer.ready
        if was_ready and self._was_ready:
            return
        if was_ready:
            self._lost()
        # closed if it is there; else the attempt finds out why not, which may be something new
        task = self._loop.create_task(self._settle(), name=f"shutter {self.direction} comes or goes")
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    def _lost(self) -> None:
        self._losses += 1
        self._sure = False
        self._gate.lost()
        self._tell()

    async def _settle(self) -> None:
        """Close it unless somebody else has moved it."""
        async with self._moving:
            if self._sure:
                return
            try:
                await self._move_now(self._shutter.close, None)
            except DeviceError as error:
                self._complain(error)

    def _complain(self, error: DeviceError) -> None:
        if self._spectrometer.ready:
            super()._complain(error)
        else:
            _logger.debug("shutter %s: %s", self.direction, error)  # the log tells already that its device is gone
