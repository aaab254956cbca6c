"""Typed reading of the metadata of a spectrum, tolerant of what old software left out.

Old software wrote the text `Missing metadata` where it did not know a value: that counts as left out.
Everything here raises InvalidValue, naming the key, where a value is of the wrong type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue

__all__ = ["boolean", "integer", "moment", "number", "numbers", "pixel_numbers", "text", "texts", "utc_text"]

_MISSING = "Missing metadata"


def _get(metadata: Mapping[str, JsonValue], key: str) -> JsonValue:
    value = metadata.get(key)
    return None if value == _MISSING else value


def _wrong(key: str, expected: str, value: JsonValue) -> InvalidValue:
    shown = json.dumps(value)
    return InvalidValue(f"{key}: {expected} expected, not {shown if len(shown) <= 40 else shown[:37] + '...'}")


def text(metadata: Mapping[str, JsonValue], key: str) -> str | None:
    """A text, None where it is missing."""
    value = _get(metadata, key)
    if value is None or isinstance(value, str):
        return value
    raise _wrong(key, "a text", value)


def boolean(metadata: Mapping[str, JsonValue], key: str) -> bool | None:
    """True or false, None where it is missing."""
    value = _get(metadata, key)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(key, "true or false", value)


def number(metadata: Mapping[str, JsonValue], key: str) -> float | None:
    """A number, None where it is missing."""
    value = _get(metadata, key)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise _wrong(key, "a number", value)


def integer(metadata: Mapping[str, JsonValue], key: str) -> int | None:
    """An integer not below 0, None where it is missing."""
    value = _get(metadata, key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise _wrong(key, "an integer not below 0", value)


def numbers(metadata: Mapping[str, JsonValue], key: str) -> tuple[float, ...]:
    """A list of numbers, empty where it is missing."""
    value = _get(metadata, key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong(key, "a list of numbers", value)
    found = [float(item) for item in value if isinstance(item, int | float) and not isinstance(item, bool)]
    if len(found) != len(value):
        raise _wrong(key, "a list of numbers", value)
    return tuple(found)


def texts(metadata: Mapping[str, JsonValue], key: str) -> tuple[str, ...]:
    """A list of texts, empty where it is missing."""
    value = _get(metadata, key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong(key, "a list of texts", value)
    found = [item for item in value if isinstance(item, str)]
    if len(found) != len(value):
        raise _wrong(key, "a list of texts", value)
    return tuple(found)


def pixel_numbers(metadata: Mapping[str, JsonValue], key: str, limit: int) -> tuple[int, ...]:
    """A list of integers from 0 to `limit`, empty where it is missing."""
    value = _get(metadata, key)
    if value is None:
        return ()
    expected = f"a list of pixel numbers from 0 to {limit}"
    if not isinstance(value, list):
        raise _wrong(key, expected, value)
    # for some models the driver of old systems named the pixels `[()]` where it knew none
    named = [item for item in value if item != []]
    found = [item for item in named if type(item) is int and 0 <= item <= limit]
    if len(found) != len(named):
        raise _wrong(key, expected, value)
    return tuple(found)


def moment(metadata: Mapping[str, JsonValue], key: str) -> datetime | None:
    """A date with time (ISO 8601; without offset it is UTC) as aware UTC, None where it is missing."""
    value = text(metadata, key)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(key, "a date with time", value) from None


def utc_text(when: datetime) -> str:
    """The format of dates in files, like `2026-11-21T00:10:16.761883+0000`. InvalidValue for a date without offset."""
    if when.tzinfo is None:
        raise InvalidValue(f"the date {when.isoformat()} has no offset from UTC")
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "+0000"
