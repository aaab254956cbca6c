"""Values that JSON and CBOR can hold."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import MAX_DEPTH, JsonValue, parse, plain
from piccolo3.status import SpectrometerStatus, SpectrumKind


def test_a_copy_is_deep_and_plain() -> None:
    inner = [1, 2.5, "é", None, True]
    value = MappingProxyType({"a": (inner, {"b": inner})})
    copy = plain(value)
    assert copy == {"a": [inner, {"b": inner}]}
    inner.append(3)
    assert copy == {"a": [inner[:-1], {"b": inner[:-1]}]}


@pytest.mark.parametrize(
    ("value", "kind"),
    [(SpectrometerStatus.IDLE, int), (SpectrumKind.DARK, str), (np.float64(1.5), float), (True, bool), (2, int)],
)
def test_subclasses_become_what_they_stand_for(value: object, kind: type) -> None:
    assert type(plain(value)) is kind
    assert plain(value) == value


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), np.int32(1), np.zeros(2), 1j])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(InvalidValue, match="is not a type of JSON"):
        plain(value)


def test_keys_are_texts() -> None:
    with pytest.raises(InvalidValue, match="a key is not a text but int"):
        plain({1: 2})


def nested(levels: int) -> JsonValue:
    value: JsonValue = 1
    for _ in range(levels):
        value = [value]
    return value


def test_the_depth_is_limited() -> None:
    assert plain(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(InvalidValue, match="deeper than 64 levels"):
        plain(nested(MAX_DEPTH + 1))


def test_integers_are_limited_to_those_of_cbor() -> None:
    assert parse(f"[{2**64 - 1}, {-(2**64)}]") == [2**64 - 1, -(2**64)]
    for text in (str(2**64), str(-(2**64) - 1), "1" * 5000):
        with pytest.raises(InvalidValue, match="integer is too large"):
            parse(text)


def test_parse_says_where_a_text_is_damaged() -> None:
    with pytest.raises(InvalidValue, match=r"not JSON: Expecting ',' delimiter: line 2 column 3 \(char 6\)$"):
        parse("[1,\n2 3]")
    with pytest.raises(InvalidValue, match=r"\(the text ends there\)$"):
        parse("[1, 2\n")
