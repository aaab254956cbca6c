"""The real daemon, over CoAP: start, memory, requests, batches, and whether a crowd of clients slows a batch down."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from datetime import datetime
from typing import cast

from benchmarks import load, servers
from benchmarks.result import Result
from piccolo3.client import Piccolo

__all__ = ["coap_batches", "jitter", "record", "requests", "set_times", "start_and_memory", "until_idle"]

PAIRS = 5
REQUESTS = 3000
SEQUENCES = 20
CLIENTS = 50
JITTER = 1.02
JITTER_PAIRS = 11  # single pairs differ by a few percent
PULSE = 0.005  # s, one pulse of a shutter
SETTLING = 0.010  # s, after it has opened
CHANNELS = ("downwelling", "upwelling")
MINIMUM = {"S_dummy_QEP": 8.0, "S_dummy_FLM": 1.0}
READ_OUT = 0.002  # s, the longer one


async def start_and_memory() -> list[Result]:
    """Start-up to the first answered GET, and resident memory when idle."""
    starts, memories, reference_starts, reference_memories = [], [], [], []
    for _ in range(PAIRS):
        async with servers.bare() as server:
            reference_starts.append(server.started_in)
            reference_memories.append(server.resident)
        async with servers.daemon() as server:
            starts.append(server.started_in)
            async with Piccolo(server.url) as rig:
                await until_idle(rig)
            memories.append(server.resident)
    start, memory = statistics.median(starts), statistics.median(memories)
    reference_start, reference_memory = statistics.median(reference_starts), statistics.median(reference_memories)
    return [
        Result("start to first answer", f"{start:.2f} s", start / reference_start, "bare aiocoap server"),
        Result("resident memory, idle", f"{memory:.0f} MB", memory / reference_memory, "bare aiocoap server"),
    ]


async def requests() -> list[Result]:
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
    return [Result("GET control/status", value, ratio, "bare aiocoap server", ">= 0.9", met=ratio >= 0.9)]


async def until_idle(rig: Piccolo) -> None:
    """Wait until all spectrometers can be used."""
    for name in cast("list[str]", await rig.get("spectrometer/spectrometers")):
        async for status in rig.observe(f"spectrometer/{name}/status"):
            if status == 6:
                break


async def set_times(rig: Piccolo, milliseconds: float) -> float:
    """Set all integration times, to the minimum where that is longer; the longest one, s."""
    await until_idle(rig)
    for name, minimum in MINIMUM.items():
        for channel in CHANNELS:
            await rig.put(f"spectrometer/{name}/current_time/{channel}", max(milliseconds, minimum))
    return max(milliseconds, *MINIMUM.values()) / 1000


async def record(rig: Piccolo, sequences: int, delay: float = 0.0) -> tuple[float, float]:
    """Record a batch, sequences `delay` (s) apart; how long it took as seen by us and by the daemon, s."""
    begin = time.monotonic()
    await rig.put("control/record_sequence", run="bench", nsequence=sequences, delay=delay)
    async for status in rig.observe("control/status"):
        if status == "idle":
            break
    took = time.monotonic() - begin
    outcome = cast("dict[str, object]", await rig.get("control/outcome"))
    if outcome["result"] != "complete" or outcome["lost"]:
        message = f"the batch ended {outcome}"
        raise RuntimeError(message)
    started, ended = (datetime.fromisoformat(str(outcome[key])) for key in ("started", "ended"))
    return took, (ended - started).total_seconds()


async def coap_batches() -> list[Result]:
    """Wall time of a batch that was asked for over CoAP, with a QE-PRO and a FLAME-S."""
    results = []
    for milliseconds in (0.0, 10.0, 100.0):
        async with servers.daemon() as server, Piccolo(server.url) as rig:
            longest = await set_times(rig, milliseconds)
            took, _ = await record(rig, SEQUENCES)
        dark = MINIMUM["S_dummy_QEP"] / 2000 + longest + READ_OUT
        limit = len(CHANNELS) * (SEQUENCES * (PULSE + SETTLING + dark) + 2 * dark)
        at = f"at {milliseconds:g} ms" if milliseconds else "at the minimum"
        name = f"batch of {SEQUENCES} {at} over CoAP"
        results.append(Result(name, f"{took:.3f} s", took / limit, f"physical minimum {limit:.3f} s"))
    return results


async def jitter() -> list[Result]:
    """A batch with 50 clients that poll and observe, against the same batch alone."""
    alone, crowded = [], []
    async with servers.daemon() as server, Piccolo(server.url) as rig:
        await set_times(rig, 50.0)
        await record(rig, 2)  # warm up
        for _ in range(JITTER_PAIRS):
            alone.append((await record(rig, SEQUENCES))[1])
            crowd = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.crowd", str(server.port), str(CLIENTS), stdout=asyncio.subprocess.PIPE
            )
            assert crowd.stdout is not None
            try:
                if await crowd.stdout.readline() != b"there\n":
                    message = "the clients could not connect"
                    raise RuntimeError(message)
                crowded.append((await record(rig, SEQUENCES))[1])
            finally:
                if crowd.returncode is None:
                    crowd.terminate()
                await crowd.wait()
    ratio = statistics.median(b / a for a, b in zip(alone, crowded, strict=True))
    return [
        Result(
            f"batch with {CLIENTS} clients, 50 ms",
            f"{statistics.median(crowded):.3f} s",
            ratio,
            f"alone {statistics.median(alone):.3f} s",
            f"<= {JITTER}",
            met=ratio <= JITTER,
        )
    ]
