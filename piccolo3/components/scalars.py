"""Types of texts and truth values."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from piccolo3.components.datatype import DataType, JsonValue, Schema, listed, without_none
from piccolo3.wire import safe_name

__all__ = ["Boolean", "SafeName", "Text", "Truth"]

_BYTES_PER_CHARACTER = 12  # a character outside of the basic plane is two \uXXXX in JSON


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
        return without_none(type="string", maxLength=self.max_length, pattern=self.pattern, enum=listed(self.enum))

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
