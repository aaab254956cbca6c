"""Whether there is anything to measure with, and whether it is cold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from piccolo3.events import Broker
from piccolo3.recording.board import Board, Gate
from piccolo3.recording.measurement import Rig
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerChanged
from piccolo3.workers.calls import wait_for_event

__all__ = [
    "RETURN_LIMIT",
    "all_returned",
    "anybody_exposing",
    "anybody_idle",
    "cold",
    "somebody_idle",
]

RETURN_LIMIT = 60.0  # s
_EXPOSING = (SpectrometerStatus.RECORDING, SpectrometerStatus.AUTOINTEGRATING)


def anybody_idle(rig: Rig) -> bool:
    """Whether a spectrometer can take an exposure now."""
    return any(worker.status is SpectrometerStatus.IDLE for worker in rig.spectrometers.values())


def anybody_exposing(rig: Rig) -> bool:
    """Whether a spectrometer is in the middle of an exposure."""
    return any(worker.status in _EXPOSING for worker in rig.spectrometers.values())


async def somebody_idle(rig: Rig, broker: Broker) -> bool:
    """Wait until a spectrometer can take an exposure; False if none could for a minute.

    Else a batch would rush through all its sequences while the only spectrometer is being reconnected.
    """
    return await _until(lambda: anybody_idle(rig), rig, broker, RETURN_LIMIT)


async def all_returned(rig: Rig, broker: Broker) -> None:
    """Wait until no spectrometer is in the middle of an exposure; their workers see to it that it ends."""
    await _until(lambda: not anybody_exposing(rig), rig, broker, None)


async def cold(rig: Rig, broker: Broker, board: Board, gate: Gate) -> None:
    """Wait until no detector has to be cooled any further, if that is wanted; if it takes too long, say so."""
    if rig.longest_settling is None or not _warm(rig):
        return
    board.change_progress(channel=None, phase="cooling")
    if not await gate.hold(_until(lambda: not _warm(rig), rig, broker, rig.longest_settling)):
        board.show_error(f"recording although the detector has not come to its set point: {', '.join(_warm(rig))}")


def _warm(rig: Rig) -> list[str]:
    """Serial numbers of connected spectrometers whose cooler is on and has not come to its set point yet."""
    return [
        serial
        for serial, worker in rig.spectrometers.items()
        if worker.status is SpectrometerStatus.IDLE and worker.cooler.settled is False
    ]


async def _until(condition: Callable[[], bool], rig: Rig, broker: Broker, limit: float | None) -> bool:
    changed = asyncio.Event()
    unsubscribe = broker.subscribe(SpectrometerChanged, lambda _: changed.set())
    until = None if limit is None else rig.clock.monotonic() + limit
    try:
        while not condition():
            changed.clear()
            left = None if until is None else until - rig.clock.monotonic()
            if left is not None and left <= 0:
                return False
            await wait_for_event(changed, rig.clock, left)
        return True
    finally:
        unsubscribe()
