"""The types that values, arguments and answers of resources can have.

A `DataType[T]` does three things: `validate` turns what a client sent into a `T` or refuses it, `dump` turns a `T`
into what a client gets, and `schema` describes it as a JSON Schema (a subset of it, with the additional
keyword `unit`).

>>> Number(minimum=0, maximum=10, unit="s", lenient=True).validate("2.5")
2.5
>>> Nullable(Integer(minimum=1)).validate(None) is None
True
>>> Integer(minimum=1, unit="ms").validate(0)
Traceback (most recent call last):
  ...
piccolo3.errors.InvalidValue: expected an integer of at least 1 ms, not 0
"""

from __future__ import annotations

import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from piccolo3.errors import InvalidValue
from piccolo3.wire import JsonValue, safe_name

__all__ = [
    "Boolean",
    "DataType",
    "Integer",
    "Json",
    "JsonValue",
    "ListOf",
    "Nullable",
    "Number",
    "SafeName",
    "Schema",
    "Text",
    "Truth",
    "shorten",
]

T_co = TypeVar("T_co", covariant=True)
Schema: TypeAlias = dict[str, JsonValue]

_NUMERIC = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NUMBER_SIZE = 32  # bytes that the JSON text of a number has at most; floats need up to 24
_BYTES_PER_CHARACTER = 12  # a character outside of the basic plane is two \uXXXX in JSON


def shorten(value: JsonValue, limit: int = 60) -> str:
    """Say the value as JSON, at most `limit` characters of it, for error messages."""
    text = json.dumps(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


class DataType(ABC, Generic[T_co]):
    """What a value, an argument or an answer may be."""

    @abstractmethod
    def validate(self, value: JsonValue) -> T_co:
        """Return the canonical form of what a client sent. Raises InvalidValue."""

    @abstractmethod
    def dump(self, value: T_co) -> JsonValue:  # type: ignore[misc]
        """Return the JSON value that a client gets."""
        # covariant although it is a parameter: types are stored as DataType[object] and get only what is theirs

    @abstractmethod
    def schema(self) -> Schema:
        """Describe the type as JSON Schema."""

    @abstractmethod
    def expected(self) -> str:
        """Say what is allowed, to follow the word `expected` in a message."""

    def max_size(self) -> int | None:
        """Bytes that the JSON text of a value has at most; None where there is no bound."""
        return None

    def refuse(self, value: JsonValue) -> InvalidValue:
        """Make the error for a value of the wrong type or out of range."""
        return InvalidValue(f"expected {self.expected()}, not {shorten(value)}")


def _range(minimum: float | None, maximum: float | None, unit: str | None) -> str:
    suffix = f" {unit}" if unit else ""
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}{suffix}"
    if minimum is not None:
        return f" of at least {minimum}{suffix}"
    if maximum is not None:
        return f" of at most {maximum}{suffix}"
    return f" in {unit}" if unit else ""


def _number(value: JsonValue, *, lenient: bool) -> int | float | None:
    """Return the finite number that `value` is or, if lenient, says; None if it's none."""
    if isinstance(value, str) and lenient and len(value) < _NUMBER_SIZE and _NUMERIC.fullmatch(value.strip()):
        text = value.strip()
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class Integer(DataType[int]):
    """A whole number; `5.0` is one, too.

    `lenient` also takes numeric strings, `truncate` cuts off fractions, and with `clamp` a number below the minimum
    becomes the minimum.
    """

    minimum: int | None = None
    maximum: int | None = None
    unit: str | None = None
    enum: tuple[int, ...] | None = None
    lenient: bool = False
    truncate: bool = False
    clamp: bool = False

    def validate(self, value: JsonValue) -> int:
        number = _number(value, lenient=self.lenient)
        if number is None or (number != int(number) and not self.truncate):
            raise self.refuse(value)
        whole = int(number)
        if self.clamp and self.minimum is not None:
            whole = max(whole, self.minimum)
        too_small = self.minimum is not None and whole < self.minimum
        too_large = self.maximum is not None and whole > self.maximum
        if too_small or too_large or (self.enum is not None and whole not in self.enum):
            raise self.refuse(value)
        return whole

    def dump(self, value: int) -> JsonValue:
        return value if type(value) is int else int(value)

    def schema(self) -> Schema:
        return _without_none(
            type="integer", minimum=self.minimum, maximum=self.maximum, enum=_listed(self.enum), unit=self.unit
        )

    def expected(self) -> str:
        if self.enum is not None:
            return "one of " + ", ".join(map(str, self.enum))
        return "an integer" + _range(self.minimum, self.maximum, self.unit)

    def max_size(self) -> int:
        return _NUMBER_SIZE


@dataclass(frozen=True, kw_only=True)
class Number(DataType[float]):
    """A finite number. `lenient` also takes numeric strings; `whole_as_integer` gives `5` to clients for 5.0."""

    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    lenient: bool = False
    whole_as_integer: bool = False

    def validate(self, value: JsonValue) -> float:
        number = _number(value, lenient=self.lenient)
        if number is None:
            raise self.refuse(value)
        # compared before it's made a float, as an integer can be too large for that
        if (self.minimum is not None and number < self.minimum) or (self.maximum is not None and number > self.maximum):
            raise self.refuse(value)
        try:
            return float(number)
        except OverflowError:
            raise self.refuse(value) from None

    def dump(self, value: float) -> JsonValue:
        number = float(value)
        return int(number) if self.whole_as_integer and number.is_integer() else number

    def schema(self) -> Schema:
        return _without_none(type="number", minimum=self.minimum, maximum=self.maximum, unit=self.unit)

    def expected(self) -> str:
        return "a number" + _range(self.minimum, self.maximum, self.unit)

    def max_size(self) -> int:
        return _NUMBER_SIZE


@dataclass(frozen=True, kw_only=True)
class Text(DataType[str]):
    """A string, of at most `max_length` characters, matching all of `pattern`, or one of `enum`."""

    max_length: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] | None = None

    def validate(self, value: JsonValue) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        too_long = self.max_length is not None and len(value) > self.max_length
        mismatch = self.pattern is not None and re.fullmatch(self.pattern, value) is None
        unknown = self.enum is not None and value not in self.enum
        # half of a surrogate pair is a string in JSON, but it is no text
        if too_long or mismatch or unknown or any("\ud800" <= character <= "\udfff" for character in value):
            raise self.refuse(value)
        return value

    def dump(self, value: str) -> JsonValue:
        return value if type(value) is str else str.__str__(value)

    def schema(self) -> Schema:
        return _without_none(type="string", maxLength=self.max_length, pattern=self.pattern, enum=_listed(self.enum))

    def expected(self) -> str:
        if self.enum is not None:
            return "one of " + ", ".join(map(json.dumps, self.enum))
        length = f" of at most {self.max_length} characters" if self.max_length is not None else ""
        return f"a string{length}" + (f" of the form {self.pattern}" if self.pattern else "")

    def max_size(self) -> int | None:
        length = self.max_length if self.enum is None else max(map(len, self.enum), default=0)
        return None if length is None else 2 + length * _BYTES_PER_CHARACTER


@dataclass(frozen=True, kw_only=True)
class SafeName(DataType[str]):
    """A name that can be a path segment: of a run or a file. Its rules are those of `piccolo3.wire.safe_name`."""

    def validate(self, value: JsonValue) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        return safe_name(value)

    def dump(self, value: str) -> JsonValue:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": 64, "format": "name"}

    def expected(self) -> str:
        return "a name of at most 64 letters, digits, spaces or any of . _ - +"

    def max_size(self) -> int:
        return 2 + 64 * _BYTES_PER_CHARACTER


@dataclass(frozen=True, kw_only=True)
class Boolean(DataType[bool]):
    """true or false; `lenient` also takes the strings `True` and `False`."""

    lenient: bool = False

    def validate(self, value: JsonValue) -> bool:
        if isinstance(value, bool):
            return value
        if self.lenient and isinstance(value, str) and value in {"True", "False", "true", "false"}:
            return value in {"True", "true"}
        raise self.refuse(value)

    def dump(self, value: bool) -> JsonValue:
        return bool(value)

    def schema(self) -> Schema:
        return {"type": "boolean"}

    def expected(self) -> str:
        return "true or false"

    def max_size(self) -> int:
        return len("false")


@dataclass(frozen=True, kw_only=True)
class Truth(DataType[bool]):
    """Anything, taken by its truth value: null, 0, an empty string, list or object are false."""

    def validate(self, value: JsonValue) -> bool:
        return bool(value)

    def dump(self, value: bool) -> JsonValue:
        return bool(value)

    def schema(self) -> Schema:
        return {"description": "anything, by its truth value"}

    def expected(self) -> str:
        return "anything, by its truth value"

    def max_size(self) -> int:
        return len("false")


@dataclass(frozen=True)
class Json(DataType[JsonValue]):
    """Any JSON value; `size` promises the size of its text in bytes, which an observable value needs."""

    text: str = "any JSON value"
    size: int | None = None

    def validate(self, value: JsonValue) -> JsonValue:
        return value

    def dump(self, value: JsonValue) -> JsonValue:
        return value

    def schema(self) -> Schema:
        return {"description": self.text}

    def expected(self) -> str:
        return self.text

    def max_size(self) -> int | None:
        return self.size


@dataclass(frozen=True)
class Nullable(DataType[T_co | None], Generic[T_co]):
    """null or a value of another type."""

    inner: DataType[T_co]

    def validate(self, value: JsonValue) -> T_co | None:
        return None if value is None else self.inner.validate(value)

    def dump(self, value: T_co | None) -> JsonValue:
        return None if value is None else self.inner.dump(value)

    def schema(self) -> Schema:
        inner = self.inner.schema()
        if "type" not in inner:
            return inner
        enum = inner.get("enum")
        extended: Schema = {"enum": [*enum, None]} if isinstance(enum, list) else {}
        return {**inner, "type": [inner["type"], "null"], **extended}

    def expected(self) -> str:
        return f"{self.inner.expected()}, or null"

    def refuse(self, value: JsonValue) -> InvalidValue:
        return self.inner.refuse(value)

    def max_size(self) -> int | None:
        inner = self.inner.max_size()
        return None if inner is None else max(inner, len("null"))


@dataclass(frozen=True)
class ListOf(DataType[Sequence[T_co]], Generic[T_co]):
    """A list of values of one type."""

    inner: DataType[T_co]
    max_items: int | None = None

    def validate(self, value: JsonValue) -> Sequence[T_co]:
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            raise self.refuse(value)
        if self.max_items is not None and len(value) > self.max_items:
            raise self.refuse(value)
        return [self.inner.validate(item) for item in value]

    def dump(self, value: Sequence[T_co]) -> JsonValue:
        return [self.inner.dump(item) for item in value]

    def schema(self) -> Schema:
        return _without_none(type="array", items=self.inner.schema(), maxItems=self.max_items)

    def expected(self) -> str:
        limit = f" of at most {self.max_items}" if self.max_items is not None else ""
        return f"a list{limit} (each {self.inner.expected()})"

    def max_size(self) -> int | None:
        inner = self.inner.max_size()
        return None if inner is None or self.max_items is None else 2 + self.max_items * (inner + 2)


def _listed(values: Sequence[JsonValue] | None) -> JsonValue:
    return None if values is None else list(values)


def _without_none(**entries: JsonValue) -> Schema:
    return {key: value for key, value in entries.items() if value is not None}
