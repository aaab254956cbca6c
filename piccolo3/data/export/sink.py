"""What a format has to be able to do, so that an export can be interrupted and go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from piccolo3.data.levels import Level
from piccolo3.data.reader import RunReader
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList

__all__ = ["Place", "Sink", "unique_name"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Place:
    """Where and what an export of one run writes: growing files into `work`, complete ones into `out`."""

    run: str
    level: Level
    work: Path
    out: Path


class Sink(ABC, Generic[Item]):
    """One format, one run: items go in, files come out. The same items give the same bytes."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @abstractmethod
    def items(self, reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Item]:
        """What one file of the run gives; it depends on nothing but the files of the run."""

    @abstractmethod
    def add(self, item: Item) -> None:
        """Take an item."""

    @abstractmethod
    def checkpoint(self) -> Mapping[str, JsonValue]:
        """Make everything durable that was added; return what is needed to go on from here."""

    @abstractmethod
    def finish(self) -> Mapping[str, Path]:
        """Complete the files; return, by their final names below `out`, where they are now.

        Names of files that are there under their final name already stand for themselves.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; nothing is lost that `checkpoint` has seen."""


def unique_name(stem: str, ending: str, taken: Mapping[str, object]) -> str:
    """`stem` and `ending`, with the first free number from 2 between them where that is taken."""
    name, number = f"{stem}{ending}", 2
    folded = {other.casefold() for other in taken}  # memory sticks don't tell a from A
    while name.casefold() in folded:
        name, number = f"{stem}_{number}{ending}", number + 1
    return name
