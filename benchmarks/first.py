"""The first record after a start, while the files of the data directory are compared with the catalogue."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path

from benchmarks import twins
from benchmarks.result import Result
from benchmarks.store import FILES, known_files
from piccolo3.clock import SystemClock
from piccolo3.recording import SpectraStored
from piccolo3.server.engine import Engine

__all__ = ["first_record"]

TIMES = 7
EXPOSURE = 10.0  # ms
GOAL = 1.5


async def first_record() -> list[Result]:
    """From the request to the acknowledgement of the first sequence, with many files and with none, in turns."""
    took: dict[str, list[float]] = {"many": [], "none": []}
    with tempfile.TemporaryDirectory() as name:
        folders = {kind: Path(name) / kind for kind in took}
        folders["none"].mkdir()
        await asyncio.to_thread(known_files, folders["many"], FILES)
        for _ in range(TIMES):
            for kind, folder in folders.items():
                took[kind].append(await _acknowledged(folder, checking=kind == "many"))
    many, none = (statistics.median(found) for found in took.values())
    return [
        Result(
            f"first record, {FILES} files being checked",
            f"{many * 1000:.0f} ms, worst {max(took['many']) * 1000:.0f}",
            many / none,
            f"no files {none * 1000:.0f} ms, worst {max(took['none']) * 1000:.0f}",
            f"<= {GOAL}",
            met=many <= GOAL * none,
        )
    ]


async def _acknowledged(folder: Path, *, checking: bool) -> float:
    """Start an engine in a data directory, and its check, then record; s from that to the first files."""
    async with Engine(twins.instrument(2), folder, SystemClock()) as running:
        await twins.all_idle(running)
        for serial_number in running.spectrometers:
            for channel in twins.CHANNELS:
                running.times.set_current_time(serial_number, channel, EXPOSURE)
        running.verifier.start()
        while checking and not running.verifier.as_dict()["done"]:
            await asyncio.sleep(0.001)
        stored: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def hear(_: SpectraStored) -> None:
            if not stored.done():
                stored.set_result(running.clock.monotonic())

        running.broker.subscribe(SpectraStored, hear)
        async with twins.ended(running) as outcome:
            begin = running.clock.monotonic()
            await running.recorder.record_sequence(run="bench", sequences=1)
            took = await stored - begin
            if checking and running.verifier.as_dict()["state"] != "running":
                message = "the check had ended before the first record"
                raise RuntimeError(message)
            await outcome
    return took
