"""Answers of a server as Python types; an answer of another type is an error that names the resource."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from piccolo3.errors import InvalidValue
from piccolo3.wire import JsonValue

__all__ = [
    "integer",
    "mapping",
    "moment",
    "number",
    "optional_integer",
    "optional_mapping",
    "optional_number",
    "optional_text",
    "optional_truth",
    "text",
    "texts",
    "truth",
]


def _unexpected(value: JsonValue, what: str, expected: str) -> InvalidValue:
    return InvalidValue(f"the server's {what} is {str(value)[:80]!r}, not {expected}")


def text(value: JsonValue, what: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise _unexpected(value, what, "a text")
    return value


def optional_text(value: JsonValue, what: str) -> str | None:
    """A string or None."""
    return None if value is None else text(value, what)


def number(value: JsonValue, what: str) -> float:
    """A number; whole ones stay int."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(value, what, "a number")
    return value


def integer(value: JsonValue, what: str) -> int:
    """A whole number."""
    if number(value, what) != int(number(value, what)):
        raise _unexpected(value, what, "a whole number")
    return int(number(value, what))


def texts(value: JsonValue, what: str) -> tuple[str, ...]:
    """A list of strings."""
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise _unexpected(value, what, "a list")
    return tuple(text(item, what) for item in value)


def mapping(value: JsonValue, what: str) -> Mapping[str, JsonValue]:
    """An object."""
    if not isinstance(value, Mapping):
        raise _unexpected(value, what, "an object")
    return value


def optional_integer(value: JsonValue, what: str) -> int | None:
    """A whole number or None."""
    return None if value is None else integer(value, what)


def optional_number(value: JsonValue, what: str) -> float | None:
    """A number or None."""
    return None if value is None else number(value, what)


def truth(value: JsonValue, what: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise _unexpected(value, what, "true or false")
    return value


def optional_truth(value: JsonValue, what: str) -> bool | None:
    """True, False or None."""
    return None if value is None else truth(value, what)


def optional_mapping(value: JsonValue, what: str) -> Mapping[str, JsonValue] | None:
    """An object or None."""
    return None if value is None else mapping(value, what)


def moment(value: JsonValue, what: str) -> datetime:
    """A date and time, aware."""
    try:
        when = datetime.fromisoformat(text(value, what))
    except ValueError:
        raise _unexpected(value, what, "a date") from None
    if when.tzinfo is None:
        raise _unexpected(value, what, "a date with an offset")
    return when
