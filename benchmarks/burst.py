"""Many sequences as fast as the detectors allow: the rate sustained, what a spectrum costs, and that none is lost."""

from __future__ import annotations

import asyncio
import time

from benchmarks import twins
from benchmarks.result import Result

__all__ = ["SHORT", "burst"]

SHORT = 10.0  # s
COUNTS = (1, 2, 4)  # spectrometers of 2048 pixels


async def burst(seconds: float = SHORT) -> list[Result]:
    """Spectra per second for so long, against the physical limit of the rig, and CPU time per spectrum."""
    return [await _burst(count, seconds) for count in COUNTS]


async def _burst(count: int, seconds: float) -> Result:
    exposure = twins.FLAME_MINIMUM * 1.5 + twins.FLAME_READ_OUT
    limit = twins.PULSE + twins.SETTLING + len(twins.CHANNELS) * exposure  # the shutter that is open stays so
    async with twins.engine(count, twins.FLAME_MINIMUM) as running, twins.ended(running) as outcome:
        cpu, begin = time.process_time(), time.monotonic()
        await running.recorder.record_sequence(run="bench", sequences=1_000_000, burst=True)
        await asyncio.sleep(seconds)
        await running.recorder.abort()
        result = await outcome
        took, cpu = time.monotonic() - begin, time.process_time() - cpu
        recorded = [spectrum for spectra in await twins.files(running) for spectrum in spectra.spectra]
    wanted = (result.sequences_done * len(twins.CHANNELS)) * count
    lights = sum(not spectrum.dark for spectrum in recorded)
    interval = took / result.sequences_done * 1000
    return Result(
        f"burst, {count} spectrometer{'s' if count > 1 else ''}",
        f"{lights / took:.0f} spectra/s, {cpu / max(1, len(recorded)) * 1000:.2f} ms CPU each",
        interval / limit,
        f"{limit:.0f} ms per sequence, CPU of twins included",
        "nothing lost",
        met=lights >= wanted > 0 and result.result == "aborted" and lost_before_the_end(result.lost) == 0,
    )


def lost_before_the_end(sentences: tuple[str, ...]) -> int:
    """How many sentences tell of a loss that is not of the sequence that was aborted."""
    return sum("the batch ended before" not in sentence for sentence in sentences)
