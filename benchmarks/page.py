"""The results as a page of the documentation."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.result import Result
from piccolo3 import __version__

__all__ = ["PAGE", "page", "with_rows_of"]

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"
_INTRODUCTION = """\
# Benchmarks

`make bench` measures on your machine; this page is what it found on one (`python -m benchmarks --page` writes it again,
with `--long` for bursts of a minute, with `--only` for some of its rows). Simulated spectrometers run at real speed,
and their computing time is part of what is measured; emulated ones have a process of their own, and are driven by the
real drivers. Each figure is compared with a limit or a reference of the same run; a ratio of 1 is the limit. Browsers
are windows of Chromium without a screen, on the same processors as the rig, which come first.

The physical minimum of a channel is the pulse of its shutter (5 ms) and the time to settle (10 ms), half of an exposure
at the shortest integration time (what is under way when the shutter has settled has to end), the integration time,
and the read-out. A batch can fall below it, for the read-out takes place while the next shutter moves.
"""


def _processor() -> str:
    try:
        for text in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if text.startswith(("model name", "Model")):
                return text.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def page(results: Sequence[Result]) -> str:
    """Markdown."""
    machine = f"{os.cpu_count()} cores ({_processor()})"
    lines = [
        _INTRODUCTION,
        f"Version {__version__}, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()} on {machine}.",
        "",
        "| what | result | ratio | limit or reference | goal |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(result) for result in results]
    return "\n".join(lines) + "\n"


def with_rows_of(text: str, results: Sequence[Result]) -> str:
    """A page that was written before, with the rows of these results put in the place of the old ones or at its end."""
    lines = text.rstrip("\n").split("\n")
    at = {line.split(" | ")[0]: number for number, line in enumerate(lines) if line.startswith("| ")}
    for result in results:
        row = _row(result)
        number = at.get(row.split(" | ")[0])
        if number is None:
            lines.append(row)
        else:
            lines[number] = row
    return "\n".join(lines) + "\n"


def _row(result: Result) -> str:
    if result.ratio is None:
        return f"| {result.name} | {result.value} |  |  |  |"
    goal = f"{result.goal}: {'met' if result.met else '**missed**'}" if result.goal else ""
    return f"| {result.name} | {result.value} | {result.ratio:.3f} | {result.reference} | {goal} |"
