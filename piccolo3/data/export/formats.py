"""The formats by name, and the levels that each of them can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from piccolo3.data.export.copies import PicoSink
from piccolo3.data.export.flox import FloxSink
from piccolo3.data.export.netcdf import NetcdfSink
from piccolo3.data.export.tables import CsvSink
from piccolo3.data.levels import Level
from piccolo3.errors import InvalidValue

if TYPE_CHECKING:
    from piccolo3.data.export.sink import Place, Sink
    from piccolo3.jsonvalue import JsonValue

__all__ = ["Format", "check_level", "make_sink"]


class Format(StrEnum):
    """What an export writes."""

    CSV = "csv"
    NETCDF = "netcdf"
    FLOX = "flox"
    PICO = "pico"


_COUNTS_ONLY = {Format.FLOX: "its readers subtract the darks themselves", Format.PICO: "it holds whole counts"}

AnySink = Callable[["Place", Mapping[str, "JsonValue"]], "Sink[object]"]

_SINKS: dict[Format, AnySink] = {
    Format.CSV: CsvSink,  # type: ignore[dict-item]  # each takes what it has made itself, and nothing else
    Format.NETCDF: NetcdfSink,  # type: ignore[dict-item]
    Format.FLOX: FloxSink,  # type: ignore[dict-item]
    Format.PICO: PicoSink,  # type: ignore[dict-item]
}


def check_level(form: Format, level: Level) -> None:
    """Raise InvalidValue where a format can't hold a level."""
    if level is not Level.RAW and form in _COUNTS_ONLY:
        raise InvalidValue(f"the format {form} has raw counts only: {_COUNTS_ONLY[form]}")


def make_sink(form: Format, place: Place, state: Mapping[str, JsonValue]) -> Sink[object]:
    """The sink of a format that goes on from `state`. InvalidValue where that is not possible."""
    return _SINKS[form](place, state)
