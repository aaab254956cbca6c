"""What can be searched for of a spectrum."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from piccolo3.errors import InvalidValue
from piccolo3.spectrum import Flag, Spectrum

__all__ = ["Searchable", "searchable", "start_of", "storable", "whole"]

_LIMIT = 2**63


class Searchable(TypedDict):
    """Properties of a spectrum, as in `SpectrumEntry`."""

    sequence: int
    serial_number: str
    model: str | None
    direction: str
    dark: bool
    start: datetime
    end: datetime | None
    integration_time: float
    peak: int
    saturated_pixels: int
    flags: Flag
    temperature: float | None
    simulated: bool


def searchable(spectrum: Spectrum) -> Searchable:
    """What a catalogue has in columns. InvalidValue for numbers that no database takes."""
    return {
        "sequence": whole(spectrum.sequence, "SequenceNumber"),
        "serial_number": storable(spectrum.serial_number),
        "model": None if spectrum.model is None else storable(spectrum.model),
        "direction": storable(spectrum.direction),
        "dark": spectrum.dark,
        "start": start_of(spectrum),
        "end": spectrum.exposure_end,
        "integration_time": spectrum.integration_time,
        "peak": spectrum.peak,
        "saturated_pixels": spectrum.saturated_pixels,
        "flags": Flag(whole(int(spectrum.flags), "QualityFlags")),
        "temperature": spectrum.temperature,
        "simulated": spectrum.simulated,
    }


def start_of(spectrum: Spectrum) -> datetime:
    """When the exposure started; of old files the only date they have."""
    return spectrum.exposure_start or spectrum.datetime


def whole(number: int, name: str) -> int:
    """A number that fits into 64 bits, or InvalidValue."""
    if number >= _LIMIT:
        raise InvalidValue(f"{name}: {number} is too large")
    return number


def storable(text: str) -> str:
    """The text without what not all databases take."""
    return text.replace("\0", "\ufffd")
