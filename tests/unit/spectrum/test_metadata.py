"""The metadata that is written, against the format that old software knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import parse
from piccolo3.spectrum import Flag, JsonValue, SpectraList, Spectrum, dumps, loads, make_metadata
from piccolo3.status import SpectrumKind

# Keys and types of the files of the original.
METADATA: Mapping[str, JsonValue] = {
    "Dark": {"type": "boolean"},
    "DarkPixels": {"type": "array", "items": {"type": "integer"}},
    "Datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000$"},
    "Direction": {"type": "string"},
    "IntegrationTime": {"type": "integer"},
    "IntegrationTimeUnits": {"const": "milliseconds"},
    "NonlinearityCorrectionCoefficients": {"type": "array", "items": {"type": "number"}},
    "OpticalPixelRange": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    "SaturationLevel": {"type": "number"},
    "SequenceNumber": {"type": "integer"},
    "SerialNumber": {"type": "string"},
    "Temperature": {"type": ["number", "null"]},
    "TemperatureEnabled": {"type": "boolean"},
    "TemperatureUnits": {"const": "degrees Celcius"},
    "Type": {"enum": ["dark", "light"]},
    "WavelengthCalibrationCoefficients": {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 4,
    },
}
OPTIONAL: Mapping[str, JsonValue] = {
    "Averages": {"type": "integer"},
    "BatchMode": {"type": "string"},
    "Recipe": {"type": "string"},
    "DarkFile": {"type": "string"},
    "DarkSequence": {"type": "integer"},
    "ExposuresDiscarded": {"type": "integer"},
    "IntegrationTimeActual": {"type": "number"},
    "IntegrationTimeRequested": {"type": "number"},
    "QualityFlags": {"type": "integer"},
    "QualityText": {"type": "array", "items": {"type": "string"}},
    "SaturatedPixels": {"type": "integer"},
    "StandardDeviation": {"type": "array", "items": {"type": "number"}},
    "TriggerNumber": {"type": "integer"},
    "TriggerTime": METADATA["Datetime"],
    "WavelengthCalibrationCoefficientsPiccolo": {"type": "array", "items": {"type": "number"}},
}
ADDITIONS: Mapping[str, JsonValue] = {
    "Batch": {"type": "integer"},
    "ExposureEnd": METADATA["Datetime"],
    "ExposureMiddle": METADATA["Datetime"],
    "ExposureStart": METADATA["Datetime"],
    "Firmware": {"type": ["string", "null"]},
    "Run": {"type": "string"},
    "Simulated": {"type": "boolean"},
    "SoftwareVersion": {"type": "string"},
    "SpectrometerModel": {"type": "string"},
}
SCHEMA: Mapping[str, JsonValue] = {
    "type": "object",
    "required": ["Spectra"],
    "additionalProperties": False,
    "properties": {
        "Spectra": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["Metadata", "Pixels"],
                "additionalProperties": False,
                "properties": {
                    "Pixels": {"type": "array", "items": {"type": "integer"}},
                    "Metadata": {
                        "type": "object",
                        "required": [*METADATA, *ADDITIONS],
                        "additionalProperties": False,
                        "properties": {**METADATA, **OPTIONAL, **ADDITIONS},
                    },
                },
            },
        }
    },
}
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def is_of_type(value: JsonValue, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def violations(value: JsonValue, schema: JsonValue, where: str = "$") -> Iterator[str]:
    """What is wrong with a value, for the few words of JSON Schema that are used above."""
    assert isinstance(schema, Mapping)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    assert isinstance(names, list)
    if names and not any(is_of_type(value, str(name)) for name in names):
        yield f"{where}: {value!r} is not {names}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        yield f"{where}: {value!r} is not one of {allowed}"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and isinstance(value, str) and not re.search(pattern, value):
        yield f"{where}: {value!r} does not match {pattern}"
    if isinstance(value, list):
        yield from list_violations(value, schema, where)
    if isinstance(value, dict):
        yield from object_violations(value, schema, where)


def list_violations(value: list[JsonValue], schema: Mapping[str, JsonValue], where: str) -> Iterator[str]:
    fewest, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
    assert isinstance(fewest, int)
    assert isinstance(most, int)
    if not fewest <= len(value) <= most:
        yield f"{where}: {len(value)} items"
    for index, item in enumerate(value):
        yield from violations(item, schema.get("items", {}), f"{where}[{index}]")


def object_violations(value: dict[str, JsonValue], schema: Mapping[str, JsonValue], where: str) -> Iterator[str]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    assert isinstance(properties, Mapping)
    assert isinstance(required, list)
    yield from (f"{where}: {key} is missing" for key in required if key not in value)
    for key, item in value.items():
        if key in properties:
            yield from violations(item, properties[key], f"{where}.{key}")
        elif schema.get("additionalProperties") is False:
            yield f"{where}: {key} is unknown"


START = datetime(2026, 11, 21, 1, 3, 37, 979697, UTC)
ARGUMENTS: dict[str, Any] = {
    "kind": SpectrumKind.LIGHT,
    "direction": "upwelling",
    "serial_number": "FAKE1",
    "model": "QE-PRO",
    "firmware": "1.0",
    "integration_time": 10.0,
    "exposure_start": START,
    "exposure_end": START + timedelta(milliseconds=10),
    "sequence": 4,
    "batch": 3,
    "run": "r1",
    "saturation": 65535.0,
    "dark_pixels": (0, 1),
    "optical_pixel_range": (2, 6),
    "nonlinearity_coefficients": (0.849144, 7.94044e-06),
    "wavelength_coefficients": (339.9, 0.374, -1.6e-05, -1.9e-09),
    "piccolo_wavelength_coefficients": None,
    "temperature": -9.99,
    "temperature_enabled": True,
    "simulated": False,
    "software_version": "0.6.0",
}


def make(**changes: object) -> dict[str, JsonValue]:
    return make_metadata(**{**ARGUMENTS, **changes})


def written(metadata: dict[str, JsonValue]) -> JsonValue:
    """What a reader makes of the file."""
    return parse(dumps(SpectraList((Spectrum(np.arange(6, dtype=np.int32), metadata),))))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": SpectrumKind.DARK},
        {"temperature": None, "firmware": None},
        {"piccolo_wavelength_coefficients": (340.0, 0.4)},
        {"dark_pixels": (), "nonlinearity_coefficients": ()},
        {"integration_time": 0.0},
        {"dark_file": "b000003_s000004_dark.pico", "dark_sequence": 4, "batch_mode": "deled"},
        {"quality_flags": Flag(0), "saturated_pixels": 0},
        {"quality_flags": Flag.SATURATED | Flag.DARK_DRIFT, "saturated_pixels": 7},
        {"trigger_time": datetime(2026, 1, 1, tzinfo=UTC), "trigger_number": 3},
        {"averages": 1, "exposures_discarded": 0, "integration_time_requested": 1.25, "integration_time_actual": 1.3},
        # as they come from a device
        {
            "integration_time": np.float64(20),
            "saturation": np.float32(200000),
            "dark_pixels": np.array([0, 1]),
            "optical_pixel_range": np.array([2, 6]),
            "nonlinearity_coefficients": np.array([1.0, 0.5], dtype=np.float32),
            "wavelength_coefficients": np.array([1.0, 2.0, 3.0, 4.0]),
            "temperature": np.float32(-5),
            "temperature_enabled": np.bool_(True),
            "averages": np.int64(3),
            "standard_deviation": np.array([1, 2, 3, 4, 5, 6], dtype=np.float32),
            "exposures_discarded": np.int32(2),
            "integration_time_requested": np.float32(20),
            "integration_time_actual": np.float32(20.125),
            "quality_flags": np.int64(3),
            "saturated_pixels": np.int64(1),
            "dark_sequence": np.int64(1),
            "dark_file": "x",
            "trigger_number": np.int64(1),
        },
    ],
)
def test_old_software_can_read_what_we_write(changes: dict[str, object]) -> None:
    assert list(violations(written(make(**changes)), SCHEMA)) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Dark", 1),
        ("Dark", None),
        ("DarkPixels", [1.5]),
        ("Datetime", "2026-11-21T00:10:16Z"),
        ("IntegrationTime", 1.5),
        ("OpticalPixelRange", [0]),
        ("TemperatureUnits", "degrees Celsius"),
        ("Type", "Light"),
        ("Unheard", 1),
    ],
)
def test_the_check_against_the_format_finds_mistakes(key: str, value: JsonValue) -> None:
    found = list(violations(written({**make(), key: value}), SCHEMA))
    assert len(found) == 1
    assert key in found[0]
    incomplete = make()
    del incomplete["SerialNumber"]
    assert list(violations(written(incomplete), SCHEMA)) == ["$.Spectra[0].Metadata: SerialNumber is missing"]


def test_all_values() -> None:
    assert make() == {
        "Batch": 3,
        "Dark": False,
        "DarkPixels": [0, 1],
        "Datetime": "2026-11-21T01:03:37.979697+0000",
        "Direction": "upwelling",
        "ExposureEnd": "2026-11-21T01:03:37.989697+0000",
        "ExposureMiddle": "2026-11-21T01:03:37.984697+0000",
        "ExposureStart": "2026-11-21T01:03:37.979697+0000",
        "Firmware": "1.0",
        "IntegrationTime": 10,
        "IntegrationTimeUnits": "milliseconds",
        "NonlinearityCorrectionCoefficients": [0.849144, 7.94044e-06],
        "OpticalPixelRange": [2, 6],
        "Run": "r1",
        "SaturationLevel": 65535,
        "SequenceNumber": 4,
        "SerialNumber": "FAKE1",
        "Simulated": False,
        "SoftwareVersion": "0.6.0",
        "SpectrometerModel": "QE-PRO",
        "Temperature": -9.99,
        "TemperatureEnabled": True,
        "TemperatureUnits": "degrees Celcius",
        "Type": "light",
        "WavelengthCalibrationCoefficients": [339.9, 0.374, -1.6e-05, -1.9e-09],
    }


def test_fractions_of_a_millisecond_are_kept() -> None:
    assert make(integration_time=12.25)["IntegrationTime"] == 12.25
    assert type(make(integration_time=12.0)["IntegrationTime"]) is int


def test_a_reader_gets_back_what_was_given() -> None:
    spectrum = Spectrum(np.arange(6, dtype=np.int32), make(kind=SpectrumKind.DARK, integration_time=12.25))
    assert spectrum.kind is SpectrumKind.DARK
    assert spectrum.datetime == spectrum.exposure_start == START
    assert spectrum.exposure_end == ARGUMENTS["exposure_end"]
    assert spectrum.integration_time == 12.25
    assert (spectrum.run, spectrum.batch, spectrum.sequence) == ("r1", 3, 4)
    assert (spectrum.serial_number, spectrum.model, spectrum.direction) == ("FAKE1", "QE-PRO", "upwelling")
    assert (spectrum.dark_pixels, spectrum.optical_pixel_range) == ((0, 1), (2, 6))
    assert spectrum.nonlinearity_coefficients == ARGUMENTS["nonlinearity_coefficients"]
    assert spectrum.wavelength_coefficients() == ARGUMENTS["wavelength_coefficients"]
    assert spectrum.temperature == -9.99


NEW = {
    "integration_time_requested": ("IntegrationTimeRequested", 12.25, 12.25),
    "integration_time_actual": ("IntegrationTimeActual", 12.0, 12),
    "exposures_discarded": ("ExposuresDiscarded", 0, 0),
    "averages": ("Averages", 1, 1),
    "saturated_pixels": ("SaturatedPixels", 0, 0),
    "trigger_time": ("TriggerTime", START, "2026-11-21T01:03:37.979697+0000"),
    "trigger_number": ("TriggerNumber", 0, 0),
    "batch_mode": ("BatchMode", "dark_each", "dark_each"),
    "recipe": ("Recipe", "noon", "noon"),
}


@pytest.mark.parametrize("argument", NEW)
def test_what_is_given_adds_its_key_and_nothing_else(argument: str) -> None:
    key, value, expected = NEW[argument]
    assert make(**{argument: value}) == {**make(), key: expected}
    assert make(**{argument: None}) == make()


def test_flags_are_a_number_and_names() -> None:
    flags = Flag.WEAK_SIGNAL | Flag.REPEATED_EXPOSURE
    expected = {"QualityFlags": 66, "QualityText": ["WEAK_SIGNAL", "REPEATED_EXPOSURE"]}
    assert make(quality_flags=flags) == {**make(), **expected}
    assert make(quality_flags=Flag(0)) == {**make(), "QualityFlags": 0, "QualityText": []}
    assert type(make(quality_flags=flags)["QualityFlags"]) is int


def test_a_dark_is_named_by_file_and_sequence() -> None:
    named = make(dark_file="b000003_s000000_dark.pico", dark_sequence=0)
    assert named == {**make(), "DarkFile": "b000003_s000000_dark.pico", "DarkSequence": 0}
    for half in ({"dark_file": "x.pico"}, {"dark_sequence": 0}):
        with pytest.raises(InvalidValue, match="its file and its sequence number"):
            make(**half)


def test_deviations_are_rounded_to_what_they_can_tell() -> None:
    averaged = make(averages=3, standard_deviation=np.array([0, 1.0004, 1.0006, 3.2, 1e6, 7], dtype=np.float32))
    assert averaged["StandardDeviation"] == [0.0, 1.0, 1.001, 3.2, 1e6, 7.0]
    for averages in (None, 1):
        with pytest.raises(InvalidValue, match="more than one average"):
            make(averages=averages, standard_deviation=[0.0] * 6)
    with pytest.raises(InvalidValue, match="not finite"):
        make(averages=2, standard_deviation=[float("nan")] * 6)


def test_the_middle_follows_from_start_and_end_whatever_their_offsets() -> None:
    end = (START + timedelta(seconds=3)).astimezone(timezone(timedelta(hours=-7)))
    assert make(exposure_end=end)["ExposureMiddle"] == "2026-11-21T01:03:39.479697+0000"


def test_all_of_it_comes_back_from_a_file() -> None:
    metadata = make(
        **{argument: value for argument, (_, value, _) in NEW.items()} | {"averages": 4},
        standard_deviation=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0],
        dark_file="b000003_s000004_dark.pico",
        dark_sequence=4,
        quality_flags=Flag.SATURATED | Flag.CLOCK_UNSYNCHRONISED,
    )
    text = dumps(SpectraList((Spectrum(np.arange(6, dtype=np.int32), metadata),)))
    (spectrum,) = loads(text).spectra
    assert dict(spectrum.metadata) == metadata
    assert spectrum.exposure_middle == START + timedelta(milliseconds=5)
    assert spectrum.averages == 4
    assert spectrum.standard_deviation is not None
    assert spectrum.standard_deviation.tolist() == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert (spectrum.dark_file, spectrum.dark_sequence) == ("b000003_s000004_dark.pico", 4)
    assert spectrum.flags == Flag.SATURATED | Flag.CLOCK_UNSYNCHRONISED
    assert spectrum.quality_text == ("SATURATED", "CLOCK_UNSYNCHRONISED")
    assert spectrum.is_judged


def test_dates_are_written_in_utc_with_all_digits() -> None:
    local = datetime(2026, 6, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert make(exposure_start=local)["Datetime"] == "2026-05-31T23:00:00.000000+0000"
    with pytest.raises(InvalidValue, match="no offset"):
        make(exposure_end=datetime(2026, 6, 1))


@pytest.mark.parametrize(
    "changes", [{"wavelength_coefficients": (1.0, 2.0)}, {"optical_pixel_range": (1,)}, {"temperature": float("nan")}]
)
def test_what_would_be_no_valid_file_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        make(**changes)


def test_extra_keys_only_add() -> None:
    assert make(extra={"Operator": "A. Person"})["Operator"] == "A. Person"
    with pytest.raises(InvalidValue, match="meaning already: Dark, Run"):
        make(extra={"Run": "x", "Dark": True, "Operator": 1})
