"""Names that become paths."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue
from piccolo3.wire import safe_name


@pytest.mark.parametrize(
    "name",
    [
        "spectra",
        "2026-11-21 plot 3",
        "a",
        "a..b",
        "run.1",
        "A_b-c+d.e",
        "-x",
        "+x",
        "Wiese Süd",
        "草原",
        "Ὀλυμπία",
        "हिन्दी",
        "x" * 64,
        "b000000_s000000_dark.pico",
    ],
)
def test_allowed_names_are_kept(name: str) -> None:
    assert safe_name(name) == unicodedata.normalize("NFC", name)


def test_a_name_comes_back_in_nfc() -> None:
    assert safe_name("Wiese Su\u0308d") == "Wiese S\u00fcd"
    assert safe_name("u\u0308" * 64) == "\u00fc" * 64


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "empty"),
        (".", "start with a dot"),
        ("..", "start with a dot"),
        (".hidden", "start with a dot"),
        (" x", "or a space"),
        ("x ", "end with a space"),
        (" ", "or a space"),
        ("a/b", "'/'"),
        ("/etc", "'/'"),
        ("../x", "'/'"),
        ("a\\b", "character"),
        ("C:", "':'"),
        ("a\0b", "character"),
        ("a\nb", "character"),
        ("a\x7f", "character"),
        ("a\u202eb", "character"),
        ("a\u00a0b", "character"),
        ("a\ud800", "character"),
        ("1\u0308", "character"),
        ("\u0308", "character"),
        ("\u2215", "character"),
        ("a;b", "';'"),
        ("a\u037eb", "';'"),
        ("😀", "character"),
        ("x" * 65, "longer than 64"),
        ("\U00020000" * 64, "255 bytes"),
        ("x" * 100_000, "longer than 64"),
    ],
)
def test_refused_names_say_why(name: str, rule: str) -> None:
    with pytest.raises(InvalidValue, match=rule):
        safe_name(name)


def test_the_number_of_bytes_is_limited_exactly() -> None:
    assert len(safe_name("\U00020000" * 63 + "x").encode()) == 253
    assert len(safe_name("\U00020000" * 63 + "\u0915").encode()) == 255


def test_a_long_row_of_marks_is_refused_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidValue, match="longer"):
        safe_name("a" + "\u0301\u0323" * 30_000)
    assert time.perf_counter() - began < 0.5


@given(st.text(max_size=70) | st.text(alphabet="ab/\\.. \0-_+ü\u0308", max_size=12))
@example("..")
@example("a/..")
def test_what_is_accepted_is_one_harmless_path_segment(text: str) -> None:
    try:
        name = safe_name(text)
    except InvalidValue:
        return
    assert safe_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert PurePosixPath(name).parts == (name,)
    assert PureWindowsPath(name).parts == (name,)
    assert os.path.normpath(Path("/data") / name) == f"/data/{name}"
    assert name.isprintable()
    assert name == name.strip()
    assert not name.startswith(".")
    assert len(name) <= 64
    assert len(name.encode()) <= 255


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=20))
def test_letters_of_any_script_are_allowed(text: str) -> None:
    assert safe_name(text) == unicodedata.normalize("NFC", text)
