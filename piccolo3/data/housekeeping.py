"""What housekeeping has measured, from the catalogue of a data directory."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from piccolo3.data.catalogue import rows
from piccolo3.errors import InvalidValue, NotFound
from piccolo3.jsonvalue import JsonValue, parse
from piccolo3.store import CATALOGUE_FILE

__all__ = ["samples", "write_csv", "write_json"]

Values = dict[str, JsonValue]

_BEGIN, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_QUERY = "SELECT time, quantities FROM housekeeping WHERE time >= ? AND time < ? ORDER BY time, id"


def samples(
    directory: Path, since: datetime | None = None, until: datetime | None = None, names: Sequence[str] | None = None
) -> Iterator[tuple[datetime, Values]]:
    """Time and values of each sample from `since` to before `until`, the oldest first.

    `names` are those of quantities, or what is before their slash. The catalogue is only read, also while the directory
    is in use. NotFound where there is none that can be read.
    """
    found = rows(directory, _QUERY, [_text(since or _BEGIN), _text(until or _END)])
    if found is None:
        raise NotFound(f"there is no catalogue with housekeeping: {directory.absolute() / CATALOGUE_FILE}")
    for time, quantities in found:
        yield datetime.fromisoformat(time).replace(tzinfo=UTC), _wanted(quantities, names)


def write_csv(found: Iterator[tuple[datetime, Values]], file: TextIO) -> int:
    """A row for each sample and a column for each quantity in any of them; how many rows there are."""
    kept = list(found)
    columns = list(dict.fromkeys(name for _, values in kept for name in values))
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["time", *columns])
    for time, values in kept:
        table.writerow([time.isoformat(), *(values.get(name) for name in columns)])
    return len(kept)


def write_json(found: Iterator[tuple[datetime, Values]], file: TextIO) -> int:
    """One JSON object a line; how many there are."""
    count = 0
    for time, values in found:
        file.write(json.dumps({"time": time.isoformat(), "values": values}) + "\n")
        count += 1
    return count


def _text(when: datetime) -> str:
    """As SQLAlchemy writes it."""
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')}"


def _wanted(text: str, names: Sequence[str] | None) -> Values:
    try:
        values = parse(text)
    except InvalidValue:  # somebody has edited it
        return {}
    if not isinstance(values, dict):
        return {}
    return {
        name: value
        for name, value in values.items()
        if names is None or name in names or name.partition("/")[0] in names
    }
