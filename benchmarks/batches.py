"""The engine alone: batches, and the time between the two exposures of a reflectance, against what is possible."""

from __future__ import annotations

import statistics

from benchmarks import twins
from benchmarks.result import Result
from piccolo3.server.engine import Engine
from piccolo3.spectrum import SpectraList
from piccolo3.status import SpectrumKind

__all__ = ["batches", "middles"]

SEQUENCES = 20
GOALS = {1.0: (1.5, 5), 10.0: (1.12, 5), 100.0: (1.02, 3), 1000.0: (1.005, 1)}  # ms: ratio, how often
SHUTTER = twins.PULSE + twins.SETTLING
MIDDLES = 1.05


def _limit(milliseconds: float) -> float:
    """What a batch takes at least, s.

    A channel: pulse and settling of its shutter, the mean remainder of an exposure at the minimum integration time,
    which is under way, the exposure and its read-out. Darks, one at each end, do without the shutter, but before the
    last one the shutter of the light has to be closed.
    """
    dark = twins.FLAME_MINIMUM / 2 + milliseconds + twins.FLAME_READ_OUT
    return (len(twins.CHANNELS) * (SEQUENCES * (SHUTTER + dark) + 2 * dark) + SHUTTER) / 1000


async def batches() -> list[Result]:
    """Wall time of a batch of 20 sequences, 2 spectrometers and 2 channels, against the physical minimum."""
    results = []
    for milliseconds, (goal, times) in GOALS.items():
        async with twins.engine(2, milliseconds) as running:
            took = statistics.median([await twins.record(running, SEQUENCES) for _ in range(times)])
            if milliseconds == 100.0:
                results.append(await _middles(running))
        limit = _limit(milliseconds)
        overhead = (took - limit) / (len(twins.CHANNELS) * (SEQUENCES + 2)) * 1000
        results.append(
            Result(
                f"batch of {SEQUENCES} at {milliseconds:g} ms",
                f"{took:.3f} s, {overhead:+.2f} ms/channel",
                took / limit,
                f"physical minimum {limit:.3f} s",
                f"<= {goal:g}",
                met=took / limit <= goal,
            )
        )
    return results


async def middles() -> list[Result]:
    """From the middle of the downwelling to that of the upwelling exposure, against the limit."""
    async with twins.engine(2, 100.0) as running:
        await twins.record(running, SEQUENCES)
        return [await _middles(running)]


async def _middles(running: Engine) -> Result:
    apart = []
    for spectra in await twins.files(running):
        apart += _apart(spectra)
    limit = 100.0 + SHUTTER
    middle = statistics.median(apart)
    return Result(
        "downwelling to upwelling at 100 ms",
        f"{middle:.1f} ms, worst {max(apart):.1f}",
        middle / limit,
        f"half of both exposures + shutter {limit:.0f} ms",
        f"<= {MIDDLES}",
        met=middle / limit <= MIDDLES,
    )


def _apart(spectra: SpectraList) -> list[float]:
    """Time between the middles of the exposures (ms), of each spectrometer."""
    middle = {}
    for spectrum in spectra.of_kind(SpectrumKind.LIGHT).spectra:
        start, end = spectrum.exposure_start, spectrum.exposure_end
        if start is not None and end is not None:
            middle[spectrum.serial_number, spectrum.direction] = start + (end - start) / 2
    serial_numbers = {serial_number for serial_number, _ in middle}
    return [
        (middle[serial, "upwelling"] - middle[serial, "downwelling"]).total_seconds() * 1000
        for serial in serial_numbers
    ]
