"""Names of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue
from piccolo3.spectrum import FileName, file_name, parse_file_name
from piccolo3.status import SpectrumKind


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("b000000_s000000_dark.pico", FileName(0, 0, SpectrumKind.DARK)),
        ("b000012_s000345_light.pico", FileName(12, 345, SpectrumKind.LIGHT)),
        ("b000001_s000002.pico", FileName(1, 2, None)),
        ("b1000000_s000002.pico", FileName(1_000_000, 2, None)),
    ],
)
def test_names(name: str, parts: FileName) -> None:
    assert file_name(parts.batch, parts.sequence, parts.kind) == name
    assert parse_file_name(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        "",
        "example.pico",
        "b000000_s000000_dark.pico\n",
        "b000000_s000000_dark.pico.tmp",
        ".b000000_s000000_dark.pico",
        "b000000_s000000_Dark.pico",
        "b00000_s000000_dark.pico",
        "b0000000_s000000_dark.pico",
        "b000000_s-00001_dark.pico",
        "b" + "\u0660" * 6 + "_s000000_dark.pico",
        "a/b000000_s000000_dark.pico",
        "b" + "1" * 5000 + "_s000000.pico",
    ],
)
def test_other_names(name: str) -> None:
    assert parse_file_name(name) is None


@pytest.mark.parametrize(("batch", "sequence"), [(-1, 0), (0, -1), (10**12, 0), (0, 10**12)])
def test_numbers_that_are_no_name(batch: int, sequence: int) -> None:
    with pytest.raises(InvalidValue, match="name of a file"):
        file_name(batch, sequence, None)


KINDS = st.sampled_from([None, *SpectrumKind])


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1), KINDS)
def test_every_name_is_read_again(batch: int, sequence: int, kind: SpectrumKind | None) -> None:
    assert parse_file_name(file_name(batch, sequence, kind)) == FileName(batch, sequence, kind)


@given(st.from_regex(r"b0{0,4}[0-9]{1,9}_s0{0,4}[0-9]{1,9}(_dark|_light|)\.pico\n?"))
def test_a_file_has_one_name_only(name: str) -> None:
    parts = parse_file_name(name)
    assert parts is None or file_name(parts.batch, parts.sequence, parts.kind) == name
