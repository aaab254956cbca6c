"""Names of `.pico` files: batch, sequence and kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from piccolo3.errors import InvalidValue
from piccolo3.status import SpectrumKind

__all__ = ["FileName", "file_name", "parse_file_name"]

_PATTERN = re.compile(r"b(\d{6,12})_s(\d{6,12})(?:_(dark|light))?\.pico", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileName:
    """What the name of a file says; kind is None where dark and light spectra are in one file."""

    batch: int
    sequence: int
    kind: SpectrumKind | None


def file_name(batch: int, sequence: int, kind: SpectrumKind | None) -> str:
    """The name of a file, like `b000000_s000000_dark.pico`."""
    if not (0 <= batch < 10**12 and 0 <= sequence < 10**12):
        raise InvalidValue(f"batch {batch} and sequence {sequence} can't be in the name of a file")
    suffix = "" if kind is None else f"_{kind.value}"
    return f"b{batch:06}_s{sequence:06}{suffix}.pico"


def parse_file_name(name: str) -> FileName | None:
    """What the name of a file says, None if it is not the name of a `.pico` file."""
    match = _PATTERN.fullmatch(name)
    if match is None:
        return None
    batch, sequence, kind = match.groups()
    found = FileName(int(batch), int(sequence), None if kind is None else SpectrumKind(kind))
    # more zeros than needed would be a second name of the same thing
    return found if file_name(found.batch, found.sequence, found.kind) == name else None
