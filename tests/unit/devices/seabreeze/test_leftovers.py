from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from piccolo3.devices.seabreeze.leftovers import Leftovers


def spectra(number: int, sigma: float, pixels: int = 1024, dead: int = 0, seed: int = 1) -> list[NDArray[np.int32]]:
    """Flat ones with noise, whose last pixels never change."""
    random = np.random.default_rng(seed)
    found = np.rint(1000 + random.normal(0, sigma, (number, pixels))).astype(np.int32)
    found[:, pixels - dead :] = 7
    return list(found)


@pytest.mark.parametrize("sigma", [0.4, 3.0, 25.0])
@pytest.mark.parametrize("dead", [0, 100])
def test_complete_spectra_have_none(sigma: float, dead: int) -> None:
    leftovers = Leftovers()
    assert not any(leftovers.in_(counts) for counts in spectra(300, sigma, dead=dead))


@given(st.integers(64, 1000), st.sampled_from([1.0, 3.0, 25.0]), st.integers(0, 60))
def test_the_end_of_the_one_before_is_noticed(missing: int, sigma: float, dead: int) -> None:
    leftovers = Leftovers()
    first, second, third, fourth = spectra(4, sigma, dead=dead)
    assert (leftovers.in_(first), leftovers.in_(second)) == (0, 0)
    short = np.concatenate((third[:-missing], second[-missing:]))
    found = leftovers.in_(short)
    if missing - dead >= 32:
        assert missing <= found <= missing + 8
    assert leftovers.in_(fourth) == 0


def test_the_same_again_is_somebody_elses_to_notice() -> None:
    leftovers = Leftovers()
    for counts in [*spectra(3, 3.0), *spectra(3, 3.0)[-1:]]:
        assert leftovers.in_(counts) == 0


def test_saturated_spectra_are_equal_by_chance() -> None:
    leftovers = Leftovers()
    for counts in spectra(20, 3.0):
        assert leftovers.in_(np.minimum(counts, 995)) == 0


def test_of_another_length_nothing_is_known() -> None:
    leftovers = Leftovers()
    for counts in (*spectra(2, 3.0), *spectra(2, 3.0, pixels=512)):
        assert leftovers.in_(counts) == 0
