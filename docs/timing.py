"""Draw what happens during a sequence, from a real run with simulated spectrometers: explanations/one-sequence.svg.

Run by `make docs`. Times differ a little from run to run, so no test compares the picture.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from piccolo3.clock import SystemClock
from piccolo3.config import ChannelConfig, InstrumentConfig, SpectrometerConfig
from piccolo3.recording import BatchEnded
from piccolo3.recording.trace import Phase
from piccolo3.server.engine import Engine
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerChanged

__all__ = ["draw", "main", "record"]

_Scale = Callable[[float], float]

PICTURE = Path(__file__).parent / "explanations" / "one-sequence.svg"
TIMES = {"flame": {"downwelling": 30.0, "upwelling": 60.0}, "sts": {"downwelling": 20.0, "upwelling": 45.0}}  # ms
SHOWN = 1  # the sequence, counted from 0, that has others before and after it
LEFT, RIGHT, TOP, ROW, BAR = 150, 850, 12, 34, 18
COLOURS = {
    "open": ("#4c9f70", "shutter opens and settles"),
    "close": ("#c25b56", "shutter closes and settles"),
    "acquire": ("#cdd9ea", "spectrometer at work"),
    "exposure": ("#2f6db5", "the exposure that is kept"),
    "write": ("#8d6cab", "file is written"),
}


def instrument() -> InstrumentConfig:
    """Two channels and two spectrometers."""
    return InstrumentConfig(
        channels=tuple(
            ChannelConfig(
                shutter=f"shutter_{pin}", direction=name, driver="simulated", open_pin=pin, close_pin=pin + 10
            )
            for pin, name in enumerate(("downwelling", "upwelling"), start=1)
        ),
        spectrometers=(
            SpectrometerConfig(serial_number="flame", driver="simulated", model="FLAME-S"),
            SpectrometerConfig(serial_number="sts", driver="simulated", model="STS-VIS"),
        ),
    )


async def record() -> list[Phase]:
    """What was done when in a batch of three sequences."""
    phases: list[Phase] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Engine(instrument(), Path(folder), SystemClock(), trace=phases.append) as engine:
            changed, ended = asyncio.Event(), asyncio.Event()
            engine.broker.subscribe(SpectrometerChanged, lambda _: changed.set())
            engine.broker.subscribe(BatchEnded, lambda _: ended.set())
            while any(worker.status is not SpectrometerStatus.IDLE for worker in engine.spectrometers.values()):
                await changed.wait()
                changed.clear()
            for serial_number, channels in TIMES.items():
                for channel, milliseconds in channels.items():
                    engine.times.set_current_time(serial_number, channel, milliseconds)
            await engine.recorder.record_sequence(run="timing", sequences=SHOWN + 2)
            await ended.wait()
    return sorted(phases, key=lambda phase: phase.start)


def _window(phases: Sequence[Phase]) -> tuple[float, float]:
    """From the opening of the first shutter to that of the next sequence and somewhat on (s)."""
    opened = [phase.start for phase in phases if phase.name == "open" and phase.who == "downwelling"]
    return opened[SHOWN] - 0.008, opened[SHOWN + 1] + 0.02


def _row(phase: Phase) -> str:
    if phase.name in ("open", "close"):
        return f"shutter {phase.who}"
    return f"S_{phase.who}" if phase.name in ("acquire", "exposure") else "disk"


def draw(phases: Sequence[Phase]) -> str:
    """The picture."""
    begin, end = _window(phases)
    zero = begin + 0.008
    rows = ["shutter downwelling", "shutter upwelling", *(f"S_{serial_number}" for serial_number in TIMES), "disk"]
    scale = (RIGHT - LEFT) / (end - begin)
    bottom = TOP + ROW * len(rows)

    def x(moment: float) -> float:
        return LEFT + (min(max(moment, begin), end) - begin) * scale

    parts = _axis(x, zero, end, bottom)
    for number, row in enumerate(rows):
        y = TOP + number * ROW + ROW / 2
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{escape(row)}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y + ROW / 2:.0f}" y2="{y + ROW / 2:.0f}" stroke="#ddd"/>')
    for name in COLOURS:  # what is kept on top of what it took
        for phase in phases:
            if phase.name == name and phase.end > begin and phase.start < end:
                parts.append(_bar(phase, x, TOP + rows.index(_row(phase)) * ROW + (ROW - BAR) / 2))
    parts += _legend(bottom + 46)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {RIGHT + 20} {bottom + 84}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(phase: Phase, x: _Scale, y: float) -> str:
    left, right = x(phase.start), x(phase.end)
    what = f"{phase.name} {phase.who}, {(phase.end - phase.start) * 1000:.1f} ms"
    return (
        f'<rect x="{left:.1f}" y="{y:.0f}" width="{max(right - left, 1):.1f}" height="{BAR}" '
        f'fill="{COLOURS[phase.name][0]}"><title>{escape(what)}</title></rect>'
    )


def _axis(x: _Scale, zero: float, end: float, bottom: int) -> list[str]:
    parts = [f'<text x="{(LEFT + RIGHT) / 2}" y="{bottom + 30}" text-anchor="middle">ms</text>']
    for tick in range(0, int((end - zero) * 1000) + 1, 20):
        at = x(zero + tick / 1000)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}" stroke="#eee"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{tick}</text>')
    return parts


def _legend(y: int) -> list[str]:
    parts, left = [], LEFT - 140
    for colour, text in COLOURS.values():
        parts.append(f'<rect x="{left}" y="{y}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 17}" y="{y + 10}">{escape(text)}</text>')
        left += 36 + 6 * len(text)
    return parts


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(draw(asyncio.run(record())), encoding="utf-8")


if __name__ == "__main__":
    main()
