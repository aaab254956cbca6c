"""The families as the table of docs/reference/spectrometers.md: `python -m piccolo3.devices.seabreeze.reference`."""

from __future__ import annotations

import sys

from piccolo3.devices.seabreeze.families import FAMILIES, Family

__all__ = ["table"]

_HEADER = (
    "| model | USB | backends | pixels | bits | step (ms) | buffer | can be cleared | read-out (ms) | source |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def table() -> str:
    """The families, sorted, as Markdown; their sources are footnotes, for many have the same."""
    sources = list(dict.fromkeys(family.source for family in FAMILIES))
    rows = [_row(family, sources.index(family.source) + 1) for family in sorted(FAMILIES, key=lambda f: f.model)]
    notes = [f"{number}. {source}\n" for number, source in enumerate(sources, 1)]
    return _HEADER + "".join(rows) + "\nSources:\n\n" + "".join(notes)


def _row(family: Family, source: int) -> str:
    freshness = family.freshness
    cells = (
        family.model,
        ", ".join(f"{vendor:04x}:{product:04x}" for vendor, product in family.products),
        ", ".join(family.backends),
        str(family.pixels),
        str(family.bits),
        f"{family.step:g}" if family.step else "-",
        str(freshness.buffer_depth),
        "yes" if freshness.can_clear_buffer else "no",
        f"{freshness.read_out_time:g}",
        str(source),
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(table())
