"""The whole way of a spectrum through the real drivers, on emulated instruments, and what the drivers cost beside."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks import emulated, twins
from benchmarks.daemon import until_idle
from benchmarks.emulated import Emulated
from benchmarks.result import Result
from piccolo3.client import Piccolo
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerChanged, SpectrometerWorker

__all__ = ["batches", "exposures", "idle", "plugs"]

EXPOSURES = 100
EXPOSURE = 20.0  # ms
OVERHEAD = 5.0  # ms
SHUTTER = (twins.PULSE + twins.SETTLING) / 1000  # s between two exposures
SEQUENCES = 20
TIMES = {10.0: 15, 100.0: 3, 1000.0: 1}  # ms: how often
BATCHES = 1.05
DROPPED = 1.0  # s
PULLS = 5
IDLE = 15.0  # s of looking
SHARE = 0.01  # of a core

_TWO = {"QEP00001": "cseabreeze", "FLMS00001": "pyseabreeze"}
_FLAMES = {"FLMS00001": "cseabreeze", "FLMS00002": "pyseabreeze"}
_FOUR = {**_TWO, "S00001": "auto", "FLMS00002": "auto"}


async def exposures() -> list[Result]:
    """From the call to the worker to the spectrum in the event loop, above what the instrument needs."""
    results = []
    for serial in _FLAMES:
        async with emulated.engine(_FLAMES, EXPOSURE) as running:
            results.append(await _exposures(running, serial))
    return results


async def _exposures(running: Emulated, serial: str) -> Result:
    """The instrument needs half an idle exposure, on average, the exposure, and the transfer of its counts."""
    worker = running.spectrometers[serial]
    info, clock = worker.info, running.clock
    assert info is not None
    took, begin = [], clock.monotonic()
    for _ in range(EXPOSURES):
        asked = clock.monotonic()
        await worker.acquire(EXPOSURE, asked)
        took.append((clock.monotonic() - asked) * 1000)
        await clock.asleep(SHUTTER)  # in which the detector comes to idle again
    handed_out = [one for one in running.instruments.truth(serial, begin) if one.integration_time == EXPOSURE * 1e6]
    bare = statistics.median((one.delivered - one.end) / 1e6 for one in handed_out)
    limit = info.min_integration_time / 2 + EXPOSURE + bare
    middle = statistics.median(took)
    overhead = middle - limit
    return Result(
        f"exposure through {worker.config.backend}",
        f"{middle:.2f} ms, {overhead:+.2f} of overhead",
        overhead / OVERHEAD,
        f"{OVERHEAD:.0f} ms above {EXPOSURE:.0f} ms + transfer {bare:.2f} ms",
        "<= 1",
        met=overhead <= OVERHEAD,
    )


async def batches() -> list[Result]:
    """Wall time of a batch of 20 sequences, 2 spectrometers and 2 channels, against the same on twins, in turns."""
    results = []
    for milliseconds, times in TIMES.items():
        twin, took = [], []
        async with twins.engine(2, milliseconds) as simulated, emulated.engine(_FLAMES, milliseconds) as running:
            for _ in range(times):
                twin.append(await twins.record(simulated, SEQUENCES))
                took.append(await twins.record(running, SEQUENCES))
        ratio = statistics.median(took) / statistics.median(twin)
        results.append(
            Result(
                f"batch through drivers at {milliseconds:g} ms",
                f"{statistics.median(took):.3f} s",
                ratio,
                f"the same on twins {statistics.median(twin):.3f} s",
                f"<= {BATCHES}",
                met=ratio <= BATCHES,
            )
        )
    return results


async def plugs() -> list[Result]:
    """From pulling the plug of an idle spectrometer to DROPPED, and from putting it in again to IDLE."""
    lost, back = [], []
    async with emulated.engine(_FOUR, EXPOSURE) as running:
        await running.clock.asleep(1.0)
        for number in range(PULLS):
            for serial, worker in running.spectrometers.items():
                await worker.acquire(EXPOSURE, running.clock.monotonic())  # what works may be looked for at once
                await running.clock.asleep(0.1 + number / PULLS)  # anywhere between two visits
                begin = running.clock.monotonic()
                running.instruments.unplug(serial)
                lost.append(await _until(running, worker, SpectrometerStatus.DROPPED) - begin)
                begin = running.clock.monotonic()
                running.instruments.plug_in(serial)
                back.append(await _until(running, worker, SpectrometerStatus.IDLE) - begin)
    return [
        Result(
            "plug pulled, idle, to DROPPED",
            f"{statistics.median(lost):.2f} s, worst {max(lost):.2f}",
            max(lost) / DROPPED,
            f"{DROPPED:.0f} s for the worst of {len(lost)}",
            "<= 1",
            met=max(lost) <= DROPPED,
        ),
        Result(
            "plug put in again, to IDLE",
            f"{statistics.median(back):.2f} s, worst {max(back):.2f}",
            max(back),
            "1 s, when it is looked for; later every 5 s",
        ),
    ]


async def _until(running: Emulated, worker: SpectrometerWorker, wanted: SpectrometerStatus) -> float:
    """When it came to that status (monotonic, s)."""
    reached: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def look(_: object) -> None:
        if worker.status is wanted and not reached.done():
            reached.set_result(running.clock.monotonic())

    unsubscribe = running.broker.subscribe(SpectrometerChanged, look)
    look(None)
    try:
        async with asyncio.timeout(30):
            return await reached
    finally:
        unsubscribe()


async def idle() -> list[Result]:
    """Memory of the daemon with two hosts, and what it computes with four spectrometers when nothing is recorded."""
    async with emulated.daemon(_TWO) as (server, _):
        async with Piccolo(server.url) as rig:
            await until_idle(rig)
        await asyncio.sleep(1.0)
        memory = _memory(_family(server.process.pid))
    async with emulated.daemon(_FOUR) as (server, _):
        async with Piccolo(server.url) as rig:
            await until_idle(rig)
        await asyncio.sleep(2.0)
        family = _family(server.process.pid)
        begin, before = time.monotonic(), _computed(family)
        await asyncio.sleep(IDLE)
        share = (_computed(family) - before) / (time.monotonic() - begin)
    return [
        memory,
        Result(
            "daemon with 4 spectrometers, idle",
            f"{share * 100:.2f} % of a core",
            share / SHARE,
            f"{SHARE * 100:.0f} %, with all its processes",
            "<= 1",
            met=share <= SHARE,
        ),
    ]


def _family(pid: int) -> list[psutil.Process]:
    daemon = psutil.Process(pid)
    return [daemon, *daemon.children(recursive=True)]


def _computed(family: Sequence[psutil.Process]) -> float:
    """Processor time so far, s."""
    times = [process.cpu_times() for process in family]
    return float(sum(one.user + one.system for one in times))


def _memory(family: Sequence[psutil.Process]) -> Result:
    resident = [process.memory_info().rss / 1e6 for process in family]
    shared = sum(_proportional(process.pid) for process in family)
    return Result(
        "daemon and 2 hosts, memory (PSS)",
        f"{shared:.0f} MB, RSS of the daemon {resident[0]:.0f}",
        shared / resident[0],
        f"daemon alone; {len(family)} processes, sum of RSS {sum(resident):.0f} MB",
    )


def _proportional(pid: int) -> float:
    """MB; what several processes share counts in parts."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(text.partition("Pss:")[2].split()[0]) * 1024 / 1e6
