"""What a type of values is: the base class of all data types."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from piccolo3.errors import InvalidValue
from piccolo3.wire import JsonValue

__all__ = ["DataType", "JsonValue", "Schema", "listed", "shorten", "without_none"]

T_co = TypeVar("T_co", covariant=True)
Schema: TypeAlias = dict[str, JsonValue]


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


def listed(values: Sequence[JsonValue] | None) -> JsonValue:
    """Return a list for a schema; None for None."""
    return None if values is None else list(values)


def without_none(**entries: JsonValue) -> Schema:
    """Return a schema of the entries that are there."""
    return {key: value for key, value in entries.items() if value is not None}
