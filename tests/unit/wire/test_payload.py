"""JSON and CBOR payloads, and the forms of arguments."""

from __future__ import annotations

import json
import math
import time
from types import MappingProxyType

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue, PiccoloError, TooLarge, UnsupportedFormat
from piccolo3.status import ShutterStatus, SpectrometerStatus
from piccolo3.wire import CBOR, JSON, MAX_OBSERVABLE, MAX_PAYLOAD, JsonValue, arguments, decode, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=20
)


def test_the_numbers_of_the_interface() -> None:
    assert (JSON, CBOR, MAX_PAYLOAD, MAX_OBSERVABLE) == (50, 60, 65536, 1024)


@given(VALUES, st.sampled_from([JSON, CBOR]))
def test_what_is_encoded_is_decoded_again(value: JsonValue, content_format: int) -> None:
    assert decode(encode(value, content_format), content_format) == value


@given(VALUES)
def test_json_looks_as_the_original_wrote_it(value: JsonValue) -> None:
    assert encode(value) == json.dumps(value).encode()


@given(st.binary(max_size=200), st.sampled_from([None, JSON, CBOR]))
@example(b"\xef\xbb\xbf1", JSON)
@example(b"\xff\xfe1\x00", JSON)
def test_arbitrary_bytes_are_decoded_or_refused(payload: bytes, content_format: int | None) -> None:
    try:
        value = decode(payload, content_format)
    except PiccoloError:
        return
    assert decode(encode(value)) == value
    assert decode(encode(value, CBOR), CBOR) == value


HEADS = st.builds(
    lambda major, info, rest: bytes([major << 5 | info]) + rest,
    st.integers(0, 7),
    st.integers(0, 31),
    st.binary(max_size=3),
)


@given(st.lists(HEADS, max_size=30).map(b"".join))
def test_cbor_is_accepted_only_where_a_full_decoder_agrees(payload: bytes) -> None:
    try:
        value = decode(payload, CBOR)
    except PiccoloError:
        return
    assert cbor2.loads(payload) == value


@given(VALUES, st.integers(min_value=1, max_value=10))
def test_cut_cbor_is_refused(value: JsonValue, missing: int) -> None:
    payload = encode(value, CBOR)
    with pytest.raises(InvalidValue):
        decode(payload[:-missing], CBOR)
    with pytest.raises(InvalidValue, match="after the end"):
        decode(payload + b"\x00", CBOR)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "empty"),
        (b"\xff", "not UTF-8: invalid start byte at byte 0"),
        (b"hello", "not JSON: Expecting value: line 1 column 1"),
        (b"[1,", r"line 1 column 4 \(char 3\) \(the text ends there\)"),
        (b'{"a": 1', "the text ends there"),
        (b"1 2", "Extra data: line 1 column 3"),
        (b"NaN", "not JSON: NaN"),
        (b"[Infinity]", "not JSON: Infinity"),
        (b"-Infinity", "not JSON: -Infinity"),
        (b"1e999", "not finite"),
        (b"-1e999", "not finite"),
        (b"18446744073709551616", "integer is too large"),
        (b"-18446744073709551617", "integer is too large"),
        (b"9" * 60_000, "integer is too large"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b"[" * 65_000, "deeper than 64|not JSON"),
        (b"[" * 32_000 + b"]" * 32_000, "deeper than 64"),
        (b'{"a":' * 13_000 + b"1" + b"}" * 500, "deeper than 64"),
        (b"{1: 2}", "not JSON"),
        (b"\x00", "not JSON"),
    ],
)
def test_bad_json_says_what_is_wrong(payload: bytes, why: str) -> None:
    for content_format in (None, JSON):
        with pytest.raises(InvalidValue, match=why):
            decode(payload, content_format)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ("", "empty"),
        ("18", "ends too early"),
        ("82 01", "ends too early"),
        ("63 61 62", "ends too early"),
        ("9b ff ff ff ff ff ff ff ff", "ends too early"),
        ("7b ff ff ff ff ff ff ff ff", "ends too early"),
        ("9f 01", "ends too early"),
        ("1c", "not well-formed"),
        ("1f", "not well-formed"),
        ("7c", "not well-formed"),
        ("9d", "not well-formed"),
        ("be", "not well-formed"),
        ("ff", "a break where nothing can end"),
        ("81 ff", "a break where nothing can end"),
        ("a1 61 61 ff", "a break where nothing can end"),
        ("a1 ff", "a break where nothing can end"),
        ("19 01", "ends too early"),
        ("9f 19 01", "ends too early"),
        ("fb 3f f0", "ends too early"),
        ("a1 61 61", "ends too early"),
        ("a1 61", "ends too early"),
        ("79 00", "ends too early"),
        ("7f 61", "ends too early"),
        ("7f 79 00", "ends too early"),
        ("98", "ends too early"),
        ("01 01", "after the end"),
        ("41 61", "byte strings"),
        ("5f 41 61 ff", "byte strings"),
        ("c0 74 32 30 32 36", "tags"),
        ("c2 49 01 00 00 00 00 00 00 00 00", "tags"),
        ("c4 82 1b ff ff ff ff ff ff ff 0f 01", "tags"),
        ("d8 1c 81 d8 1d 00", "tags"),
        ("d9 d9 f7 01", "tags"),
        ("d8 23 61 61", "tags"),
        ("a1 01 02", "key is not a text"),
        ("a1 80 02", "key is not a text"),
        ("a1 f6 02", "key is not a text"),
        ("bf 61 61 ff", "key has no value"),
        ("bf 61 61 01 01 01 ff", "key is not a text"),
        ("f7", "no value of JSON"),
        ("e0", "no value of JSON"),
        ("f8 20", "no value of JSON"),
        ("f9 7e 00", "not finite"),
        ("f9 7c 00", "not finite"),
        ("fb ff f0 00 00 00 00 00 00", "not finite"),
        ("61 ff", "not CBOR"),
        ("63 ed a0 80", "not CBOR"),
        ("7f 01 ff", "part of a text"),
        ("7f 7f 61 61 ff ff", "part of a text"),
        ("81" * 65 + "01", "deeper than 64"),
        ("81" * 65_000, "deeper than 64"),
        ("9f" * 65_000, "deeper than 64"),
        ("a1 61 61" * 20_000, "deeper than 64"),
        ("c1" * 65_000, "tags"),
    ],
)
def test_bad_cbor_says_what_is_wrong(payload: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        decode(bytes.fromhex(payload), CBOR)


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("9f 01 82 02 03 ff", [1, [2, 3]]),
        ("bf 61 61 01 61 62 9f ff ff", {"a": 1, "b": []}),
        ("7f 61 61 7800 62 62 63 ff", "abc"),
        ("f9 3c 00", 1.0),
        ("fa 3f c0 00 00", 1.5),
        ("1b ff ff ff ff ff ff ff ff", 2**64 - 1),
        ("3b ff ff ff ff ff ff ff ff", -(2**64)),
        ("a0", {}),
        ("80", []),
        ("60", ""),
    ],
)
def test_all_of_json_in_cbor_is_understood(payload: str, value: JsonValue) -> None:
    assert decode(bytes.fromhex(payload), CBOR) == value


@pytest.mark.parametrize(("opening", "closing", "content_format"), [(b"[", b"]", JSON), (b"\x81", b"", CBOR)])
def test_64_levels_are_understood(opening: bytes, closing: bytes, content_format: int) -> None:
    value = decode(opening * 64 + (b"1" if content_format == JSON else b"\x01") + closing * 64, content_format)
    for _ in range(64):
        assert isinstance(value, list)
        (value,) = value
    assert value == 1


def test_the_worst_payloads_take_no_time() -> None:
    room = MAX_PAYLOAD - 2
    began = time.process_time()
    for item in (b"\x00", b"\x80", b"\x81\x00", b"\x61a"):
        decode(b"\x9f" + item * (room // len(item)) + b"\xff", CBOR)
    decode(b"\xbf" + b"\x60\x00" * (room // 2) + b"\xff", CBOR)
    decode(b"\x7f" + b"\x60" * room + b"\xff", CBOR)
    decode(b"[" + b"0," * (room // 2 - 1) + b"0]")
    assert time.process_time() - began < 5.0  # tens of milliseconds each; several times that under coverage


def test_the_content_format_must_be_known() -> None:
    for unknown in (0, 40, 42, 41, 10001):
        with pytest.raises(UnsupportedFormat, match=str(unknown)):
            decode(b"1", unknown)
        with pytest.raises(UnsupportedFormat, match=str(unknown)):
            encode(1, unknown)


def test_payloads_have_a_limit_that_a_client_can_lift() -> None:
    largest = b'"' + b"x" * (MAX_PAYLOAD - 2) + b'"'
    assert decode(largest) == "x" * (MAX_PAYLOAD - 2)
    with pytest.raises(TooLarge, match="65537 bytes") as caught:
        decode(largest + b" ")
    assert caught.value.details == {"limit": MAX_PAYLOAD}
    assert decode(largest + b" ", limit=None) == "x" * (MAX_PAYLOAD - 2)
    with pytest.raises(TooLarge):
        decode(b"123", limit=2)


@pytest.mark.parametrize("content_format", [JSON, CBOR])
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, [-math.inf], 2**64, -(2**64) - 1, "\ud800", {"\udfff": 1}],
)
def test_what_could_not_be_decoded_is_not_encoded(value: JsonValue, content_format: int) -> None:
    with pytest.raises(InvalidValue):
        encode(value, content_format)


def test_a_value_that_holds_itself_is_not_encoded() -> None:
    endless: list[JsonValue] = []
    endless.append(endless)
    with pytest.raises(InvalidValue, match="deeper"):
        encode(endless)


@pytest.mark.parametrize("content_format", [JSON, CBOR])
def test_values_of_our_own_types_become_plain_ones(content_format: int) -> None:
    value: JsonValue = MappingProxyType({"a": (SpectrometerStatus.IDLE, ShutterStatus.OPEN)})
    assert decode(encode(value, content_format), content_format) == {"a": [6, "open"]}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("5", ([5], {})),
        ("[5]", ([5], {})),
        ('{"n": 5}', ([], {"n": 5})),
        ("[[5], {}]", ([5], {})),
        ('[[], {"n": 5}]', ([], {"n": 5})),
        ("null", ([None], {})),
        ('"ab"', (["ab"], {})),
        ("[]", ([], {})),
        ("{}", ([], {})),
        ("[[], {}]", ([], {})),
        ("[1, 2]", ([1, 2], {})),
        ("[[1], [2]]", ([[1], [2]], {})),
        ("[[1], {}, 3]", ([[1], {}, 3], {})),
        ("[{}, []]", ([{}, []], {})),
        ("[[[1, 2]], {}]", ([[1, 2]], {})),
    ],
)
def test_forms_of_arguments(payload: str, expected: tuple[list[JsonValue], dict[str, JsonValue]]) -> None:
    assert arguments(decode(payload.encode())) == expected


@given(st.lists(VALUES, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=4))
def test_the_full_form_always_says_what_it_means(args: list[JsonValue], kwargs: dict[str, JsonValue]) -> None:
    assert arguments(decode(encode([args, kwargs]))) == (args, kwargs)


def test_arguments_are_copies() -> None:
    value: JsonValue = [[1], {"n": 2}]
    args, kwargs = arguments(value)
    args.append(3)
    kwargs["m"] = 4
    assert value == [[1], {"n": 2}]
