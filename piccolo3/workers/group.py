"""All spectrometers together: asked one by one, switched on one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

from piccolo3.clock import Clock
from piccolo3.errors import Conflict, PiccoloError
from piccolo3.status import SpectrometerStatus
from piccolo3.workers.spectrometer import SpectrometerWorker

__all__ = ["POWER_DELAY", "SpectrometerGroup"]

_logger = logging.getLogger(__name__)
POWER_DELAY = 10.0


class SpectrometerGroup(Mapping[str, SpectrometerWorker]):
    """Workers by serial number, in the order of these.

    Of several that are switched on, also at the start, the k-th (from 0) waits k times `power_delay` s, so that the
    supply does not see all of them start at once.
    """

    def __init__(
        self, workers: Iterable[SpectrometerWorker], clock: Clock, *, power_delay: float = POWER_DELAY
    ) -> None:
        self._workers = {worker.serial_number: worker for worker in sorted(workers, key=lambda w: w.serial_number)}
        self._clock = clock
        self._power_delay = power_delay
        self._switching: dict[str, asyncio.Task[None]] = {}

    def __getitem__(self, serial_number: str) -> SpectrometerWorker:
        return self._workers[serial_number]

    def __iter__(self) -> Iterator[str]:
        return iter(self._workers)

    def __len__(self) -> int:
        return len(self._workers)

    async def start(self) -> None:
        """Start all, which connect in the background; those with a power switch one after the other.

        Nobody knows whether they had power before, and a switch may have been left off.
        """
        switched = 0
        for worker in self._workers.values():
            await worker.start(switched * self._power_delay if worker.has_power_switch else 0.0)
            switched += worker.has_power_switch

    async def stop(self, deadline: float = 3.0) -> bool:
        """Stop all at the same time; False if a stuck driver was left behind."""
        self._stop_switching()
        return all(await asyncio.gather(*(worker.stop(deadline) for worker in self._workers.values())))

    async def connect(self) -> dict[str, str]:
        """Connect all; what was refused, by serial number."""
        return await self._each(lambda worker: worker.connect())

    async def disconnect(self) -> dict[str, str]:
        """Disconnect all; what was refused, by serial number."""
        return await self._each(lambda worker: worker.disconnect())

    async def power_off(self) -> dict[str, str]:
        """Switch all off, also those that wait for being switched on; what was refused, by serial number."""
        self._stop_switching()
        return await self._each(lambda worker: worker.power_off())

    async def power_on(self) -> dict[str, str]:
        """Switch all on, one after the other in the background; what was refused, by serial number."""
        return await self._each(self._switch_on_in_turn)

    async def _switch_on_in_turn(self, worker: SpectrometerWorker) -> None:
        serial_number = worker.serial_number
        if worker.status is not SpectrometerStatus.POWERED_OFF:
            await worker.power_on()
            return
        if serial_number in self._switching:
            raise Conflict("spectrometer is going to be powered on")
        delay = self._power_delay * len(self._switching)
        task = asyncio.create_task(self._switch_on(worker, delay), name=f"power of {serial_number}")
        self._switching[serial_number] = task

    async def _switch_on(self, worker: SpectrometerWorker, delay: float) -> None:
        try:
            if delay:
                await self._clock.asleep(delay)
            await worker.power_on()
        except PiccoloError as error:
            _logger.info("spectrometer %s: %s", worker.serial_number, error)
        finally:
            if self._switching.get(worker.serial_number) is asyncio.current_task():
                del self._switching[worker.serial_number]

    def _stop_switching(self) -> None:
        for task in self._switching.values():
            task.cancel()
        self._switching.clear()

    async def _each(self, action: Callable[[SpectrometerWorker], Awaitable[None]]) -> dict[str, str]:
        refusals = {}
        for serial_number, worker in self._workers.items():
            try:
                await action(worker)
            except PiccoloError as error:
                refusals[serial_number] = error.message
        return refusals
