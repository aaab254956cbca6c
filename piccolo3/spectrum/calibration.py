"""From pixels to wavelengths and from counts to corrected counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.polynomial import Polynomial, polynomial
from numpy.typing import ArrayLike, NDArray

from piccolo3.errors import InvalidValue

__all__ = ["correct_counts", "fit_wavelengths", "pixel_wavelengths"]


def pixel_wavelengths(coefficients: Sequence[float], pixels: int) -> NDArray[np.float64]:
    """Wavelengths (nm), shape (pixels,), of the pixels 0, 1, ...: a polynomial of the pixel number.

    Coefficients are given lowest order first: C0 + C1 p + C2 p^2 + C3 p^3 (Ocean Optics, USB4000 Installation and
    Operation Manual, appendix "Calibrating the Wavelength of the USB4000").
    """
    if not len(coefficients):
        raise InvalidValue("the spectrum has no wavelength calibration")
    return np.asarray(polynomial.polyval(np.arange(pixels, dtype=np.float64), np.asarray(coefficients)), np.float64)


def fit_wavelengths(wavelengths: ArrayLike) -> tuple[float, float, float, float]:
    """The four coefficients (lowest order first) whose polynomial comes closest to `wavelengths`, shape (pixels,), nm.

    For devices whose driver gives wavelengths rather than coefficients. Least squares; fewer than four pixels give
    a polynomial of lower order. Raises InvalidValue for anything but a row of finite numbers.
    """
    values = np.asarray(wavelengths, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise InvalidValue("wavelengths must be a row of finite numbers")
    # fitted on pixel numbers scaled to -1..1, where the problem is well-conditioned, then converted back
    order = min(3, values.size - 1)
    domain = [0.0, max(1.0, values.size - 1.0)]
    fitted = Polynomial.fit(np.arange(values.size), values, order, domain=domain).convert().coef
    c0, c1, c2, c3 = (float(c) for c in np.pad(fitted, (0, 4 - fitted.size)))
    return c0, c1, c2, c3


def correct_counts(
    counts: ArrayLike, dark_pixels: Sequence[int] = (), nonlinearity_coefficients: Sequence[float] = ()
) -> NDArray[np.float64]:
    """Counts, shape (pixels,), with the mean of the electric dark pixels subtracted and nonlinearity corrected.

    What is left after the subtraction is divided by a polynomial (lowest order first) of itself: the response at
    so many counts relative to that of a linear detector (Ocean Optics, "OOINLCorrect: Loading Non-Linearity
    Correction Coefficients Instructions"). Where the polynomial is not above 0 the result is NaN.

    A constant term not above 0 would be a detector that does not see faint light: such coefficients (devices
    that were never calibrated have zeros, dummies of the original 0, 1, 0) are no calibration and do nothing.
    """
    values = np.array(counts, dtype=np.float64)
    if dark_pixels:
        values -= values[list(dark_pixels)].mean()
    if not len(nonlinearity_coefficients) or nonlinearity_coefficients[0] <= 0:
        return values
    response = polynomial.polyval(values, np.asarray(nonlinearity_coefficients))
    corrected = np.full_like(values, np.nan)
    np.divide(values, response, out=corrected, where=response > 0)
    return corrected
