"""What a model makes of the light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from piccolo3.devices.simulated.cooler import AMBIENT, Cooler
from piccolo3.devices.simulated.detector import Detector
from piccolo3.devices.simulated.models import MODELS, QE_PRO, Model
from piccolo3.devices.simulated.nonlinearity import linear, measured
from piccolo3.devices.simulated.optics import View, optics_of
from piccolo3.devices.simulated.sky import GRID_STEP, ClearSky, grid

ALL = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


def test_views() -> None:
    assert View.of("upwelling") is View.of("Up2") is View.CANOPY
    assert View.of("downwelling") is View.of("reference") is View.SKY


@ALL
def test_sensitivity_is_that_of_the_model(model: Model) -> None:
    optics = optics_of(model)
    detector = Detector(model, "S", 1)
    for view, time in ((View.SKY, model.downwelling_time), (View.CANOPY, model.upwelling_time)):
        light = optics.rate(view, 45.0) * time / 1000
        peak = detector.counts(light, time / 1000, -10.0, 0).max()
        assert peak / model.saturation == pytest.approx(0.8, abs=0.03)


@ALL
def test_the_spectrum_between_the_nodes_is_as_if_computed(model: Model) -> None:
    optics = optics_of(model)
    fine = grid(optics.wavelengths[0] - 10, optics.wavelengths[-1] + 10)
    sigma = model.resolution / 2.3548
    steps = round(5 * sigma / GRID_STEP)
    shape = np.exp(-((np.arange(-steps, steps + 1) * GRID_STEP) ** 2) / (2 * sigma**2))
    lit = slice(model.optical_pixel_range[0], model.optical_pixel_range[1])

    def seen(elevation: float) -> NDArray[np.float64]:
        smooth = np.convolve(ClearSky(fine).irradiance(elevation), shape / shape.sum(), mode="same")
        return np.interp(optics.wavelengths, fine, smooth)[lit]

    for elevation in (50.0, 19.0, 6.0):
        wanted = seen(elevation) / seen(45.0)
        error = np.abs(optics.rate(View.SKY, elevation)[lit] / optics.rate(View.SKY, 45.0)[lit] / wanted - 1)
        assert np.quantile(error, 0.98) < 0.001
        assert error.max() < 0.02  # in the edges of deep bands
    assert not optics.rate(View.SKY, 0.0).any()
    assert (optics.rate(View.SKY, 0.001) >= 0).all()


def test_the_oxygen_band_as_a_resolution_of_a_third_of_a_nanometre_sees_it() -> None:
    optics = optics_of(QE_PRO)
    rate = optics.rate(View.SKY, 45.0)

    def at(wavelength: float) -> float:
        return float(rate[np.argmin(np.abs(optics.wavelengths - wavelength))])

    shoulder = at(758.0)
    assert 0.05 < at(760.6) / shoulder < 0.15
    # the gap between the two branches, around 762 nm
    assert at(761.8) > 2.5 * at(760.6)
    assert at(761.8) > 1.5 * at(763.5)
    assert at(771.5) / shoulder == pytest.approx(0.93, abs=0.07)
    # and the B band
    assert at(687.2) < 0.65 * at(685.5)


def test_only_the_optical_pixels_see_light() -> None:
    rate = optics_of(QE_PRO).rate(View.SKY, 45.0)
    assert not rate[list(QE_PRO.dark_pixels)].any()
    assert (rate[slice(*QE_PRO.optical_pixel_range)] > 0).all()


@ALL
def test_the_usual_correction_restores_linearity(model: Model) -> None:
    coefficients = model.nonlinearity_coefficients
    light = np.linspace(0.0, 0.9, 300) * linear(model.saturation - model.offset, coefficients)
    counts = measured(light, coefficients, model.saturation)
    assert (np.diff(counts) > 0).all()
    polynomial = np.polynomial.polynomial.polyval(counts, np.asarray(coefficients or (1.0,)))
    assert counts / polynomial == pytest.approx(light, abs=1e-3 * model.saturation / 100)
    if coefficients:
        assert np.abs(polynomial - polynomial[0]).max() > 0.02  # there is something to correct
        assert ((polynomial > 0.8) & (polynomial < 1.1)).all()


@ALL
def test_corrected_counts_are_proportional_to_the_integration_time(model: Model) -> None:
    quiet = replace(model, read_noise=0.0, gain=1e12)
    detector = Detector(quiet, "S", 1)
    rate = optics_of(quiet).rate(View.SKY, 45.0)
    pixel = int(np.argmax(rate))

    def corrected(milliseconds: float) -> float:
        seconds = milliseconds / 1000
        dark = detector.counts(0 * rate, seconds, 0.0, 0)[pixel]
        return linear(
            float(detector.counts(rate * seconds, seconds, 0.0, 0)[pixel] - dark), model.nonlinearity_coefficients
        )

    full = corrected(model.downwelling_time)
    for share in (0.1, 0.3, 0.6):
        assert corrected(model.downwelling_time * share) / full == pytest.approx(share, rel=2e-3)


def test_dark_current_depends_on_time_and_temperature() -> None:
    detector = Detector(QE_PRO, "S", 1)
    nothing = np.zeros(QE_PRO.pixels)

    def dark(seconds: float, temperature: float) -> float:
        return float(detector.counts(nothing, seconds, temperature, 0).mean()) - QE_PRO.offset

    assert dark(1.0, AMBIENT) == pytest.approx(QE_PRO.dark_rate, rel=0.01)
    assert dark(2.0, AMBIENT) == pytest.approx(2 * dark(1.0, AMBIENT), rel=0.01)
    assert dark(10.0, AMBIENT - 7) == pytest.approx(5 * dark(1.0, AMBIENT), rel=0.01)
    assert dark(0.0, AMBIENT) == pytest.approx(0.0, abs=1.0)


def test_noise_is_that_of_electrons_and_electronics() -> None:
    model = replace(QE_PRO, dark_rate=0.0)
    detector = Detector(model, "S", 1)
    light = np.full(model.pixels, 90_000.0)

    def noise(light: NDArray[np.float64]) -> float:
        spectra = np.array([detector.counts(light, 0.1, 0.0, i) for i in range(60)])
        return float(spectra.std(axis=0).mean())

    assert noise(0 * light) == pytest.approx(model.read_noise, rel=0.1)
    slope = 0.97  # of the nonlinear response, about
    assert noise(light) == pytest.approx(slope * np.sqrt(90_000 / model.gain), rel=0.1)


def test_noise_belongs_to_the_exposure_and_the_pattern_to_the_device() -> None:
    light = np.full(QE_PRO.pixels, 5000.0)
    counts = Detector(QE_PRO, "A", 1).counts(light, 0.1, 0.0, 7)
    assert counts.dtype == np.int32
    assert np.array_equal(counts, Detector(QE_PRO, "A", 1).counts(light, 0.1, 0.0, 7))
    for other in (
        Detector(QE_PRO, "A", 1).counts(light, 0.1, 0.0, 8),
        Detector(QE_PRO, "A", 2).counts(light, 0.1, 0.0, 7),
        Detector(QE_PRO, "B", 1).counts(light, 0.1, 0.0, 7),
    ):
        assert not np.array_equal(counts, other)


@ALL
def test_saturation_clips(model: Model) -> None:
    counts = Detector(model, "S", 1).counts(np.full(model.pixels, 1e9), 1.0, 0.0, 0)
    assert (counts == model.saturation).all()


def test_the_cooler_approaches_what_it_can_reach() -> None:
    cooler = Cooler(40.0)
    assert cooler.temperature(5.0) == AMBIENT
    cooler.set(10.0, True, -10.0)
    assert cooler.temperature(10.0) == AMBIENT
    assert cooler.temperature(30.0) == pytest.approx(-10 + 35 / np.e)
    assert cooler.temperature(1000.0) == pytest.approx(-10.0)
    assert cooler.temperature(5.0) == AMBIENT  # the past does not change
    cooler.set(1000.0, True, -50.0)
    assert cooler.temperature(3000.0) == pytest.approx(AMBIENT - 40.0)
    cooler.set(3000.0, True, 60.0)
    assert cooler.temperature(6000.0) == pytest.approx(AMBIENT)
    cooler.set(6000.0, False, 0.0)
    for time in range(6001, 7000):
        cooler.set(float(time), time % 2 == 0, 0.0)
    assert len(cooler._legs) < 100
    none = Cooler(None)
    none.set(0.0, True, -10.0)
    assert none.temperature(100.0) == AMBIENT
