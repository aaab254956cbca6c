"""A spectrum and the views of its metadata."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from piccolo3.errors import InvalidValue
from piccolo3.spectrum import Flag, JsonValue, Spectrum, flag_names
from piccolo3.status import SpectrumKind

COUNTS = np.array([10, 12, 100, 250, 90, 300], dtype=np.int32)


def make(**metadata: JsonValue) -> Spectrum:
    return Spectrum(COUNTS, metadata)


def test_nobody_can_change_a_spectrum() -> None:
    counts = COUNTS.copy()
    metadata: dict[str, JsonValue] = {"DarkPixels": [0, 1]}
    spectrum = Spectrum(counts, metadata)
    counts[0] = 99
    metadata["DarkPixels"] = []
    assert spectrum.pixels[0] == 10
    assert spectrum.dark_pixels == (0, 1)
    with pytest.raises(ValueError, match="read-only"):
        spectrum.pixels[0] = 1
    with pytest.raises(TypeError):
        spectrum.metadata["DarkPixels"] = []  # type: ignore[index]


def test_a_read_only_view_of_writable_counts_is_copied() -> None:
    counts = COUNTS.copy()
    view = counts[:]
    view.flags.writeable = False
    spectrum = Spectrum(view, {})
    counts[0] = 99
    assert spectrum.pixels[0] == 10


def test_frozen_counts_are_shared() -> None:
    counts = COUNTS.copy()
    counts.flags.writeable = False
    assert Spectrum(counts, {}).pixels is counts


@pytest.mark.parametrize("dtype", [np.uint16, np.int64, np.uint32])
def test_counts_of_other_integer_types_become_32_bits(dtype: type[np.integer]) -> None:
    counts: NDArray[np.integer] = COUNTS.astype(dtype)
    pixels = Spectrum(counts, {}).pixels  # type: ignore[arg-type]
    assert pixels.dtype == np.int32
    assert pixels.tolist() == COUNTS.tolist()


@pytest.mark.parametrize(
    "counts",
    [np.zeros((2, 2), np.int32), np.zeros(0, np.int32), np.array([1.5]), np.array([2**31]), np.array([True])],
)
def test_what_is_not_a_row_of_counts_is_refused(counts: NDArray[np.int32]) -> None:
    with pytest.raises(InvalidValue, match="pixel"):
        Spectrum(counts, {})


def test_metadata_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidValue, match="not finite"):
        make(Temperature=math.nan)
    with pytest.raises(InvalidValue, match="must be an object"):
        Spectrum(COUNTS, [1])  # type: ignore[arg-type]


def test_views_of_full_metadata() -> None:
    spectrum = make(
        SerialNumber="QEP1",
        SpectrometerModel="QE-PRO",
        Direction="upwelling",
        Dark=True,
        Type="dark",
        IntegrationTime=12.5,
        Datetime="2026-11-21T00:10:16.761883+0000",
        ExposureStart="2026-11-21T00:10:16.761883+0000",
        ExposureEnd="2026-11-21T00:10:16.774383+0000",
        SaturationLevel=200000,
        DarkPixels=[0, 1],
        OpticalPixelRange=[2, 6],
        Temperature=-9.99,
        Simulated=True,
        Batch=3,
        Run="r1",
        SequenceNumber=4,
    )
    assert spectrum.serial_number == "QEP1"
    assert spectrum.model == "QE-PRO"
    assert spectrum.direction == "upwelling"
    assert spectrum.dark is True
    assert spectrum.kind is SpectrumKind.DARK
    assert spectrum.integration_time == 12.5
    assert spectrum.datetime == datetime(2026, 11, 21, 0, 10, 16, 761883, UTC)
    assert spectrum.exposure_start == spectrum.datetime
    assert spectrum.exposure_end == datetime(2026, 11, 21, 0, 10, 16, 774383, UTC)
    assert spectrum.saturation_level == 200000.0
    assert spectrum.dark_pixels == (0, 1)
    assert spectrum.optical_pixel_range == (2, 6)
    assert spectrum.temperature == -9.99
    assert spectrum.simulated is True
    assert (spectrum.run, spectrum.batch, spectrum.sequence) == ("r1", 3, 4)


@pytest.mark.parametrize("missing", [{}, {"Direction": "Missing metadata", "SerialNumber": None, "Temperature": None}])
def test_what_is_missing_has_a_sensible_default(missing: dict[str, JsonValue]) -> None:
    spectrum = make(**missing)
    assert spectrum.serial_number == ""
    assert spectrum.direction == ""
    assert spectrum.model is None
    assert spectrum.exposure_start is None
    assert spectrum.exposure_end is None
    assert spectrum.saturation_level is None
    assert spectrum.dark_pixels == ()
    assert spectrum.optical_pixel_range == (0, 6)
    assert spectrum.nonlinearity_coefficients == ()
    assert spectrum.temperature is None
    assert spectrum.simulated is False
    assert (spectrum.run, spectrum.batch, spectrum.sequence) == (None, None, 0)


def test_what_has_no_sensible_default_is_an_error() -> None:
    spectrum = make(Dark="Missing metadata", Type="Missing metadata")
    with pytest.raises(InvalidValue, match="IntegrationTime is missing"):
        _ = spectrum.integration_time
    with pytest.raises(InvalidValue, match="Datetime is missing"):
        _ = spectrum.datetime
    with pytest.raises(InvalidValue, match="neither Dark nor Type"):
        _ = spectrum.kind
    with pytest.raises(InvalidValue, match="no wavelength calibration"):
        spectrum.wavelengths()


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ({"Dark": True}, SpectrumKind.DARK),
        ({"Dark": False}, SpectrumKind.LIGHT),
        ({"Type": "dark"}, SpectrumKind.DARK),
        ({"Type": "light"}, SpectrumKind.LIGHT),
        ({"Dark": True, "Type": "light"}, SpectrumKind.DARK),
        ({"Dark": False, "Type": "dark"}, SpectrumKind.LIGHT),
    ],
)
def test_kind(metadata: dict[str, JsonValue], kind: SpectrumKind) -> None:
    assert make(**metadata).kind is kind


@pytest.mark.parametrize(
    ("written", "simulated"),
    [("SIMULATED", True), ("spectrometer_worker.dummy_A", True), ("QEP01651", False), ("dummy_A", False)],
)
def test_old_files_say_by_the_serial_number_that_they_are_simulated(written: str, simulated: bool) -> None:
    assert make(SerialNumber=written).simulated is simulated
    assert make(SerialNumber=written, Simulated=False).simulated is False


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2018-01-30T17:04:30.146992Z", datetime(2018, 1, 30, 17, 4, 30, 146992, UTC)),
        ("2018-01-30T17:04:30.146992+0000", datetime(2018, 1, 30, 17, 4, 30, 146992, UTC)),
        ("2018-01-30T17:04:30", datetime(2018, 1, 30, 17, 4, 30, 0, UTC)),
        ("2018-01-30T17:04:30.5+02:00", datetime(2018, 1, 30, 15, 4, 30, 500000, UTC)),
    ],
)
def test_dates_are_aware_and_utc(written: str, utc: datetime) -> None:
    when = make(Datetime=written).datetime
    assert when == utc
    assert when.tzinfo is UTC


def test_a_date_without_offset_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC-5")
        time.tzset()
        when = make(Datetime="2018-01-30T17:04:30").datetime
    time.tzset()
    assert when == datetime(2018, 1, 30, 17, 4, 30, 0, UTC)


@pytest.mark.parametrize(
    ("key", "value", "view"),
    [
        ("SerialNumber", 5, "serial_number"),
        ("Dark", "yes", "dark"),
        ("Dark", 1, "dark"),
        ("IntegrationTime", "100", "integration_time"),
        ("IntegrationTime", True, "integration_time"),
        ("Datetime", "yesterday", "datetime"),
        ("Datetime", 5, "datetime"),
        ("Datetime", "0001-01-01T00:00:00+23:00", "datetime"),
        ("Batch", 1.5, "batch"),
        ("Batch", -1, "batch"),
        ("Batch", True, "batch"),
        ("Temperature", [], "temperature"),
        ("DarkPixels", 3, "dark_pixels"),
        ("DarkPixels", [6], "dark_pixels"),
        ("DarkPixels", [-1], "dark_pixels"),
        ("DarkPixels", [True], "dark_pixels"),
        ("DarkPixels", [1.0], "dark_pixels"),
        ("OpticalPixelRange", [0, 7], "optical_pixel_range"),
        ("OpticalPixelRange", [3, 3], "optical_pixel_range"),
        ("OpticalPixelRange", [1, 2, 3], "optical_pixel_range"),
        ("NonlinearityCorrectionCoefficients", {}, "nonlinearity_coefficients"),
        ("NonlinearityCorrectionCoefficients", ["1"], "nonlinearity_coefficients"),
    ],
)
def test_wrong_types_are_named(key: str, value: JsonValue, view: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{key}: .* expected"):
        getattr(make(**{key: value}), view)


def test_long_wrong_values_are_shortened_in_messages() -> None:
    with pytest.raises(InvalidValue) as caught:
        _ = make(Direction=["x" * 100]).direction
    assert str(caught.value) == 'Direction: a text expected, not ["' + "x" * 35 + "..."


def test_dark_pixels_that_old_drivers_wrote_as_a_nested_list_are_none() -> None:
    assert make(DarkPixels=[[]]).dark_pixels == ()


def test_wavelengths_prefer_the_coefficients_of_the_channel() -> None:
    both = make(
        WavelengthCalibrationCoefficients=[300, 0.5, 0, 0], WavelengthCalibrationCoefficientsPiccolo=[301.0, 0.5, 0.1]
    )
    assert both.wavelengths().tolist() == pytest.approx([301, 301.6, 302.4, 303.4, 304.6, 306.0])
    assert both.wavelengths(piccolo=False).tolist() == [300, 300.5, 301, 301.5, 302, 302.5]
    own = make(WavelengthCalibrationCoefficients=[300, 0.5, 0, 0])
    assert own.wavelengths().tolist() == own.wavelengths(piccolo=False).tolist()
    assert own.wavelengths().dtype == np.float64


def test_peak_and_saturation_are_those_of_the_optical_pixels() -> None:
    spectrum = make(SaturationLevel=250, OpticalPixelRange=[1, 5])
    assert spectrum.peak == 250
    assert spectrum.peak_percent == 100.0
    assert spectrum.saturated_pixels == 1
    assert spectrum.is_saturated
    whole = make(SaturationLevel=250)
    assert (whole.peak, whole.saturated_pixels, whole.peak_percent) == (300, 2, 120.0)
    faint = make(SaturationLevel=301)
    assert not faint.is_saturated
    assert faint.saturated_pixels == 0


def test_without_a_saturation_level_nothing_is_saturated() -> None:
    spectrum = make()
    assert spectrum.saturated_pixels == 0
    assert not spectrum.is_saturated
    assert math.isnan(spectrum.peak_percent)
    assert math.isnan(make(SaturationLevel=0).peak_percent)


def test_corrected_uses_what_the_metadata_know() -> None:
    assert make().corrected().tolist() == COUNTS.tolist()
    assert make(DarkPixels=[0, 1]).corrected().tolist() == (COUNTS - 11.0).tolist()
    full = make(DarkPixels=[0, 1], NonlinearityCorrectionCoefficients=[0.5, 0.001])
    assert full.corrected().tolist() == pytest.approx([(c - 11) / (0.5 + 0.001 * (c - 11)) for c in COUNTS.tolist()])


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=20))
def test_counts_are_kept_as_they_are(counts: list[int]) -> None:
    assert Spectrum(np.array(counts), {}).pixels.tolist() == counts


def test_quality_of_a_file_that_says_nothing_of_it() -> None:
    spectrum = make()
    assert spectrum.flags == Flag(0)
    assert not spectrum.is_judged
    assert spectrum.quality_text == ()
    assert (spectrum.averages, spectrum.standard_deviation) == (1, None)
    assert (spectrum.dark_file, spectrum.dark_sequence, spectrum.exposure_middle) == (None, None, None)
    assert make(QualityFlags=0).is_judged


def test_the_middle_of_an_exposure_follows_where_it_is_not_written() -> None:
    times: dict[str, JsonValue] = {"ExposureStart": "2026-11-21T00:00:01Z", "ExposureEnd": "2026-11-21T00:00:04Z"}
    assert make(**times).exposure_middle == datetime(2026, 11, 21, 0, 0, 2, 500000, UTC)
    written = make(**times, ExposureMiddle="2026-11-21T00:00:02Z")
    assert written.exposure_middle == datetime(2026, 11, 21, 0, 0, 2, tzinfo=UTC)


def test_flags_of_newer_software_are_kept() -> None:
    spectrum = make(QualityFlags=257, QualityText=["SATURATED", "FROM_THE_FUTURE"])
    assert spectrum.flags == 257
    assert Flag.SATURATED in spectrum.flags
    assert flag_names(spectrum.flags) == ["SATURATED", "BIT_8"]
    assert spectrum.quality_text == ("SATURATED", "FROM_THE_FUTURE")


@given(st.integers(0, 2**20))
def test_the_names_of_flags_lose_no_bit(bits: int) -> None:
    names = flag_names(Flag(bits))
    assert len(set(names)) == bits.bit_count()
    found = sum(Flag[name] if name in Flag.__members__ else 1 << int(name.removeprefix("BIT_")) for name in names)
    assert found == bits


def test_the_bits_in_files_keep_their_meaning() -> None:
    assert {flag.name: flag.value for flag in Flag} == {
        "SATURATED": 1,
        "WEAK_SIGNAL": 2,
        "DARK_DRIFT": 4,
        "ILLUMINATION_UNSTABLE": 8,
        "DETECTOR_TEMPERATURE": 16,
        "CLOCK_UNSYNCHRONISED": 32,
        "REPEATED_EXPOSURE": 64,
    }
