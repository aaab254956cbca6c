"""Tables as text."""

from __future__ import annotations

from collections.abc import Sequence

from piccolo3.client import Piccolo

__all__ = ["milliseconds", "rows", "spectrometers"]


def milliseconds(time: float) -> str:
    """An integration time: whole numbers without a point, others with up to three digits after it."""
    return f"{time:.3f}".rstrip("0").rstrip(".")


def rows(header: Sequence[str], body: Sequence[Sequence[str]], left: Sequence[int]) -> str:
    """A table with ` | ` between its columns, which are right-justified except those numbered in `left`."""
    lines = [header, *body]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def cell(column: int, text: str) -> str:
        return text.ljust(widths[column]) if column in left else text.rjust(widths[column])

    return "".join(" | ".join(cell(column, text) for column, text in enumerate(line)) + "\n" for line in lines)


async def spectrometers(rig: Piccolo) -> str:
    """The list of spectrometers with their integration times in ms and their status."""
    channels = await rig.spectrometers.channels()
    body = [
        [
            spectrometer.name,
            milliseconds(await spectrometer.min_time()),
            *[milliseconds(await spectrometer.current_time(channel)) for channel in channels],
            milliseconds(await spectrometer.max_time()),
            (await spectrometer.status()).name,
        ]
        for spectrometer in await rig.spectrometers.all()
    ]
    header = ["", "min", *channels, "max", "status"]
    return rows(header, body, left=(0, len(header) - 1))
