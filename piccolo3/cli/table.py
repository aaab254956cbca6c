"""Tables as text."""

from __future__ import annotations

from piccolo3.client import Piccolo
from piccolo3.client.tables import milliseconds, rows

__all__ = ["milliseconds", "rows", "spectrometers"]


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
