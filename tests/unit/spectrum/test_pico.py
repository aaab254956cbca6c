"""Reading and writing `.pico` files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue, PiccoloError
from piccolo3.spectrum import JsonValue, SpectraList, Spectrum, dumps, loads
from piccolo3.status import SpectrumKind

OLD = Path(__file__).parent / "data" / "old.pico"
EXAMPLE = Path(__file__).parents[3] / "pdata" / "example.pico"
MINIMAL: dict[str, JsonValue] = {"Dark": False, "Datetime": "2026-11-21T00:10:16.761883+0000", "IntegrationTime": 10}

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda key: not key[:1].isupper())
EXTRA: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
SPECTRA = st.builds(
    lambda pixels, extra, sequence: Spectrum(
        np.array(pixels), {**MINIMAL, **extra, "Run": "r", "Batch": 7, "SequenceNumber": sequence}
    ),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=20),
    st.dictionaries(KEYS, EXTRA, max_size=4),
    st.integers(0, 10**6),
)


def content(spectra: SpectraList) -> list[tuple[dict[str, JsonValue], list[int]]]:
    return [(dict(spectrum.metadata), spectrum.pixels.tolist()) for spectrum in spectra.spectra]


def file_with(**changes: JsonValue) -> str:
    return json.dumps({"Spectra": [{"Metadata": {**MINIMAL, **changes}, "Pixels": [1, 2, 3]}]})


def test_a_file_of_the_old_system_loads() -> None:
    spectra = loads(OLD.read_bytes())
    assert (spectra.run, spectra.batch, spectra.sequence) == ("meadow", 3, 2)
    assert spectra.kinds == (SpectrumKind.LIGHT,)
    assert spectra.directions == ("Downwelling", "Upwelling")
    upwelling, downwelling = spectra.spectra
    assert upwelling.direction == "Upwelling"
    assert upwelling.simulated
    assert upwelling.integration_time == 250.0
    assert upwelling.datetime.isoformat() == "2018-03-01T09:15:02.000125+00:00"
    assert upwelling.pixels.tolist() == [12, 40, 310, 1890, 2750, 2810, 2799, 2500, 1400, 305, 61, 11]
    assert not upwelling.is_saturated
    assert downwelling.saturated_pixels == 1
    assert upwelling.wavelengths()[:2].tolist() == pytest.approx([400.0, 424.51])
    assert upwelling.corrected()[0] == pytest.approx(12 / (0.9 + 6e-6 * 12), rel=1e-6)


def test_nothing_of_an_old_file_is_lost() -> None:
    before = json.loads(OLD.read_text())
    after = json.loads(dumps(loads(OLD.read_text())))
    assert after == before
    assert type(after["Spectra"][0]["Metadata"]["IntegrationTime"]) is float


def test_our_example_is_what_we_write() -> None:
    text = EXAMPLE.read_text()
    spectra = loads(text)
    assert dumps(spectra) == text
    assert spectra.directions == ("downwelling", "upwelling")
    assert spectra.run == "example"
    for spectrum in spectra.spectra:
        assert spectrum.simulated
        assert spectrum.model == "STS-VIS"
        assert 75 < spectrum.peak_percent < 85
        assert abs(spectrum.corrected()[list(spectrum.dark_pixels)].mean()) < 1e-6
        assert spectrum.exposure_start is not None
        assert spectrum.exposure_end is not None
        exposed = spectrum.exposure_end - spectrum.exposure_start
        assert exposed.total_seconds() * 1000 == pytest.approx(spectrum.integration_time)
    # plants are brighter beyond 700 nm than in the red, and green rather than red
    downwelling, upwelling = spectra.spectra
    ratio = upwelling.corrected()[20:] / downwelling.corrected()[20:]
    at = {nm: ratio[np.argmin(np.abs(upwelling.wavelengths()[20:] - nm))] for nm in (550, 670, 750)}
    assert at[750] > 3 * at[550] > 3 * at[670]


def test_the_layout_is_that_of_the_original() -> None:
    spectrum = Spectrum(np.array([3, -1]), {"Type": "dark", "Direction": "süd", "DarkPixels": []})
    assert dumps(SpectraList((spectrum,))) == (
        '{\n "Spectra": [\n  {\n   "Metadata": {\n    "DarkPixels": [],\n    "Direction": "s\\u00fcd",\n'
        '    "Type": "dark"\n   },\n   "Pixels": [\n    3,\n    -1\n   ]\n  }\n ]\n}'
    )


@given(st.lists(SPECTRA, min_size=1, max_size=3))
def test_what_is_written_is_read_again(spectra: list[Spectrum]) -> None:
    written = SpectraList(tuple(spectra), run="r", batch=7, sequence=spectra[0].sequence)
    text = dumps(written)
    read = loads(text)
    assert content(read) == content(written)
    assert (read.run, read.batch, read.sequence) == (written.run, written.batch, written.sequence)
    assert dumps(read) == text
    assert content(loads(text.encode())) == content(written)


def test_a_file_without_spectra_is_an_empty_list() -> None:
    empty = loads('{"Spectra": []}', file_name="b000002_s000003.pico", run="r")
    assert (empty.spectra, empty.run, empty.batch, empty.sequence) == ((), "r", 2, 3)
    assert dumps(empty) == '{\n "Spectra": []\n}'


def test_the_place_comes_from_the_metadata_then_from_the_name() -> None:
    named = loads(file_with(), file_name="b000002_s000003_light.pico", run="r")
    assert (named.run, named.batch, named.sequence) == ("r", 2, 3)
    inside = loads(file_with(Run="q", Batch=5, SequenceNumber=0), file_name="b000002_s000003_light.pico", run="r")
    assert (inside.run, inside.batch, inside.sequence) == ("q", 5, 0)
    nowhere = loads(file_with(), file_name="copy.pico")
    assert (nowhere.run, nowhere.batch, nowhere.sequence) == (None, 0, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file is empty"),
        (b"\n ", "the file is empty"),
        (b"\xff", "not UTF-8: invalid start byte at byte 0"),
        ("\0\0\0\0", "not JSON: Expecting value: line 1 column 1"),
        ("[]", "not a .pico file"),
        ("{}", "not a .pico file"),
        ('{"Spectra": {}}', "not a .pico file"),
        ('{"Spectra": [3]}', r"^Spectra\[0\]: an object with Metadata and Pixels expected"),
        ('{"Spectra": [{"Pixels": [1]}]}', r"^Spectra\[0\]: Metadata: an object expected"),
        ('{"Spectra": [{"Metadata": {}}]}', r"^Spectra\[0\]: Pixels: a list of counts expected"),
        ('{"Spectra": [{"Metadata": {}, "Pixels": []}]}', r"^Spectra\[0\]: Pixels: a list of counts expected"),
        ('{"Spectra": [{"Metadata": {}, "Pixels": [1, "x"]}]}', r"Pixels\[1\]: an integer of 32 bits .* \"x\""),
        ('{"Spectra": [{"Metadata": {}, "Pixels": [1.0]}]}', r"Pixels\[0\]: .* 1.0"),
        ('{"Spectra": [{"Metadata": {}, "Pixels": [true]}]}', r"Pixels\[0\]: .* true"),
        ('{"Spectra": [{"Metadata": {}, "Pixels": [2147483648]}]}', r"Pixels\[0\]: .* 2147483648"),
        ('{"Spectra": [{"Metadata": {}, "Pixels": [NaN]}]}', "not JSON: NaN"),
        ('{"Spectra": [{"Metadata": {}, "Pixels": [1]}]}', r"^Spectra\[0\]: Metadata: neither Dark nor Type"),
        (file_with(Datetime=None), r"^Spectra\[0\]: Metadata: Datetime is missing"),
        (file_with(Datetime="today"), r'^Spectra\[0\]: Metadata: Datetime: a date with time expected, not "today"'),
        (file_with(IntegrationTime="1"), "Metadata: IntegrationTime: a number expected"),
        (file_with(DarkPixels=[3]), "DarkPixels: a list of pixel numbers from 0 to 2 expected"),
        (file_with(OpticalPixelRange=[0, 4]), "OpticalPixelRange"),
        (file_with(SaturationLevel=[]), "SaturationLevel"),
        (file_with(Temperature="cold"), "Temperature"),
        (file_with(Run=1), "Run"),
        (file_with(Batch="1"), "Batch"),
        (file_with(SequenceNumber=-1), "SequenceNumber"),
        (file_with(Simulated="no"), "Simulated"),
        (file_with(Direction=1), "Direction"),
        (file_with(SerialNumber=1), "SerialNumber"),
        (file_with(SpectrometerModel=1), "SpectrometerModel"),
        (file_with(ExposureStart="x"), "ExposureStart"),
        (file_with(ExposureEnd="x"), "ExposureEnd"),
        (file_with(ExposureMiddle="x"), "ExposureMiddle"),
        (file_with(Averages=1.5), "Averages"),
        (file_with(StandardDeviation=[1.0]), "StandardDeviation: a number not below 0 for each pixel"),
        (file_with(StandardDeviation=[1.0, -1.0, 1.0]), "StandardDeviation: a number not below 0 for each pixel"),
        (file_with(StandardDeviation=1), "StandardDeviation: a list of numbers"),
        (file_with(DarkFile=1), "DarkFile"),
        (file_with(DarkSequence="1"), "DarkSequence"),
        (file_with(QualityText=[1]), "QualityText: a list of texts"),
        (file_with(QualityText="SATURATED"), "QualityText: a list of texts"),
        (file_with(QualityFlags=-1), "QualityFlags"),
        (file_with(QualityFlags="SATURATED"), "QualityFlags"),
        (file_with(NonlinearityCorrectionCoefficients=[None]), "NonlinearityCorrectionCoefficients"),
        (file_with(WavelengthCalibrationCoefficients="x"), "WavelengthCalibrationCoefficients"),
        (
            file_with(WavelengthCalibrationCoefficients=["x"], WavelengthCalibrationCoefficientsPiccolo=[1]),
            "WavelengthCalibrationCoefficients:",
        ),
        (file_with(WavelengthCalibrationCoefficientsPiccolo=["x"]), "WavelengthCalibrationCoefficientsPiccolo"),
        ("[" * 100_000, "deeper than 64 levels"),
        (file_with(a=10**30), "integer is too large"),
    ],
)
def test_damaged_files_say_what_is_wrong_and_where(text: str | bytes, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        loads(text)
    with pytest.raises(InvalidValue, match=r"^x\.pico: "):
        loads(text, file_name="x.pico")


def test_the_second_spectrum_is_named() -> None:
    good: JsonValue = {"Metadata": MINIMAL, "Pixels": [1]}
    with pytest.raises(InvalidValue, match=r"^Spectra\[1\]: an object"):
        loads(json.dumps({"Spectra": [good, None]}))


def test_a_truncated_file_is_said_to_end_too_early() -> None:
    text = OLD.read_text()
    for length in range(1, len(text) - 1, 7):
        with pytest.raises(InvalidValue, match="not JSON"):
            loads(text[:length])
    cut = text[: text.index('"Pixels"') + 40].rstrip()
    with pytest.raises(InvalidValue, match=r"line \d+ column \d+ .* \(the text ends there\)$"):
        loads(cut)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_anything_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(PiccoloError):
        loads(text)


@given(st.data())
def test_a_file_with_a_damaged_byte_never_crashes_a_reader(data: st.DataObject) -> None:
    text = bytearray(OLD.read_bytes())
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        spectra = loads(bytes(text))
    except InvalidValue:
        return
    assert len(spectra.spectra) == 2
    assert content(loads(dumps(spectra))) == content(spectra)
