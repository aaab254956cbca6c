"""What a benchmark finds: a figure, its ratio to a limit or reference of the same run, and the goal."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Result", "line"]


@dataclass(frozen=True)
class Result:
    """One line of the table; `goal` is a text where there is one, `met` whether it is reached.

    Without a ratio, there is no figure: `value` says why.
    """

    name: str
    value: str
    ratio: float | None
    reference: str
    goal: str = ""
    met: bool = True


def line(result: Result) -> str:
    """The result as a line of the table."""
    if result.ratio is None:
        return f"{result.name:38} {result.value}"
    verdict = f"goal {result.goal}: {'met' if result.met else 'MISSED'}" if result.goal else ""
    return f"{result.name:38} {result.value:>28}  {result.ratio:7.3f} x {result.reference:42} {verdict}".rstrip()
