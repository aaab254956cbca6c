"""Wavelengths and corrections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from piccolo3.errors import InvalidValue
from piccolo3.spectrum import correct_counts, fit_wavelengths, pixel_wavelengths

USB2000 = (339.88843, 0.37405726, -1.6419715e-05, -1.9436905e-09)


def test_the_polynomial_counts_pixels_from_0_lowest_order_first() -> None:
    assert pixel_wavelengths((1.0, 10.0, 100.0, 1000.0), 3).tolist() == [1.0, 1111.0, 1.0 + 20 + 400 + 8000]
    assert pixel_wavelengths((5.0,), 2).tolist() == [5.0, 5.0]


def test_no_coefficients_are_no_calibration() -> None:
    with pytest.raises(InvalidValue, match="no wavelength calibration"):
        pixel_wavelengths((), 3)


@given(
    st.floats(150, 1100),
    st.floats(0.05, 1.0),
    st.floats(-5e-5, 5e-5),
    st.floats(-1e-8, 1e-8),
    st.integers(4, 3648),
)
def test_a_fit_finds_the_coefficients_again(c0: float, c1: float, c2: float, c3: float, pixels: int) -> None:
    wavelengths = pixel_wavelengths((c0, c1, c2, c3), pixels)
    fitted = fit_wavelengths(wavelengths)
    assert len(fitted) == 4
    np.testing.assert_allclose(pixel_wavelengths(fitted, pixels), wavelengths, rtol=0, atol=1e-6)


def test_a_fit_gives_the_very_coefficients_of_a_real_device() -> None:
    assert fit_wavelengths(pixel_wavelengths(USB2000, 2048)) == pytest.approx(USB2000, rel=1e-6)


@pytest.mark.parametrize("wavelengths", [[500.0], [500.0, 501.0], [500.0, 501.0, 503.0]])
def test_few_pixels_are_enough_for_a_fit(wavelengths: list[float]) -> None:
    fitted = fit_wavelengths(wavelengths)
    assert pixel_wavelengths(fitted, len(wavelengths)).tolist() == pytest.approx(wavelengths)
    assert fitted[len(wavelengths) :] == (0.0,) * (4 - len(wavelengths))


@pytest.mark.parametrize("wavelengths", [[], [[1.0, 2.0]], [1.0, float("nan")], [float("inf")], 5.0])
def test_what_is_no_row_of_wavelengths_is_refused(wavelengths: ArrayLike) -> None:
    with pytest.raises(InvalidValue, match="row of finite numbers"):
        fit_wavelengths(wavelengths)


def test_the_mean_of_the_dark_pixels_is_subtracted() -> None:
    assert correct_counts([10, 13, 100], [0, 1]).tolist() == [-1.5, 1.5, 88.5]
    assert correct_counts([10, 13, 100]).tolist() == [10.0, 13.0, 100.0]


def test_nonlinearity_divides_what_is_left_by_the_polynomial_of_it() -> None:
    corrected = correct_counts([100, 1100, 2100], [0], [0.9, 1e-5, 1e-9])
    assert corrected.tolist() == pytest.approx([0.0, 1000 / (0.9 + 0.01 + 0.001), 2000 / (0.9 + 0.02 + 0.004)])


def test_a_detector_made_nonlinear_is_linear_again() -> None:
    light = np.linspace(0, 50_000, 11)
    # counts are the fixed point of: counts = light * response(counts)
    coefficients = (0.98, -2e-6)
    counts = light * coefficients[0] / (1 - light * coefficients[1])
    np.testing.assert_allclose(correct_counts(counts, (), coefficients), light, rtol=1e-12)


@pytest.mark.parametrize("coefficients", [(0, 1, 0.0), (0.0,) * 8, (-1.0, 1.0)])
def test_coefficients_that_are_no_calibration_do_nothing(coefficients: tuple[float, ...]) -> None:
    assert correct_counts([0, 1, 100], (), coefficients).tolist() == [0.0, 1.0, 100.0]


def test_where_the_polynomial_says_nothing_the_result_is_nan() -> None:
    corrected = correct_counts([10, 100, 200], (), [1.0, -0.01])
    assert corrected[0] == pytest.approx(10 / 0.9)
    assert np.isnan(corrected[1:]).all()


def test_the_counts_given_are_left_alone() -> None:
    counts = np.array([1.0, 2.0])
    correct_counts(counts, [0])
    assert counts.tolist() == [1.0, 2.0]
