"""What a comparison of the files with the catalogue finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

__all__ = ["CheckProgress", "CheckReport", "Verification"]

_MOST = 1000  # of a kind that are listed


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How many files were looked at, and of how many, as far as is known."""

    done: int
    total: int


@dataclass(slots=True)
class CheckReport:
    """What was found so far; lists have paths within the data directory, the first thousand of them.

    `missing`: in the catalogue, but not there; `damaged`: can't be read, and why; `changed`: not what was written;
    `leftovers`: of interrupted writes, moved to `.lost+found`. The counters count all.
    """

    files: int = 0
    indexed: int = 0
    complete: bool = False
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def note(self, kind: str, what: str) -> None:
        """Add to one of the lists."""
        found: list[str] = getattr(self, kind)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if len(found) < _MOST:
            found.append(what)

    @property
    def sound(self) -> bool:
        """Whether no file is missing, damaged or changed."""
        return not (self.missing or self.damaged or self.changed)

    def sentence(self) -> str:
        """All of it in short."""
        parts = [f"{self.files} files", f"{self.indexed} of them new to the catalogue"]
        parts += [f"{count} {kind}" for kind, count in self.counts.items()]
        return ", ".join(parts) + ("" if self.complete else " (not finished)")


class Verification(ABC):
    """A comparison that is done in pieces of some milliseconds, so that others have their turn in between."""

    report: CheckReport

    @abstractmethod
    def step(self) -> bool:
        """Do the next piece; whether there is more to do. After a StoreError it has to be begun anew."""

    @property
    @abstractmethod
    def progress(self) -> CheckProgress:
        """How far it is."""

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Give it up. One under way may hold a directory open, which then can't be unmounted."""

    def run(self) -> CheckReport:
        """Do all of it."""
        while self.step():
            pass
        return self.report
