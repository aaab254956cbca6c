from __future__ import annotations

import json

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.wire import CBOR, JSON, TypedArray, decode, encode


@given(st.lists(st.integers(-(2**31), 2**31 - 1)) | st.lists(st.integers(0, 2**32 - 1)))
def test_there_and_back(values: list[int]) -> None:
    for content_format in (JSON, CBOR):
        value: JsonValue = {"id": 1, "pixels": TypedArray(values)}
        assert decode(encode(value, content_format), content_format) == {"id": 1, "pixels": values}


@pytest.mark.parametrize(
    ("values", "tag", "size"), [((0, 65535), 69, 2), ((1, 65536), 70, 4), ((-1, 5), 78, 4), ((), 69, 2)]
)
def test_the_smallest_type_is_taken(values: tuple[int, ...], tag: int, size: int) -> None:
    payload = encode({"pixels": TypedArray(values)}, CBOR)
    (found,) = cbor2.loads(payload).values()
    assert (found.tag, len(found.value)) == (tag, size * len(values))
    assert json.loads(encode({"pixels": TypedArray(values)}, JSON)) == {"pixels": list(values)}


def test_it_is_a_row_of_integers() -> None:
    array = TypedArray([3, 4, 5])
    assert (len(array), array[1], list(array[1:]), 5 in array) == (3, 4, [4, 5], True)


@pytest.mark.parametrize(
    "payload",
    [
        cbor2.dumps(cbor2.CBORTag(69, b"abc")),  # an element and a half
        cbor2.dumps(cbor2.CBORTag(69, [1, 2])),
        cbor2.dumps(cbor2.CBORTag(71, bytes(8))),
        b"\xd8\x45",
        b"\xd8",
        b"\xd8\x45\x42\x00",
        b"\xd8\x45\x5f\x42\x00\x00\xff",
        b"\xd9\x00\x45\x42\x00\x00",  # the tag in more bytes than it needs
    ],
)
def test_what_is_no_array_of_integers_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidValue, match="not CBOR"):
        decode(payload, CBOR)


def test_arrays_may_be_in_lists() -> None:
    payload = cbor2.dumps([cbor2.CBORTag(69, b"\x01\x00\x00\x01"), {"a": cbor2.CBORTag(78, b"\xff\xff\xff\xff")}, 7])
    assert decode(payload, CBOR) == [[1, 256], {"a": [-1]}, 7]
