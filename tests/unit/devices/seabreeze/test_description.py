from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.devices import SpectrometerInfo, TimeChange
from piccolo3.devices.seabreeze.description import dark_pixels_of, describe, longest_run, wavelength_polynomial
from piccolo3.devices.seabreeze.features import Features
from piccolo3.errors import DeviceError
from tests.unit.devices.seabreeze.fakes import (
    FakeCooler,
    FakeDevice,
    FakeNonlinearity,
    FakeSpectrometer,
    features,
)


def described(spectrometer: FakeSpectrometer, name: str = "USB4000", **others: object) -> SpectrometerInfo:
    device = FakeDevice(features(spectrometer, **others), model=name)
    return describe(Features.of(device), name, "X1", "cseabreeze", simulated=False)


@pytest.mark.parametrize("pixels", [256, 512, 1044, 2048, 3648, 4096])
@pytest.mark.parametrize("bits", [12, 14, 16, 18])
def test_any_size_and_depth(pixels: int, bits: int) -> None:
    info = described(FakeSpectrometer(pixels=pixels, bits=bits, dark=[]))
    assert (info.pixels, info.saturation) == (pixels, 2**bits - 1)
    assert info.optical_pixel_range == (0, pixels)
    assert (info.dark_pixels, info.nonlinearity_coefficients, info.has_cooler) == ((), (), False)


@pytest.mark.parametrize(
    ("dark", "expected", "optical"),
    [
        ([], (), (0, 2048)),
        ([()], (), (0, 2048)),
        (((5, 6, (7,)),), (5, 6, 7), (8, 2048)),
        ([0, 1, 2046, 2047], (0, 1, 2046, 2047), (2, 2046)),
        (np.array([3, 2]), (2, 3), (4, 2048)),
        ([2047, 2048, -1], (2047,), (0, 2047)),
    ],
)
def test_dark_pixels_however_they_are_told(dark: object, expected: tuple[int, ...], optical: tuple[int, int]) -> None:
    info = described(FakeSpectrometer(dark=dark))
    assert (info.dark_pixels, info.optical_pixel_range) == (expected, optical)


def raising(error: Exception) -> Callable[[], Sequence[float]]:
    def answer() -> Sequence[float]:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: [0.9, 1e-6], (0.9, 1e-6)),
        (lambda: [0.0, 0.0], ()),
        (lambda: [float("nan")], ()),
        (list, ()),
        (raising(ValueError("could not convert string to float: ''")), ()),
        (raising(AssertionError()), ()),
        (raising(struct.error("unpack requires 4 bytes")), ()),
        (raising(NotImplementedError("implement in derived class")), ()),
    ],
)
def test_nonlinearity_where_it_was_written_to_the_device(
    answer: Callable[[], Sequence[float]], expected: tuple[float, ...]
) -> None:
    info = described(FakeSpectrometer(), nonlinearity_coefficients=FakeNonlinearity(answer))
    assert info.nonlinearity_coefficients == expected


def test_a_line_that_fails_is_no_missing_feature() -> None:
    failing = FakeNonlinearity(raising(OSError(errno.ETIMEDOUT, "timeout")))
    with pytest.raises(OSError, match="timeout"):
        described(FakeSpectrometer(), nonlinearity_coefficients=failing)


def test_a_cooler_is_one() -> None:
    assert described(FakeSpectrometer(), thermo_electric=FakeCooler()).has_cooler


@pytest.mark.parametrize(
    ("name", "model", "limits", "expected", "step"),
    [
        ("USB4000", "USB4000", (10, 65_535_000), (0.01, 65_534.999), 0.0),
        ("QE65000", "QE65000", (8000, 1_600_000_000), (8.0, 1_599_999.0), 1.0),
        ("NIRQuest512", "NIRQUEST512", (1500, 2500), (2.0, 2.0), 1.0),
        ("ST", "ST", (1560, 6_000_000), (1.56, 5999.99), 0.01),
    ],
)
def test_limits_are_integration_times_that_the_device_has(
    name: str, model: str, limits: tuple[int, int], expected: tuple[float, float], step: float
) -> None:
    info = described(FakeSpectrometer(limits=limits), name)
    assert (info.model, info.integration_time_step) == (model, step)
    assert (info.min_integration_time, info.max_integration_time) == pytest.approx(expected)
    assert info.possible_integration_time(expected[0]) == pytest.approx(expected[0])


@pytest.mark.parametrize(("asked", "step", "possible"), [(12.5, 1.0, 13.0), (12.0, 1.0, 12.0), (12.5, 0.0, 12.5)])
def test_times_are_never_made_shorter(asked: float, step: float, possible: float) -> None:
    name = "QE65000" if step else "USB4000"
    assert described(FakeSpectrometer(), name).possible_integration_time(asked) == possible


class Buffer:
    def clear(self) -> None:
        raise NotImplementedError

    def get_buffer_capacity(self) -> int:
        return 10


@pytest.mark.parametrize("name", ["QE-PRO", "QEPRO"])
def test_the_qe_pro_has_one_name_its_own_saturation_and_a_buffer_that_is_cleared(name: str) -> None:
    info = described(FakeSpectrometer(pixels=1044, bits=18), name, data_buffer=Buffer())
    assert (info.model, info.saturation) == ("QE-PRO", 200_000)
    assert info.freshness.can_clear_buffer
    assert info.freshness.buffer_depth == 10


def test_a_qe_pro_whose_buffer_cannot_be_cleared_is_not_used() -> None:
    with pytest.raises(DeviceError, match="can't be cleared"):
        described(FakeSpectrometer(pixels=1044), "QEPRO")


def test_of_what_nobody_knows_the_worst_is_assumed() -> None:
    info = described(FakeSpectrometer(), "BRAND-NEW")
    freshness = info.freshness
    assert info.model == "BRAND-NEW"
    assert (freshness.buffer_depth, freshness.can_clear_buffer, freshness.opens_at) == (16, False, None)
    assert freshness.on_change is TimeChange.NEXT_EXPOSURE


class Register:
    def __init__(self, value: int) -> None:
        self._value = value

    def raw_usb_write(self, data: bytes, endpoint: str) -> None:
        assert (data, endpoint) == (b"\x6b\x04", "primary_out")

    def raw_usb_read(self, endpoint: str, buffer_length: int) -> bytes:
        assert (endpoint, buffer_length) == ("primary_in", 3)
        return b"\x04" + self._value.to_bytes(2, "little")


@pytest.mark.parametrize(
    ("version", "model", "firmware"), [(0x2015, "USB2000+", "2.01.5"), (0x3A01, "FLAME-S", "3.160.1")]
)
def test_a_flame_is_no_usb2000_whoever_says_so(version: int, model: str, firmware: str) -> None:
    info = described(FakeSpectrometer(), "USB2000PLUS", raw_usb_bus_access=Register(version))
    assert (info.model, info.firmware) == (model, firmware)


@given(
    coefficients=st.tuples(st.floats(180, 900), st.floats(0.1, 2.0), st.floats(-1e-5, 1e-5), st.floats(-1e-9, 1e-9)),
    pixels=st.integers(256, 4096),
)
def test_the_polynomial_of_the_device_comes_back(coefficients: tuple[float, ...], pixels: int) -> None:
    wavelengths = np.polynomial.polynomial.polyval(np.arange(pixels), np.asarray(coefficients))
    found = wavelength_polynomial(wavelengths)
    assert np.polynomial.polynomial.polyval(np.arange(pixels), np.asarray(found)) == pytest.approx(wavelengths)


@pytest.mark.parametrize(
    "wavelengths",
    [np.full(2048, np.nan), np.zeros(2048), np.arange(2048.0)[::-1], np.arange(3.0), np.full(100, np.inf)],
)
def test_wavelengths_that_make_no_sense(wavelengths: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    with pytest.raises(DeviceError, match="wavelengths"):
        wavelength_polynomial(wavelengths)


@given(st.lists(st.integers(-3, 50)), st.integers(4, 40))
def test_the_optical_range_has_no_dark_pixel(indices: list[int], pixels: int) -> None:
    dark = dark_pixels_of(indices, pixels)
    first, end = longest_run(dark, pixels)
    assert 0 <= first < end <= pixels
    if len(dark) < pixels:
        assert not set(dark) & set(range(first, end))
