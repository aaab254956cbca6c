"""The options of the scheduler."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import Integer, Number

__all__ = ["SCHEDULER"]

SCHEDULER = Section(
    name="scheduler",
    text="Jobs that the rig does by itself. See [what the scheduler does](scheduling.md).",
    options=(
        Option(
            name="grace",
            kind=Number(minimum=0, maximum=31_622_400, unit="s"),
            default_value=600.0,
            text="What was due longer ago, because the power was gone, say, is skipped; a job can have its own.",
        ),
        Option(
            name="failures",
            kind=Integer(minimum=1, maximum=1_000_000),
            default_value=3,
            text="After so many failures of a job in a row the operator is told.",
        ),
        Option(
            name="keep_runs",
            kind=Number(minimum=1, maximum=36_525, unit="days"),
            default_value=1_000.0,
            text="How long it is kept what came of each time that a job was due; the last one of a job stays.",
        ),
    ),
)
