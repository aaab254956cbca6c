"""Run all benchmarks and print a table; exit with 1 where a goal is missed."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass
from typing import cast

from benchmarks import load, servers
from piccolo3.client import Piccolo

PAIRS = 5
REQUESTS = 3000
SEQUENCES = 20
PULSE = 0.005  # s, one pulse of a shutter
SETTLING = 0.010  # s, after it has opened
CHANNELS = ("downwelling", "upwelling")
MINIMUM = {"S_dummy_QEP": 8.0, "S_dummy_FLM": 1.0}


@dataclass(frozen=True)
class Result:
    """One line of the table; `goal` is checked where there is one."""

    name: str
    value: str
    ratio: float
    reference: str
    goal: str = ""
    met: bool = True


async def start_and_memory() -> list[Result]:
    """Start-up to the first answered GET, and resident memory when idle."""
    starts, memories, reference_starts, reference_memories = [], [], [], []
    for _ in range(PAIRS):
        async with servers.bare() as server:
            reference_starts.append(server.started_in)
            reference_memories.append(server.resident)
        async with servers.daemon() as server:
            starts.append(server.started_in)
            async with Piccolo(f"coap://[::1]:{server.port}") as rig:
                await until_idle(rig)
            memories.append(server.resident)
    start, memory = statistics.median(starts), statistics.median(memories)
    reference_start, reference_memory = statistics.median(reference_starts), statistics.median(reference_memories)
    return [
        Result("start to first answer", f"{start:.2f} s", start / reference_start, "bare aiocoap server"),
        Result("resident memory, idle", f"{memory:.0f} MB", memory / reference_memory, "bare aiocoap server"),
    ]


async def requests() -> Result:
    """GET control/status per second."""
    ratios, rates = [], []
    async with servers.bare() as reference, servers.daemon() as server:
        for port in (reference.port, server.port):
            await asyncio.to_thread(load.rate, port, REQUESTS)  # warm up
        for _ in range(PAIRS):
            bare = await asyncio.to_thread(load.rate, reference.port, REQUESTS)
            ours = await asyncio.to_thread(load.rate, server.port, REQUESTS)
            rates.append(ours)
            ratios.append(ours / bare)
    ratio = statistics.median(ratios)
    value = f"{statistics.median(rates):.0f} /s"
    return Result("GET control/status", value, ratio, "bare aiocoap server", ">= 0.9", met=ratio >= 0.9)


async def until_idle(rig: Piccolo) -> None:
    """Wait until all spectrometers can be used."""
    for name in cast("list[str]", await rig.get("spectrometer/spectrometers")):
        async for status in rig.observe(f"spectrometer/{name}/status"):
            if status == 6:
                break


async def batch(milliseconds: float) -> Result:
    """Wall time of a batch against exposures plus shutter pulses."""
    async with servers.daemon() as server, Piccolo(f"coap://[::1]:{server.port}") as rig:
        await until_idle(rig)
        longest = 0.0
        for name, minimum in MINIMUM.items():
            longest = max(longest, milliseconds, minimum)
            for channel in CHANNELS:
                await rig.put(f"spectrometer/{name}/current_time/{channel}", max(milliseconds, minimum))
        begin = time.monotonic()
        await rig.put("control/record_sequence", run="bench", nsequence=SEQUENCES)
        async for status in rig.observe("control/status"):
            if status == "idle":
                break
        took = time.monotonic() - begin
        outcome = cast("dict[str, object]", await rig.get("control/outcome"))
        if outcome["result"] != "complete":
            message = f"the batch ended {outcome}"
            raise RuntimeError(message)
    light = 2 * PULSE + SETTLING + longest / 1000
    limit = len(CHANNELS) * (SEQUENCES * light + 2 * longest / 1000)
    name = f"batch of {SEQUENCES} at {milliseconds:g} ms" if milliseconds else f"batch of {SEQUENCES} at the minimum"
    return Result(name, f"{took:.2f} s", took / limit, f"physical minimum {limit:.2f} s")


async def main() -> int:
    """Measure everything."""
    results = await start_and_memory()
    results.append(await requests())
    results.extend([await batch(milliseconds) for milliseconds in (0.0, 10.0, 100.0)])
    for r in results:
        verdict = f"goal {r.goal}: {'met' if r.met else 'MISSED'}" if r.goal else ""
        print(f"{r.name:28} {r.value:>10}  {r.ratio:6.2f} x {r.reference:28} {verdict}")
    return 0 if all(r.met for r in results) else 1


sys.exit(asyncio.run(main()))
