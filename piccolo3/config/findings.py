"""Mistakes and warnings, gathered from both files to be told all at once."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["COMMAND_LINE", "DEFAULT", "Findings", "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was said: the name of a file, `default` or `command line`; the line counts from 1."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}, line {self.line}"


DEFAULT = Origin("default")
COMMAND_LINE = Origin("command line")


@dataclass(slots=True)
class Findings:
    """What was found so far, each with its origin."""

    mistakes: list[tuple[Origin, str]] = field(default_factory=list)
    remarks: list[tuple[Origin, str]] = field(default_factory=list)

    def problem(self, origin: Origin, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append((origin, text))

    def warn(self, origin: Origin, text: str) -> None:
        """Note what has no effect but does no harm."""
        self.remarks.append((origin, text))

    @property
    def problems(self) -> tuple[str, ...]:
        """The mistakes, one sentence each, in the order of the files' lines."""
        return _told(self.mistakes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, one sentence each, in the order of the files' lines."""
        return _told(self.remarks)


def _told(found: list[tuple[Origin, str]]) -> tuple[str, ...]:
    sources = list(dict.fromkeys(origin.source for origin, _ in found))
    ordered = sorted(found, key=lambda item: (sources.index(item[0].source), item[0].line or 0))
    return tuple(_printable(f"{origin}: {text}") for origin, text in ordered)


def _printable(text: str) -> str:
    # names come from the file as they are; a terminal or a log must not suffer from them
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
