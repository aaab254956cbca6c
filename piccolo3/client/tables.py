"""Tables as text."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["milliseconds", "rows"]


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
