"""The options of the catalogue, of removing old files and of housekeeping: additions to the instrument file."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import Integer, Number, Optional, Text
from piccolo3.quantities import QUANTITIES, Quantity

__all__ = ["CATALOGUE", "HOUSEKEEPING", "RETENTION"]

CATALOGUE = Section(
    name="catalogue",
    text="The database that knows all runs, batches, files and spectra. See [the catalogue](catalogue.md).",
    options=(
        Option(
            name="url",
            kind=Optional(Text("a URL of SQLAlchemy", r"[a-z0-9]+(\+[a-z0-9]+)?://.*"), "datadir"),
            text="Where it is; `datadir` means the file `piccolo3.sqlite` in the data directory. On a server, such as "
            "`postgresql+psycopg://user@host/name`, each data directory needs a database of its own.",
        ),
    ),
)

RETENTION = Section(
    name="retention",
    text="Removing old files, to make room. Nothing is removed that was not exported, or has changed since.",
    options=(
        Option(
            name="keep_days",
            kind=Optional(Number(minimum=0, maximum=100_000, unit="days"), "forever"),
            text="Remove exported files that are older than this; `forever` means never.",
        ),
        Option(
            name="max_bytes",
            kind=Optional(Integer(minimum=0), "unlimited"),
            text="Remove the oldest exported files while all files together have more bytes than this; `unlimited` "
            "means never.",
        ),
    ),
)


def _limits(quantity: Quantity) -> Section:
    kind = Optional(Number(unit=quantity.unit or None), "never")
    at = "at or above" if quantity.side == "above" else "at or below"
    return Section(
        name=quantity.name,
        text=quantity.text,
        options=(
            Option(name="warn", kind=kind, default_value=quantity.limits.warn, text=f"Warn {at} this."),
            Option(name="alarm", kind=kind, default_value=quantity.limits.alarm, text=f"Give an alarm {at} this."),
        ),
    )


HOUSEKEEPING = Section(
    name="housekeeping",
    text="What is measured of the rig itself, all the time. See [housekeeping](housekeeping.md).",
    options=(
        Option(
            name="interval",
            kind=Number(minimum=1, maximum=86_400, unit="s"),
            default_value=60.0,
            text="The time between two samples.",
        ),
        Option(
            name="keep_days",
            kind=Optional(Number(minimum=1, maximum=100_000, unit="days"), "forever"),
            default_value=30.0,
            text="How long all samples stay in the catalogue. Of older ones there is one for each `thinned_interval`, "
            "unless this is `forever`. The tables of each day always have all of them.",
        ),
        Option(
            name="thinned_interval",
            kind=Number(minimum=60, maximum=86_400, unit="s"),
            default_value=600.0,
            text="The time between two old samples.",
        ),
    ),
    sections=tuple(_limits(quantity) for quantity in QUANTITIES if quantity.side is not None),
)
