"""Where spectra come from: runs, and in each of them named sequences in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from piccolo3.spectrum import SpectraList, parse_file_name
from piccolo3.status import SpectrumKind

__all__ = ["Source", "in_order", "order_key"]

_KINDS = (None, SpectrumKind.DARK, SpectrumKind.LIGHT)

Key = tuple[int, int, int, str]


class Source(Protocol):
    """Spectra by run and name. All calls block; StoreError where the medium fails.

    A name is that of a `.pico` file, also where there is no file behind it. Nothing is kept of what was loaded, so
    that any number of spectra can be gone through.
    """

    def runs(self) -> Sequence[str]:
        """The names of the runs, sorted."""
        ...

    def names(self, run: str) -> Sequence[str]:
        """The names in a run: by batch, sequence and kind (dark before light), then those that say none of these.

        Raises NotFound where there is no such run.
        """
        ...

    def fingerprint(self, run: str) -> str:
        """A text that is another one when anything in the run is."""
        ...

    def size(self, run: str, name: str) -> int:
        """How many bytes there are of it, 0 if that is not known."""
        ...

    def load(self, run: str, name: str) -> SpectraList:
        """The spectra of that name. Raises a PiccoloError that says what is wrong, but not with which name."""
        ...


def order_key(name: str) -> Key:
    """What names are sorted by."""
    parsed = parse_file_name(name)
    if parsed is None:
        return (10**12, 0, 0, name)
    return (parsed.batch, parsed.sequence, _KINDS.index(parsed.kind), name)


def in_order(names: Sequence[str]) -> list[str]:
    """The names in their order."""
    return sorted(names, key=order_key)
