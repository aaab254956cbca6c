"""Types of values and arguments: what they take, what they refuse, what they say of themselves."""

from __future__ import annotations

import doctest
import json
import math
from collections.abc import Sequence
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.components import datatypes
from piccolo3.components.datatypes import (
    Boolean,
    DataType,
    Integer,
    Json,
    JsonValue,
    ListOf,
    Nullable,
    Number,
    SafeName,
    Text,
    Truth,
)
from piccolo3.errors import InvalidValue


def test_the_examples() -> None:
    assert doctest.testmod(datatypes).failed == 0


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    OPEN = "open"


@pytest.mark.parametrize(
    ("datatype", "value", "expected"),
    [
        (Integer(), 5, 5),
        (Integer(), 5.0, 5),
        (Integer(lenient=True), "5", 5),
        (Integer(lenient=True), " -5 ", -5),
        (Integer(lenient=True), "5.0", 5),
        (Integer(truncate=True), 5.9, 5),
        (Integer(truncate=True), -5.9, -5),
        (Integer(minimum=-1, clamp=True), -7, -1),
        (Integer(minimum=1, maximum=3), 3, 3),
        (Integer(enum=(1, 2)), 2, 2),
        (Number(), 5, 5.0),
        (Number(lenient=True), "2.5", 2.5),
        (Number(lenient=True), "1e2", 100.0),
        (Number(lenient=True), ".5", 0.5),
        (Number(minimum=0, maximum=1), 1, 1.0),
        (Text(), "", ""),
        (Text(max_length=2), "ab", "ab"),
        (Text(pattern="[0-9]+"), "12", "12"),
        (Text(enum=("a", "b")), "b", "b"),
        (SafeName(), "run 1", "run 1"),
        (Boolean(), False, False),
        (Boolean(lenient=True), "True", True),
        (Boolean(lenient=True), "False", False),
        (Truth(), "False", True),
        (Truth(), [], False),
        (Truth(), None, False),
        (Nullable(Integer()), None, None),
        (Nullable(Integer()), 4, 4),
        (ListOf(Integer()), [1, 2.0], [1, 2]),
        (ListOf(Integer(), max_items=1), (), []),
        (Json(), {"a": [None]}, {"a": [None]}),
    ],
)
def test_takes(datatype: DataType[object], value: JsonValue, expected: object) -> None:
    result = datatype.validate(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("datatype", "value", "message"),
    [
        (Integer(), 5.5, "expected an integer, not 5.5"),
        (Integer(), "5", 'expected an integer, not "5"'),
        (Integer(), True, "expected an integer, not true"),
        (Integer(), None, "expected an integer, not null"),
        (Integer(), math.inf, "expected an integer, not Infinity"),
        (Integer(lenient=True), "5_0", 'expected an integer, not "5_0"'),
        (Integer(lenient=True), "\u0665", 'expected an integer, not "\\u0665"'),
        (Integer(lenient=True), "1" * 5000, 'expected an integer, not "' + "1" * 56 + "..."),
        (Integer(minimum=1), 0, "expected an integer of at least 1, not 0"),
        (Integer(minimum=1, maximum=3, unit="s"), 4, "expected an integer from 1 to 3 s, not 4"),
        (Integer(maximum=3), 4, "expected an integer of at most 3, not 4"),
        (Integer(enum=(1, 2)), 3, "expected one of 1, 2, not 3"),
        (Number(), math.nan, "expected a number, not NaN"),
        (Number(), False, "expected a number, not false"),
        (Number(unit="nm"), [1], "expected a number in nm, not [1]"),
        (Number(lenient=True), "nan", 'expected a number, not "nan"'),
        (Number(lenient=True), "Infinity", 'expected a number, not "Infinity"'),
        (Number(lenient=True), "1e999", 'expected a number, not "1e999"'),
        (Number(maximum=1), 10**400, "expected a number of at most 1, not 1" + "0" * 56 + "..."),
        (Number(), 10**400, "expected a number, not 1" + "0" * 56 + "..."),
        (Text(), 1, "expected a string, not 1"),
        (Text(), "\ud800", 'expected a string, not "\\ud800"'),
        (Text(max_length=2), "abc", 'expected a string of at most 2 characters, not "abc"'),
        (Text(pattern="[0-9]+"), "1\n", 'expected a string of the form [0-9]+, not "1\\n"'),
        (Text(enum=("a", "b")), "c", 'expected one of "a", "b", not "c"'),
        (SafeName(), 1, "expected a name of at most 64 letters, digits, spaces or any of . _ - +, not 1"),
        (Boolean(), 1, "expected true or false, not 1"),
        (Boolean(), "True", 'expected true or false, not "True"'),
        (Nullable(Integer()), "x", 'expected an integer, not "x"'),
        (ListOf(Integer()), "12", 'expected a list (each an integer), not "12"'),
        (ListOf(Integer()), {"1": 2}, 'expected a list (each an integer), not {"1": 2}'),
        (ListOf(Integer()), [True], "expected an integer, not true"),
        (ListOf(Integer(), max_items=1), [1, 2], "expected a list of at most 1 (each an integer), not [1, 2]"),
    ],
)
def test_refuses(datatype: DataType[object], value: JsonValue, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        datatype.validate(value)
    assert caught.value.message == message


def test_an_unsafe_name_is_refused() -> None:
    with pytest.raises(InvalidValue):
        SafeName().validate("../etc")


@pytest.mark.parametrize(
    ("datatype", "value", "expected"),
    [
        (Integer(), Level.LOW, 1),
        (Number(), 5, 5.0),
        (Number(whole_as_integer=True), 5.0, 5),
        (Number(whole_as_integer=True), 5.5, 5.5),
        (Text(), Word.OPEN, "open"),
        (SafeName(), "a", "a"),
        (Boolean(), 1, True),
        (Truth(), True, True),
        (Nullable(Text()), None, None),
        (Nullable(Text()), Word.OPEN, "open"),
        (ListOf(Number(whole_as_integer=True)), (1.0, 1.5), [1, 1.5]),
        (Json(), {"a": 1}, {"a": 1}),
    ],
)
def test_dumps_plain_json_values(datatype: DataType[object], value: object, expected: object) -> None:
    result = datatype.dump(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("datatype", "schema"),
    [
        (Integer(minimum=1, maximum=2, unit="s"), {"type": "integer", "minimum": 1, "maximum": 2, "unit": "s"}),
        (Integer(enum=(1, 2)), {"type": "integer", "enum": [1, 2]}),
        (Number(), {"type": "number"}),
        (Text(max_length=3, pattern="a*"), {"type": "string", "maxLength": 3, "pattern": "a*"}),
        (Text(enum=("a",)), {"type": "string", "enum": ["a"]}),
        (SafeName(), {"type": "string", "maxLength": 64, "format": "name"}),
        (Boolean(), {"type": "boolean"}),
        (Truth(), {"description": "anything, by its truth value"}),
        (Nullable(Text(enum=("a",))), {"type": ["string", "null"], "enum": ["a", None]}),
        (Nullable(Json(text="a plan")), {"description": "a plan"}),
        (ListOf(Boolean(), max_items=2), {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}),
    ],
)
def test_schema(datatype: DataType[object], schema: dict[str, JsonValue]) -> None:
    assert datatype.schema() == schema


@pytest.mark.parametrize(
    ("datatype", "size"),
    [
        (Text(), None),
        (Json(), None),
        (Json(size=900), 900),
        (ListOf(Integer()), None),
        (ListOf(Text(), max_items=2), None),
        (Nullable(Text()), None),
        (Nullable(Boolean()), 5),
    ],
)
def test_the_size_may_have_no_bound(datatype: DataType[object], size: int | None) -> None:
    assert datatype.max_size() == size


@pytest.mark.parametrize("datatype", [Truth(), Json(), Nullable(Boolean()), Nullable(Number(unit="s"))])
def test_says_what_is_expected(datatype: DataType[object]) -> None:
    assert datatype.expected()


json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
bounded: Sequence[DataType[object]] = [
    Integer(minimum=-(10**15), maximum=10**15, lenient=True, truncate=True),
    Number(minimum=-1e300, maximum=1e300, lenient=True, whole_as_integer=False),
    Text(max_length=5),
    Text(enum=("\U0001f600", "b")),
    SafeName(),
    Boolean(lenient=True),
    Truth(),
    Nullable(Text(max_length=2)),
    ListOf(Nullable(Text(max_length=4)), max_items=4),
]


@given(value=json_values, index=st.integers(0, len(bounded) - 1))
def test_whatever_comes_is_refused_or_fits_the_promised_size(value: JsonValue, index: int) -> None:
    datatype = bounded[index]
    try:
        canonical = datatype.validate(value)
    except InvalidValue:
        return
    text = json.dumps(datatype.dump(canonical), allow_nan=False)
    size = datatype.max_size()
    assert size is not None
    assert len(text) <= size


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_is_the_number(number: float) -> None:
    assert Number(lenient=True).validate(repr(number)) == number
