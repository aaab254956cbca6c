"""The names that the packages at the bottom offer."""

from __future__ import annotations

from types import ModuleType

import pytest

from piccolo3 import clock, errors, events, jsonvalue, spectrum, status, wire


@pytest.mark.parametrize("module", [clock, errors, events, jsonvalue, spectrum, status, wire])
def test_public_names_exist_and_are_sorted(module: ModuleType) -> None:
    names = module.__all__
    assert len(set(names)) == len(names)
    # constants, then classes, then functions
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(module, name) for name in names)


def test_the_names_of_spectrum() -> None:
    assert set(spectrum.__all__) == {
        "FileName",
        "Flag",
        "JsonValue",
        "SpectraList",
        "Spectrum",
        "Thresholds",
        "correct_counts",
        "dark_drift",
        "dumps",
        "file_name",
        "fit_wavelengths",
        "flag_names",
        "illumination_change",
        "is_same_setup",
        "judge",
        "loads",
        "make_metadata",
        "parse_file_name",
        "pixel_wavelengths",
        "smoothed_peak",
    }


def test_the_names_of_wire() -> None:
    assert set(wire.__all__) == {
        "CBOR",
        "COMPACT",
        "FORMATS",
        "JSON",
        "MAX_OBSERVABLE",
        "MAX_PAYLOAD",
        "Document",
        "JsonValue",
        "Naive",
        "TypedArray",
        "arguments",
        "body_of",
        "code_of",
        "decode",
        "encode",
        "error_from",
        "parse_time",
        "parse_time_of_day",
        "safe_name",
        "show_time",
        "show_time_of_day",
    }
