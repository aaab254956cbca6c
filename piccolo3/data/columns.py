"""What is told about each spectrum: one declaration for the table of metadata, NetCDF variables and the documentation.

`python -m piccolo3.data.columns` prints the table that is in docs/reference/exports.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from piccolo3.data.levels import Row
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import Spectrum, flag_names
from piccolo3.spectrum.fields import moment, text

__all__ = ["COLUMNS", "Column", "Value", "as_text", "exposure_end", "other_metadata", "reference"]

Value = str | int | float | bool | datetime | None
Type = Literal["text", "integer", "number", "time", "boolean"]

_TOLD = {
    "Averages",
    "Batch",
    "BatchMode",
    "Dark",
    "DarkFile",
    "DarkPixels",
    "DarkSequence",
    "Datetime",
    "Direction",
    "ExposureEnd",
    "ExposureMiddle",
    "ExposureStart",
    "Firmware",
    "IntegrationTime",
    "IntegrationTimeActual",
    "IntegrationTimeUnits",
    "NonlinearityCorrectionCoefficients",
    "OpticalPixelRange",
    "QualityFlags",
    "QualityText",
    "Run",
    "SaturatedPixels",
    "SaturationLevel",
    "SequenceNumber",
    "SerialNumber",
    "Simulated",
    "SoftwareVersion",
    "SpectrometerModel",
    "StandardDeviation",  # of every pixel: not for a table
    "Temperature",
    "TemperatureUnits",
    "TriggerTime",
    "Type",
    "WavelengthCalibrationCoefficients",
    "WavelengthCalibrationCoefficientsPiccolo",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One fact: its name, type and unit, what it means, and how it is got."""

    name: str
    type: Type
    unit: str
    meaning: str
    get: Callable[[Row], Value]


def exposure_end(spectrum: Spectrum) -> datetime:
    """When the exposure ended (aware, UTC); in old files, which don't say, start and integration time added."""
    return spectrum.exposure_end or spectrum.datetime + timedelta(milliseconds=spectrum.actual_integration_time)


def other_metadata(metadata: Mapping[str, JsonValue]) -> str | None:
    """What no other column or file tells, as JSON; None where there is nothing."""
    rest = {key: value for key, value in metadata.items() if key not in _TOLD}
    return json.dumps(rest, sort_keys=True) if rest else None


def _flags(row: Row) -> Value:
    return None if row.flags is None else int(row.flags)


def _flag_names(row: Row) -> Value:
    return None if row.flags is None else " ".join(flag_names(row.flags))


COLUMNS: tuple[Column, ...] = (
    Column("spectrum", "text", "", "Name of the spectrum in its run: file and place in it.", lambda r: r.id),
    Column("file", "text", "", "File it was recorded into.", lambda r: r.name),
    Column("run", "text", "", "Run: the folder the file is in.", lambda r: r.run),
    Column("batch", "integer", "", "Batch in the run.", lambda r: r.batch),
    Column("sequence", "integer", "", "Sequence in the batch.", lambda r: r.sequence),
    Column("kind", "text", "", "`dark` (shutters closed) or `light`.", lambda r: r.spectrum.kind.value),
    Column("direction", "text", "", "Channel.", lambda r: r.spectrum.direction),
    Column("serial_number", "text", "", "Serial number of the spectrometer.", lambda r: r.spectrum.serial_number),
    Column("model", "text", "", "Model of the spectrometer.", lambda r: r.spectrum.model),
    Column("time", "time", "", "Start of the exposure, UTC.", lambda r: r.spectrum.datetime),
    Column(
        "exposure_end",
        "time",
        "",
        "End of the exposure, UTC; for old files start and integration time added.",
        lambda r: exposure_end(r.spectrum),
    ),
    Column(
        "integration_time",
        "number",
        "ms",
        "Integration time as the device took it.",
        lambda r: r.spectrum.actual_integration_time,
    ),
    Column("averages", "integer", "", "Exposures that the counts are the mean of.", lambda r: r.spectrum.averages),
    Column("temperature", "number", "degree_Celsius", "Temperature of the detector.", lambda r: r.spectrum.temperature),
    Column("peak", "integer", "count", "Highest recorded count of the optical pixels.", lambda r: r.spectrum.peak),
    Column(
        "saturation_level",
        "number",
        "count",
        "Counts at which a pixel is saturated.",
        lambda r: r.spectrum.saturation_level,
    ),
    Column("saturated_pixels", "integer", "", "Saturated optical pixels.", lambda r: r.spectrum.saturated_pixels),
    Column(
        "quality_flags",
        "integer",
        "",
        "Sum of the quality flags, of a derived spectrum those of all it was made of; empty if it was not judged.",
        _flags,
    ),
    Column("quality_text", "text", "", "Names of these flags.", _flag_names),
    Column("dark_file", "text", "", "File with the dark that belongs to it, or was subtracted.", lambda r: r.dark_file),
    Column("simulated", "boolean", "", "Whether no real spectrometer was involved.", lambda r: r.spectrum.simulated),
    Column("mode", "text", "", "Mode of the batch.", lambda r: text(r.spectrum.metadata, "BatchMode")),
    Column(
        "trigger_time",
        "time",
        "",
        "When it was triggered, UTC.",
        lambda r: moment(r.spectrum.metadata, "TriggerTime"),
    ),
    Column(
        "software_version",
        "text",
        "",
        "Version of piccolo3 that recorded it.",
        lambda r: text(r.spectrum.metadata, "SoftwareVersion"),
    ),
    Column(
        "other_metadata",
        "text",
        "",
        "All other metadata of the file, as JSON.",
        lambda r: other_metadata(r.spectrum.metadata),
    ),
)


def as_text(value: Value) -> str:
    """A value for a table: empty for None, times in ISO 8601 with Z, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def reference() -> str:
    """The columns as a table in Markdown."""
    lines = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{column.name}` | {column.type} | {column.unit} | {column.meaning} |" for column in COLUMNS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
