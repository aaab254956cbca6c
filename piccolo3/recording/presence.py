"""Whether there is anything to measure with."""

from __future__ import annotations

import asyncio

from piccolo3.events import Broker
from piccolo3.recording.board import WAITING, Board
from piccolo3.recording.measurement import Rig
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerChanged
from piccolo3.workers.calls import wait_for_event

__all__ = ["RETURN_LIMIT", "anybody_idle", "somebody_idle"]

RETURN_LIMIT = 60.0  # s


def anybody_idle(rig: Rig) -> bool:
    """Whether a spectrometer can take an exposure now."""
    return any(worker.status is SpectrometerStatus.IDLE for worker in rig.spectrometers.values())


async def somebody_idle(rig: Rig, broker: Broker, board: Board) -> bool:
    """Wait until a spectrometer can take an exposure; False if none could for a minute.

    Else a batch would rush through all its sequences while the only spectrometer is being reconnected.
    """
    changed = asyncio.Event()
    unsubscribe = broker.subscribe(SpectrometerChanged, lambda _: changed.set())
    until = rig.clock.monotonic() + RETURN_LIMIT
    try:
        while not anybody_idle(rig):
            board.show_status(WAITING)
            changed.clear()
            left = until - rig.clock.monotonic()
            if left <= 0:
                return False
            await wait_for_event(changed, rig.clock, left)
        return True
    finally:
        unsubscribe()
