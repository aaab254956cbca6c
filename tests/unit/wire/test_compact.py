"""The compact form: everything comes back as it was, and nothing bad comes of bad payloads."""

from __future__ import annotations

import json
import lzma
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue, PiccoloError, TooLarge
from piccolo3.wire import CBOR, COMPACT, JSON, Document, JsonValue, TypedArray, decode, encode
from piccolo3.wire.compact import MAX_UNPACKED, pack, unpack

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "compact.md"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
ROWS = (
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=10, max_size=60)
    | st.lists(st.integers(0, 65535), min_size=16, max_size=300)
    | st.lists(st.integers(-(2**64), 2**64 - 1), min_size=16, max_size=20)
    | st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=16, max_size=40)
    | st.lists(st.integers(-(10**9), 10**9).map(lambda number: number / 1000), min_size=16, max_size=60)
    | st.lists(st.sampled_from([0.0, -0.0, 1.5]), min_size=16, max_size=20)
    | st.lists(st.integers(-5, 5) | st.booleans() | st.sampled_from([0.5, 2.0]), min_size=16, max_size=30)
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS | ROWS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


def text_of(value: object) -> str:
    """Tells 1 from 1.0 and from true, and 0.0 from -0.0."""
    return json.dumps(value)


@settings(max_examples=60)
@given(VALUES)
@example([0] * 16)
@example([-(2**63), 2**63 - 1] * 8)
@example({"": [1.5] * 16, "a/b": [[0.001] * 16]})
def test_everything_comes_back_as_it_was(value: JsonValue) -> None:
    assert text_of(unpack(pack(value))) == text_of(value)
    assert text_of(decode(encode(value, COMPACT), COMPACT)) == text_of(value)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3000), st.dictionaries(TEXTS, SCALARS, max_size=10))
def test_any_row_with_any_metadata(pixels: list[int], metadata: dict[str, JsonValue]) -> None:
    value: JsonValue = {"spectra": [{"metadata": metadata, "pixels": pixels}]}
    assert text_of(unpack(pack(value))) == text_of(value)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=16, max_size=100))
def test_typed_arrays(pixels: list[int]) -> None:
    value: JsonValue = {"spectra": [{"pixels": TypedArray(pixels)}, TypedArray(pixels)]}
    wanted = {"spectra": [{"pixels": pixels}, pixels]}
    assert unpack(pack(value)) == wanted
    assert decode(encode(value, CBOR), CBOR) == wanted
    assert decode(encode(value, JSON), JSON) == wanted


def decoder_of_the_page() -> Callable[[bytes], object]:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len([line for line in source.splitlines() if line.strip()]) <= 25
    names: dict[str, object] = {}
    exec(source, names)
    return cast("Callable[[bytes], object]", names["decode"])


@settings(max_examples=30)
@given(VALUES)
def test_the_decoder_in_the_documentation(value: JsonValue) -> None:
    assert text_of(decoder_of_the_page()(pack(value))) == text_of(value)


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidValue):
        unpack(data)


SPECTRA = pack({"spectra": [{"name": "a", "pixels": [(7 * i * i) % 1009 for i in range(500)]}]})


@given(st.integers(0, len(SPECTRA) - 1))
def test_a_cut_payload_is_refused(length: int) -> None:
    with pytest.raises(InvalidValue, match=r"too early|compact"):
        unpack(SPECTRA[:length])


@given(st.integers(0, len(SPECTRA) - 1), st.integers(1, 255))
def test_a_damaged_payload_is_refused_or_the_same(place: int, change: int) -> None:
    damaged = bytearray(SPECTRA)
    damaged[place] ^= change
    try:
        value = unpack(bytes(damaged))
    except (InvalidValue, TooLarge):
        return
    assert value == unpack(SPECTRA)  # a bit that xz does not use


def test_bytes_after_the_end() -> None:
    with pytest.raises(InvalidValue, match="after the end"):
        unpack(SPECTRA + b"x")


def made(head: object, rows: bytes = b"", length: int | None = None) -> bytes:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    size = len(text) if length is None else length
    return lzma.compress(size.to_bytes(4, "little") + text + rows, preset=0)


ROW = {"path": ["a"], "length": 2, "planes": 1, "order": 0, "base": 0, "decimals": None}


def head(value: object = None, **changes: object) -> dict[str, object]:
    return {"version": 1, "value": {"a": None} if value is None else value, "rows": [ROW | changes]}


def test_what_the_helper_makes_is_fine() -> None:
    assert unpack(made(head(), b"\x02\x03")) == {"a": [1, -2]}


@pytest.mark.parametrize(
    "payload",
    [
        lzma.compress(b"", preset=0),
        lzma.compress(b"\x00\x00", preset=0),
        made(b""),
        made(b"{}"),
        made(b"[1]"),
        made(b"\xff\xff"),
        made(b"{" * 5000),
        made(b"[" * 100_000),
        made(head(), b"\x02\x03", length=10**6),
        made({"version": 2, "value": 1, "rows": []}),
        made({"version": 1, "rows": []}),
        made({"version": 1, "value": 1}),
        made({"version": 1, "value": 1, "rows": [5]}),
        made({"version": 1, "value": 1, "rows": []}, b"more"),
        made(head(), b"\x02"),
        made(head(), b"\x02\x03\x04"),
        made(head({"b": None}), b"\x02\x03"),
        made(head({"a": 5}), b"\x02\x03"),
        made(head({"a": None}, path=["a", 0]), b"\x02\x03"),
        made(head([None], path=[1]), b"\x02\x03"),
        made(head([None], path=[-1]), b"\x02\x03"),
        made(head([None], path=[True]), b"\x02\x03"),
        made(head(path="a"), b"\x02\x03"),
        made(head(path=[{}]), b"\x02\x03"),
        made(head(length=-2), b"\x02\x03"),
        made(head(length=2.0), b"\x02\x03"),
        made(head(length=10**15), b"\x02\x03"),
        made(head(planes=0), b"\x02\x03"),
        made(head(planes=9), b"\x02\x03"),
        made(head(order=10**9), b"\x02\x03"),
        made(head(base=2**63), b"\x02\x03"),
        made(head(base="x"), b"\x02\x03"),
        made(head(decimals=400), b"\x02\x03"),
    ],
)
def test_what_is_not_what_it_says(payload: bytes) -> None:
    with pytest.raises(InvalidValue, match=r"^not a compact payload: \w+"):
        unpack(payload)


def test_bombs_are_bounded() -> None:
    bomb = lzma.compress(bytes(200 << 20), preset=1)
    rows = [{**ROW, "path": [i], "length": 4 << 20} for i in range(1000)]
    table = made({"version": 1, "value": [None] * 1000, "rows": rows}, bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="decompressed"):
            unpack(bomb)
        with pytest.raises(InvalidValue):
            unpack(table)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert len(bomb) < MAX_UNPACKED


def test_a_window_that_needs_much_memory_is_refused() -> None:
    greedy = lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 25}])
    with pytest.raises(InvalidValue):
        unpack(greedy)


def test_a_document_is_a_text_in_json_and_what_it_says_elsewhere() -> None:
    document = Document("text", lambda: {"parts": list(range(20))})
    assert decode(encode(document)) == "text"
    for content_format in (CBOR, COMPACT):
        assert decode(encode(document, content_format), content_format) == {"parts": list(range(20))}


def test_what_is_no_json() -> None:
    for value in ({1: 2}, {"a": object()}, [float("nan")] * 20, b"x"):
        with pytest.raises(PiccoloError):
            pack(cast("JsonValue", value))
