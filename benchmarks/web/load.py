"""What the front end takes: memory, processor and bytes, and what a batch loses by those who watch it."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Sequence

from benchmarks import servers
from benchmarks.daemon import record, set_times, until_idle
from benchmarks.result import Result
from benchmarks.web import chromium
from benchmarks.web.server import RIG, FrontEnd, bare, front_end
from benchmarks.web.stream import LIVE, NOW, reading
from benchmarks.web.watchers import watched
from piccolo3.client import Piccolo

__all__ = ["batch", "resources", "updates"]

BROWSERS = 10
SEQUENCES = 20
DELAY = 0.75  # s; with 100 ms of exposure about one sequence in a second
IDLE = 20.0  # s
SHARE = 0.01  # of a processor, when nobody looks
LARGEST = 0.9  # with what is said of each spectrum
FAN_OUT = 3.0
SLOWER = 1.02
PAIRS = 11  # single pairs differ by a few percent
_QUIET = 1.0  # s after which what belongs to a batch has been sent


async def updates() -> list[Result]:
    """Bytes on the wire for each spectrum on the page Live, and for each sequence on the page Now."""
    async with servers.daemon() as server, Piccolo(server.url) as rig, front_end(server.url) as front:
        await set_times(rig, 100.0)
        await record(rig, 1)  # wavelengths are sent once
        async with reading(front.port, LIVE) as live, reading(front.port, NOW) as now:
            await asyncio.sleep(_QUIET)
            live.forget()
            now.forget()
            await record(rig, SEQUENCES)
            await asyncio.sleep(_QUIET)
    spectra = [json.loads(data) for _, name, data in live.events if name == "spectrum"]
    pixels = {"dummy_QEP": 1044, "dummy_FLM": 2048}
    bare_counts = sum(4 * pixels[one["serial"]] for one in spectra)
    return [
        Result(
            "live update, a spectrum",
            f"{live.size / len(spectra):.0f} bytes",
            live.size / bare_counts,
            f"its counts as 32 bit integers {bare_counts / len(spectra):.0f}",
            f"<= {LARGEST:g}",
            met=live.size <= LARGEST * bare_counts,
        ),
        Result(
            "page Now during a batch, a sequence",
            f"{now.size / SEQUENCES:.0f} bytes",
            now.size / live.size,
            f"its spectra on the page Live {live.size / SEQUENCES:.0f}",
        ),
    ]


async def resources() -> list[Result]:
    """Resident memory and processor, when nobody looks and with 10 who do, while a sequence is recorded each second."""
    async with bare() as reference:
        least = reference.resident
    async with servers.daemon() as server, Piccolo(server.url) as rig, front_end(server.url) as front:
        await set_times(rig, 100.0)
        memory = front.resident
        idle = await front.share(IDLE)
        shares = {}
        for number in (1, BROWSERS):
            async with watched(front.port, number):
                shares[number] = await _share(rig, front)
                watched_memory = front.resident
        await asyncio.sleep(1.0)
        after = await front.share(IDLE)
    return [
        Result(
            "piccolo3-web, memory", f"{memory:.0f} MB", memory / least, f"bare Starlette and uvicorn {least:.0f} MB"
        ),
        Result(
            f"piccolo3-web, memory, {BROWSERS} browsers",
            f"{watched_memory:.0f} MB",
            watched_memory / memory,
            f"before {memory:.0f} MB",
            "<= 1.25",
            met=watched_memory <= 1.25 * memory,
        ),
        _idle("piccolo3-web, idle", idle),
        _idle("piccolo3-web, idle, browsers gone", after),
        Result(
            f"piccolo3-web, {BROWSERS} live browsers",
            f"{shares[BROWSERS] * 100:.1f} % of a core",
            shares[BROWSERS] / shares[1],
            f"with one {shares[1] * 100:.1f} %; a sequence in a second",
            f"<= {FAN_OUT:g}",
            met=shares[BROWSERS] <= FAN_OUT * shares[1],
        ),
    ]


def _idle(name: str, share: float) -> Result:
    return Result(
        name,
        f"{share * 100:.2f} % of a core",
        share / SHARE,
        f"{SHARE * 100:.0f} %",
        "<= 1",
        met=share <= SHARE,
    )


async def _share(rig: Piccolo, front: FrontEnd) -> float:
    """Which part of a processor it takes while a batch is recorded."""
    batch = asyncio.create_task(record(rig, SEQUENCES, DELAY))
    share = await front.share(SEQUENCES * DELAY)
    await batch
    return share


async def batch() -> list[Result]:
    """A batch that is watched by 10 browsers, against it alone, in turns.

    Browsers draw on other computers, so that they are readers of the stream here; what it is with a real one beside
    them, which draws with the processors of the rig, is a row without a goal.
    """
    alone, watching, drawing = [], [], []
    async with servers.daemon() as server, Piccolo(server.url) as rig, front_end(server.url) as front:
        await until_idle(rig)
        await set_times(rig, 50.0)
        await record(rig, 2)  # warm up
        for _ in range(PAIRS):
            alone.append((await record(rig, SEQUENCES))[1])
            async with watched(front.port, BROWSERS):
                watching.append((await record(rig, SEQUENCES))[1])
                if not chromium.is_there():
                    continue
                async with chromium.browser() as browser:
                    await browser.open(f"{front.url}{RIG}/live")
                    await browser.until("return document.querySelectorAll('.plot canvas').length")
                    drawing.append((await record(rig, SEQUENCES))[1])
    found = [_slower(f"batch with {BROWSERS} live browsers, 50 ms", watching, alone, goal=True)]
    if drawing:
        found.append(_slower(f"batch with {BROWSERS} live browsers, and Chromium", drawing, alone, goal=False))
    return found


def _slower(name: str, crowded: Sequence[float], alone: Sequence[float], *, goal: bool) -> Result:
    ratio = statistics.median(b / a for a, b in zip(alone, crowded, strict=True))
    result, reference = f"{statistics.median(crowded):.3f} s", f"alone {statistics.median(alone):.3f} s"
    if not goal:
        return Result(name, result, ratio, reference)
    return Result(name, result, ratio, reference, f"<= {SLOWER}", met=ratio <= SLOWER)
