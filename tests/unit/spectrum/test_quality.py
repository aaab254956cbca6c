"""Flags: each one where it belongs, none where nothing can be told, and never an exception."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from piccolo3.config import QualityConfig
from piccolo3.errors import InvalidValue
from piccolo3.spectrum import Flag, JsonValue, Spectrum, Thresholds, dumps, judge, loads, smoothed_peak
from piccolo3.spectrum.quality import dark_drift, illumination_change, is_same_setup, signal, temperature_error
from piccolo3.spectrum.spectra_list import SpectraList

ROOT = Path(__file__).parents[3]
LEVEL = 1000
PIXELS = 20
OPTICAL = slice(4, 18)
LIMITS = Thresholds()
NONE = Flag(0)


def spectrum(counts: float | NDArray[np.float64], *, dark: JsonValue = False, **metadata: JsonValue) -> Spectrum:
    """Counts in the optical pixels, 50 in all others; the first three are electric dark pixels."""
    pixels = np.full(PIXELS, 50.0)
    pixels[OPTICAL] = counts
    full: dict[str, JsonValue] = {
        "Dark": dark,
        "Datetime": "2026-06-21T12:00:00Z",
        "DarkPixels": [0, 1, 2],
        "Direction": "downwelling",
        "IntegrationTime": 100,
        "OpticalPixelRange": [OPTICAL.start, OPTICAL.stop],
        "SaturationLevel": LEVEL,
        "SerialNumber": "S1",
        "Temperature": -10.0,
        "TemperatureEnabled": True,
    }
    return Spectrum(pixels.round().astype(np.int32), {**full, **metadata})


LIGHT, DARK = spectrum(800), spectrum(60, dark=True)


def test_a_good_spectrum_has_no_flags() -> None:
    flags = judge(
        LIGHT,
        LIMITS,
        dark=DARK,
        other_dark=spectrum(61, dark=True),
        other_light=spectrum(790),
        set_point=-10.5,
        clock_synchronised=True,
    )
    assert flags == NONE
    assert judge(LIGHT, LIMITS) == NONE
    assert judge(DARK, LIMITS) == NONE


def test_saturation_counts_in_the_optical_range_only() -> None:
    counts = np.full(14, 800.0)
    counts[3] = LEVEL
    clipped = spectrum(counts)
    assert judge(clipped, LIMITS) == Flag.SATURATED
    assert judge(spectrum(counts, OpticalPixelRange=[8, 18]), LIMITS) == NONE
    counts[3] = LEVEL - 1
    assert judge(spectrum(counts), LIMITS) == NONE
    assert judge(spectrum(LEVEL, dark=True), LIMITS) == Flag.SATURATED


@pytest.mark.parametrize(
    ("mean", "averages", "deviation", "saturated"),
    [
        (800, 2, 199.0, False),  # 601 and 999
        (800, 2, 200.0, True),  # 600 and 1000
        (999, 4, 0.0, False),  # what does not vary has not been higher
        (1000, 4, 0.0, True),
        (700, 100, 99.0, False),  # three deviations for many
        (700, 100, 100.0, True),
        (700, 1, 0.0, False),
    ],
)
def test_averages_are_saturated_where_one_of_them_may_have_been(
    mean: float, averages: int, deviation: float, saturated: bool
) -> None:
    deviations: list[float] = [0.0] * PIXELS
    deviations[6] = deviation
    averaged = spectrum(mean if deviation == 0 else 500, Averages=averages, StandardDeviation=deviations)
    pixels = averaged.pixels.copy()
    pixels[6] = mean
    averaged = Spectrum(pixels, averaged.metadata)
    assert averaged.is_saturated is saturated
    assert (Flag.SATURATED in judge(averaged, LIMITS)) is saturated


@given(
    st.lists(st.integers(0, LEVEL), min_size=2, max_size=10),
    st.booleans(),
)
def test_up_to_ten_averages_no_saturated_exposure_goes_unnoticed(counts: list[int], sample: bool) -> None:
    values = np.array([*counts[:-1], LEVEL])
    deviation = round(float(values.std(ddof=1 if sample else 0)), 3)
    averaged = spectrum(0, Averages=len(values), StandardDeviation=[deviation] * PIXELS)
    averaged = Spectrum(np.full(PIXELS, round(values.mean()), dtype=np.int32), averaged.metadata)
    assert averaged.saturated_pixels == 14


def test_weak_is_the_peak_without_dark() -> None:
    for counts, flags in ((159, Flag.WEAK_SIGNAL), (160, NONE)):
        assert judge(spectrum(counts), LIMITS, dark=DARK) == flags
    # without a dark the electric dark pixels (50) count, and without these what is certain
    for counts, flags in ((149, Flag.WEAK_SIGNAL), (150, NONE)):
        assert judge(spectrum(counts), LIMITS) == flags
    for counts, flags in ((99, Flag.WEAK_SIGNAL), (100, NONE)):
        assert judge(spectrum(counts, DarkPixels=[]), LIMITS) == flags
    assert judge(spectrum(159), replace(LIMITS, weak=9.0), dark=DARK) == NONE
    assert judge(spectrum(50, dark=True), LIMITS) == NONE, "darks are weak"


def test_one_hot_pixel_is_no_signal() -> None:
    hot = np.full(14, 70.0)
    hot[7] = 900
    assert judge(spectrum(hot), LIMITS) == Flag.WEAK_SIGNAL
    hot[8] = 900
    assert judge(spectrum(hot), LIMITS) == NONE


OTHERS: list[dict[str, JsonValue]] = [{"IntegrationTime": 101}, {"Direction": "upwelling"}, {"SerialNumber": "S2"}]


@pytest.mark.parametrize("other", [*OTHERS, {"Dark": False}])
def test_a_dark_of_another_setup_is_none(other: dict[str, JsonValue]) -> None:
    strange = spectrum(500, **{"Dark": True, **other})
    assert is_same_setup(LIGHT, strange) is ("Dark" in other)
    assert signal(LIGHT, strange) == signal(LIGHT) == 75.0
    assert dark_drift(DARK, strange) is None
    assert judge(DARK, LIMITS, other_dark=strange) == NONE


def test_dark_drift_is_the_median_of_the_differences() -> None:
    for counts, flags in ((70, NONE), (71, Flag.DARK_DRIFT), (50, NONE), (49, Flag.DARK_DRIFT)):
        other = spectrum(counts, dark=True)
        assert judge(DARK, LIMITS, other_dark=other) == flags
        assert judge(LIGHT, LIMITS, dark=DARK, other_dark=other) == flags
        assert judge(LIGHT, LIMITS, other_dark=other) == NONE
    upwelling = spectrum(800, Direction="upwelling")
    assert judge(upwelling, LIMITS, dark=DARK, other_dark=spectrum(300, dark=True)) == NONE
    hot = np.full(14, 60.0)
    hot[:6] = 900
    assert dark_drift(DARK, spectrum(hot, dark=True)) == 0.0


def test_illumination_is_compared_without_dark_and_by_integration_time() -> None:
    first = spectrum(800)
    assert illumination_change(first, spectrum(800), DARK, DARK) == 0.0
    assert illumination_change(spectrum(1060), spectrum(960), DARK, DARK) == pytest.approx(100 * 100 / 950)
    # half the time, half the counts above dark: the same light
    half = spectrum(430, IntegrationTime=50)
    half_dark = spectrum(60, dark=True, IntegrationTime=50)
    assert illumination_change(first, half, DARK, half_dark) == pytest.approx(0.0)
    assert judge(first, LIMITS, dark=DARK, other_light=half, other_light_dark=half_dark) == NONE
    assert judge(first, LIMITS, dark=DARK, other_light=half, other_light_dark=DARK) == NONE, "electric dark pixels"
    blind: dict[str, JsonValue] = {"DarkPixels": [], "IntegrationTime": 50}
    flags = judge(
        spectrum(800, DarkPixels=[]),
        LIMITS,
        dark=spectrum(60, dark=True, DarkPixels=[]),
        other_light=spectrum(300, **blind),
        other_light_dark=spectrum(60, dark=True, **blind),
    )
    assert flags == Flag.ILLUMINATION_UNSTABLE
    brighter = spectrum(930)
    assert judge(first, LIMITS, dark=DARK, other_light=brighter) == Flag.ILLUMINATION_UNSTABLE
    assert judge(brighter, LIMITS, dark=DARK, other_light=first) == Flag.ILLUMINATION_UNSTABLE
    assert judge(first, replace(LIMITS, illumination=20.0), dark=DARK, other_light=brighter) == NONE


def test_illumination_takes_the_time_that_the_device_took() -> None:
    quantised = spectrum(430, IntegrationTime=50, IntegrationTimeActual=40)
    half_dark = spectrum(60, dark=True, IntegrationTime=50)
    change = illumination_change(LIGHT, quantised, DARK, half_dark)
    assert change == pytest.approx(100 * (370 / 40 - 7.4) / (370 / 80 + 3.7))


def test_illumination_is_corrected_for_nonlinearity() -> None:
    coefficients: JsonValue = [1.0, -0.0005]  # the response of the detector falls towards saturation

    def seen(light: float) -> float:
        """Counts of what would be `light` counts with a linear detector."""
        return 50 + light / (1 + 0.0005 * light)

    bright, faint = seen(800), seen(400)
    curved = illumination_change(
        spectrum(bright, NonlinearityCorrectionCoefficients=coefficients),
        spectrum(faint, IntegrationTime=50, NonlinearityCorrectionCoefficients=coefficients),
    )
    assert curved == pytest.approx(0.0, abs=0.3)  # counts are whole numbers
    straight = illumination_change(spectrum(bright), spectrum(faint, IntegrationTime=50))
    assert straight == pytest.approx(100 * (1 / 1.2 - 1 / 1.4) / (1 / 2.4 + 1 / 2.8), abs=0.3)


def test_illumination_is_that_of_the_optical_pixels() -> None:
    pixels = LIGHT.pixels.copy()
    pixels[OPTICAL.stop :] = 999
    pixels[OPTICAL.start - 1] = 999
    assert illumination_change(LIGHT, Spectrum(pixels, LIGHT.metadata)) == 0.0


@pytest.mark.parametrize("other", [{"Direction": "upwelling"}, {"SerialNumber": "S2"}, {"Dark": True}])
def test_illumination_of_different_views_is_not_compared(other: dict[str, JsonValue]) -> None:
    assert illumination_change(LIGHT, spectrum(100, **other), DARK, DARK) is None
    assert judge(LIGHT, LIMITS, dark=DARK, other_light=spectrum(100, **other)) == NONE


def test_where_the_dark_is_not_known_illumination_is_not_compared() -> None:
    assert illumination_change(spectrum(800, DarkPixels=[]), spectrum(400, DarkPixels=[])) is None
    light = spectrum(60, DarkPixels=[])
    assert illumination_change(spectrum(800, DarkPixels=[]), spectrum(400, DarkPixels=[]), light, light) is None
    assert illumination_change(spectrum(800, IntegrationTime=0), spectrum(400, IntegrationTime=0)) is None
    assert illumination_change(spectrum(60), spectrum(60), DARK, DARK) is None, "no light, nothing to compare"


def test_the_temperature_counts_while_the_detector_is_cooled() -> None:
    for temperature, flags in ((-9.0, NONE), (-8.9, Flag.DETECTOR_TEMPERATURE), (-11.1, Flag.DETECTOR_TEMPERATURE)):
        assert judge(spectrum(800, Temperature=temperature), LIMITS, set_point=-10.0) == flags
        assert judge(spectrum(800, Temperature=temperature), LIMITS) == NONE
    warm = spectrum(800, Temperature=20.0, TemperatureEnabled=False)
    assert judge(warm, LIMITS, set_point=-10.0) == NONE
    assert temperature_error(spectrum(800, Temperature=None), -10.0) is None


def test_what_the_engine_knows_is_passed_on() -> None:
    assert judge(LIGHT, LIMITS, clock_synchronised=False) == Flag.CLOCK_UNSYNCHRONISED
    assert judge(LIGHT, LIMITS, repeated=True) == Flag.REPEATED_EXPOSURE
    assert judge(DARK, LIMITS, repeated=True, clock_synchronised=False) == (
        Flag.REPEATED_EXPOSURE | Flag.CLOCK_UNSYNCHRONISED
    )


def test_damaged_metadata_leave_the_other_flags() -> None:
    damaged = spectrum(100, SaturationLevel="high", Temperature="cold", Dark=None, IntegrationTime=None)
    with pytest.raises(InvalidValue):
        signal(damaged)
    flags = judge(
        damaged, LIMITS, dark=damaged, other_dark=damaged, other_light=damaged, set_point=1.0, clock_synchronised=False
    )
    assert flags == Flag.CLOCK_UNSYNCHRONISED


def test_coefficients_beyond_all_reason_flag_nothing() -> None:
    unreasonable = spectrum(800, NonlinearityCorrectionCoefficients=[1e308, 1e308, -1e308])
    assert judge(unreasonable, LIMITS, dark=DARK, other_light=unreasonable) == NONE


def test_added_flags_stay_and_are_written() -> None:
    first = spectrum(LEVEL).with_flags(Flag.SATURATED)
    both = first.with_flags(Flag.DARK_DRIFT).with_dark("b000000_s000000_dark.pico", 0)
    assert both.pixels is first.pixels
    (read,) = loads(dumps(SpectraList((both,)))).spectra
    assert read.flags == Flag.SATURATED | Flag.DARK_DRIFT
    assert read.quality_text == ("SATURATED", "DARK_DRIFT")
    assert read.metadata["SaturatedPixels"] == 14
    assert (read.dark_file, read.dark_sequence) == ("b000000_s000000_dark.pico", 0)
    good = LIGHT.with_flags(NONE)
    assert good.is_judged
    assert {key: good.metadata[key] for key in good.metadata.keys() - LIGHT.metadata.keys()} == {
        "QualityFlags": 0,
        "QualityText": [],
        "SaturatedPixels": 0,
    }


def test_the_thresholds_are_those_of_the_configuration() -> None:
    assert asdict(Thresholds()) == asdict(QualityConfig())


COUNTS = st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=12)
JUNK: st.SearchStrategy[JsonValue] = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3)
)
VALUES = st.one_of(JUNK, st.lists(JUNK, max_size=3))
KEYS = st.sampled_from(
    [*LIGHT.metadata, "Averages", "StandardDeviation", "IntegrationTimeActual", "NonlinearityCorrectionCoefficients"]
)


@st.composite
def any_spectrum(draw: st.DrawFn) -> Spectrum:
    counts = draw(COUNTS)
    sensible: dict[str, JsonValue] = {
        **LIGHT.metadata,
        "DarkPixels": [0],
        "OpticalPixelRange": [0, len(counts)],
        "Dark": draw(st.booleans()),
    }
    return Spectrum(np.array(counts), {**sensible, **draw(st.dictionaries(KEYS, VALUES, max_size=4))})


@given(st.lists(any_spectrum(), min_size=5, max_size=5), st.floats(), st.sampled_from([None, True, False]))
@settings(deadline=None)
def test_no_spectra_make_it_raise(spectra: list[Spectrum], set_point: float, clock: bool | None) -> None:
    one, dark, other_dark, light, light_dark = spectra
    flags = judge(
        one,
        LIMITS,
        dark=dark,
        other_dark=other_dark,
        other_light=light,
        other_light_dark=light_dark,
        set_point=set_point,
        clock_synchronised=clock,
    )
    assert (Flag.CLOCK_UNSYNCHRONISED in flags) is (clock is False)
    assert flags in Flag(127)


@given(st.integers(60, 999), st.integers(60, 999), st.floats(0.1, 10))
def test_a_change_of_light_is_the_same_both_ways_and_in_any_gain(one: int, two: int, gain: float) -> None:
    first, second = spectrum(one), spectrum(two)
    there, back = illumination_change(first, second), illumination_change(second, first)
    assert there == pytest.approx(back)
    assert there is not None
    assert 0 <= there <= 200
    times: dict[str, JsonValue] = {"IntegrationTime": 100 * gain}
    assert illumination_change(spectrum(one, **times), spectrum(two, **times)) == pytest.approx(there)


@given(COUNTS, st.integers(0, 11), st.integers(0, 2**31 - 1))
def test_the_smoothed_peak_is_the_highest_median_of_three(counts: list[int], where: int, hot: int) -> None:
    pixels = np.array(counts, dtype=np.int32)
    span = (0, len(counts))
    expected = max(
        (sorted(counts[i : i + 3])[1] for i in range(len(counts) - 2)),
        default=max(counts),
    )
    assert smoothed_peak(pixels, span) == expected
    if len(counts) >= 3:
        flat = np.full(len(counts), 7, dtype=np.int32)
        flat[where % len(counts)] = hot
        assert smoothed_peak(flat, span) == 7


def test_the_page_has_every_flag_with_its_bit() -> None:
    page = (ROOT / "docs/reference/quality.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", page, flags=re.MULTILINE)
    assert [(int(bit), name) for bit, name in rows] == [(flag.value, flag.name) for flag in Flag]
    sections = re.findall(r"^### `(\w+)`$", page, flags=re.MULTILINE)
    assert sections == [flag.name for flag in Flag]


@pytest.mark.parametrize("name", asdict(Thresholds()))
def test_the_page_has_every_threshold_with_its_default(name: str) -> None:
    page = (ROOT / "docs/reference/quality.md").read_text(encoding="utf-8")
    assert f"`[quality] {name}`, default {asdict(Thresholds())[name]:g} " in page
