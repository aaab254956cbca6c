"""Types that are made of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from piccolo3.components.datatype import DataType, JsonValue, Schema, without_none
from piccolo3.errors import InvalidValue

__all__ = ["Json", "ListOf", "Nullable"]

T_co = TypeVar("T_co", covariant=True)


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
        return without_none(type="array", items=self.inner.schema(), maxItems=self.max_items)

    def expected(self) -> str:
        limit = f" of at most {self.max_items}" if self.max_items is not None else ""
        return f"a list{limit} (each {self.inner.expected()})"

    def max_size(self) -> int | None:
        inner = self.inner.max_size()
        return None if inner is None or self.max_items is None else 2 + self.max_items * (inner + 2)
