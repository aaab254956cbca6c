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

from piccolo3.components.compounds import Json, ListOf, Nullable
from piccolo3.components.datatype import DataType, JsonValue, Schema
from piccolo3.components.numeric import Integer, Number
from piccolo3.components.scalars import Boolean, SafeName, Text, Truth

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
]
