from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from piccolo3.errors import InvalidValue
from piccolo3.store.catalogue.blob import decode, encode

_ANY = st.integers(-(2**31), 2**31 - 1)
_ENDS = st.sampled_from([-(2**31), 2**31 - 1, 0, 65535, 65536, -1])
COUNTS = st.one_of(
    *(arrays(np.int32, st.integers(1, 300), elements=numbers) for numbers in (_ANY, _ENDS, st.integers(0, 200)))
)


@given(COUNTS)
def test_counts_come_back_as_they_were(counts: NDArray[np.int32]) -> None:
    found = decode(encode(counts))
    assert found.dtype == np.int32
    assert np.array_equal(found, counts)


@given(COUNTS)
def test_it_never_takes_more_than_the_counts_and_a_byte(counts: NDArray[np.int32]) -> None:
    assert len(encode(counts)) <= 4 * len(counts) + 1


def test_a_spectrum_takes_less_than_its_counts_in_16_bits() -> None:
    noise = np.random.default_rng(1).normal(0, 10, 2048)
    counts = (20000 + 15000 * np.sin(np.arange(2048) / 300) + noise).astype(np.int32)
    assert len(encode(counts)) < 0.7 * 2 * 2048


def test_the_coding_stays_the_same() -> None:
    """What is in databases has to be read for ever."""
    assert encode(np.array([100, 99, 101, 102], dtype=np.int32)) == bytes.fromhex("01c8010402")
    assert np.array_equal(decode(bytes.fromhex("01c8010402")), [100, 99, 101, 102])
    assert np.array_equal(decode(bytes.fromhex("02c8010402" + "00000000")), [100, 99, 101, 102])


@given(st.binary(max_size=64))
def test_anything_else_is_refused_or_is_counts(blob: bytes) -> None:
    try:
        found = decode(blob)
    except InvalidValue:
        return
    assert found.size


@given(COUNTS, st.data())
def test_a_blob_that_was_cut_is_refused(counts: NDArray[np.int32], data: st.DataObject) -> None:
    blob = encode(counts)
    cut = blob[: data.draw(st.integers(0, len(blob) - 1))]
    if blob[0] & 0x10:
        with pytest.raises(InvalidValue):
            decode(cut)
    else:
        with suppress(InvalidValue):
            assert len(decode(cut)) < len(counts)
