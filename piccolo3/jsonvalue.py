"""Values that are the same in Python, JSON (RFC 8259) and CBOR (RFC 8949), and nothing else.

Whatever comes from outside (payloads, files) is checked here once, so that it can always be written again:
no NaN, no infinities, no integers beyond what CBOR holds without a tag, no lone surrogates, no deep nesting.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from piccolo3.errors import InvalidValue

__all__ = ["MAX_DEPTH", "JsonValue", "parse", "plain"]

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

MAX_DEPTH = 64
_INTEGER_LIMIT = 2**64


def parse(text: str) -> JsonValue:
    """The value of a JSON text. Raises InvalidValue that says what is wrong and where."""
    try:
        return plain(json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        end = " (the text ends there)" if error.pos >= len(text.rstrip()) else ""
        raise InvalidValue(f"not JSON: {error}{end}") from error
    except ValueError as error:  # Python refuses to convert integers of thousands of digits
        raise InvalidValue("not usable: an integer is too large") from error
    except RecursionError:
        raise _too_deep() from None


def plain(value: object, special: Callable[[object], JsonValue] | None = None) -> JsonValue:
    """A copy of `value` made of None, bool, int, float, str, list and dict only, and what `special` makes of the rest.

    Raises InvalidValue where there is a rest and it is not given.
    """
    return _plain(value, 0, special)


def _plain(value: object, depth: int, special: Callable[[object], JsonValue] | None) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    if depth >= MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1, special) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(value) if _are_plain_numbers(value) else [_plain(item, depth + 1, special) for item in value]
    if special is not None:
        return special(value)
    raise InvalidValue(f"{type(value).__name__} is not a type of JSON")


def _are_plain_numbers(values: Sequence[Any]) -> bool:
    """Whether a row is only of integers, or only of floats, that can stay as they are: that is told much faster."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return bool(min(values) >= -_INTEGER_LIMIT and max(values) < _INTEGER_LIMIT)
    return kinds == {float} and all(map(math.isfinite, values))


def _number(value: int | float) -> int | float:
    if isinstance(value, int):
        if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
            raise InvalidValue("not usable: an integer is too large")
        return int(value)  # enumerations become what they stand for
    if not math.isfinite(value):
        raise InvalidValue("not usable: a number is not finite")
    return float(value)


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidValue("not usable: a text has a lone surrogate") from None
    return str.__str__(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise InvalidValue(f"not usable: a key is not a text but {type(key).__name__}")
    return _text(key)


def _refuse_constant(name: str) -> None:
    raise InvalidValue(f"not JSON: {name}")


def _too_deep() -> InvalidValue:
    return InvalidValue(f"not usable: nested deeper than {MAX_DEPTH} levels")
