"""How long batches take, as it was expected: the whole engine with simulated devices, and a clock that only they move.

How long the computer takes comes on top of that, and is learned; it is no matter of this test.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from piccolo3.config import ChannelConfig, InstrumentConfig, SpectrometerConfig
from piccolo3.recording import BatchEnded, BatchSettings
from piccolo3.recording.estimate import device_seconds
from piccolo3.recording.order import Order
from piccolo3.season import VirtualClock, run
from piccolo3.server.engine import Engine
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerChanged

CASES: list[tuple[float, dict[str, Any]]] = [
    (10.0, {"sequences": 4, "mode": "dark_each"}),
    (10.0, {"sequences": 3, "mode": "deled"}),
    (40.0, {"sequences": 1}),
    (40.0, {"sequences": 6, "averages": 3}),
    (40.0, {"sequences": 3, "mode": "deled", "delay": 0.5}),
    (200.0, {"sequences": 6}),
    (1000.0, {"sequences": 3}),
    (1000.0, {"sequences": 2, "mode": "dark_each"}),
]
INSTRUMENT = InstrumentConfig(
    channels=tuple(
        ChannelConfig(shutter=f"shutter_{pin}", direction=name, driver="simulated", open_pin=pin, close_pin=pin + 10)
        for pin, name in enumerate(("downwelling", "upwelling"), start=1)
    ),
    spectrometers=tuple(
        SpectrometerConfig(serial_number=f"dummy_{model}", driver="simulated", model=model)
        for model in ("QE-PRO", "FLAME-S", "STS-VIS")
    ),
)


async def compare(clock: VirtualClock, folder: Path) -> list[tuple[float, float]]:
    """Expected and real duration of each case (s)."""
    found = []
    async with Engine(INSTRUMENT, folder, clock) as engine:
        changed, ended = asyncio.Event(), asyncio.Event()
        engine.broker.subscribe(SpectrometerChanged, lambda _: changed.set())
        engine.broker.subscribe(BatchEnded, lambda _: ended.set())
        while any(worker.status is not SpectrometerStatus.IDLE for worker in engine.spectrometers.values()):
            await changed.wait()
            changed.clear()
        await engine.recorder.record_dark("r")  # before that, detectors are as they were switched on
        await ended.wait()
        for milliseconds, settings in CASES:
            for serial in engine.spectrometers:
                for channel in engine.recorder.channels:
                    engine.times.set_current_time(serial, channel, milliseconds)
            order = Order(kind="record", settings=BatchSettings(**settings), run="r", lasting=False)
            expected, begin = device_seconds(order, engine.recorder.rig), clock.monotonic()
            ended.clear()
            await engine.recorder.begin(order)
            await ended.wait()
            found.append((expected, clock.monotonic() - begin))
    return found


def test_within_five_percent(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 6, 21, 12, tzinfo=UTC))
    for (milliseconds, settings), (expected, took) in zip(CASES, run(clock, compare(clock, tmp_path)), strict=True):
        assert expected == pytest.approx(took, rel=0.05), f"{settings} at {milliseconds:g} ms"
