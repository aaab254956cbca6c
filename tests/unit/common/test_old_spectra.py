"""Spectra as programs for the original library use them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from piccolo3 import spectrum as ours
from piccolo3.common import (
    PiccoloSchedulerStatus,
    PiccoloSpectraList,
    PiccoloSpectrometerStatus,
    PiccoloSpectrum,
    piccoloLogging,
)
from piccolo3.errors import InvalidValue
from piccolo3.status import SpectrometerStatus

EXAMPLE = Path(__file__).parents[3] / "pdata" / "example.pico"


def make(direction: str = "upwelling", dark: bool = False, peak: int = 90) -> PiccoloSpectrum:
    spectrum = PiccoloSpectrum()
    spectrum.setDirection(direction)
    if dark:
        spectrum.setDark()
    else:
        spectrum.setLight()
    spectrum.setDatetime(datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC))
    spectrum["SerialNumber"] = "A"
    spectrum["IntegrationTime"] = 10
    spectrum["SaturationLevel"] = 100
    spectrum["DarkPixels"] = [0, 1]
    spectrum["OpticalPixelRange"] = [2, 5]
    spectrum["WavelengthCalibrationCoefficients"] = [400.0, 2.0, 0.0, 0.0]
    spectrum["NonlinearityCorrectionCoefficients"] = [1.0, 0.0]
    spectrum.pixels = [10, 12, 50, peak, 40]
    return spectrum


def test_a_spectrum_is_a_mapping_of_its_metadata() -> None:
    spectrum = make()
    assert spectrum["Direction"] == "upwelling"
    assert spectrum["Dark"] is False
    assert spectrum["Datetime"] == "2026-11-21T12:00:00.000005+0000"
    assert {"SerialNumber", "Direction", "Dark", "Datetime"} <= set(spectrum)
    assert len(spectrum) == len(dict(spectrum))


@pytest.mark.parametrize("key", ["Direction", "Dark", "Datetime"])
def test_what_has_a_method_is_not_set_by_name(key: str) -> None:
    with pytest.raises(KeyError, match="set with"):
        make()[key] = "x"
    with pytest.raises(KeyError):
        del make()[key]


def test_setters() -> None:
    spectrum = make()
    spectrum.setUpwelling()
    assert spectrum["Direction"] == "upwelling"
    spectrum.setDownwelling()
    assert spectrum["Direction"] == "downwelling"
    spectrum.setUpwelling(False)
    assert spectrum["Direction"] == "downwelling"
    spectrum.setDark(False)
    seen = [spectrum["Dark"]]
    spectrum.setLight(False)
    assert [*seen, spectrum["Dark"]] == [False, True]
    spectrum.setDatetime("2026-11-21T12:00:00+02:00")
    assert spectrum["Datetime"] == "2026-11-21T10:00:00.000000+0000"
    before = datetime.now(UTC)
    spectrum.setDatetime()
    assert datetime.fromisoformat(str(spectrum["Datetime"])) >= before


def test_pixels_and_what_follows_from_them() -> None:
    spectrum = make()
    assert spectrum.getNumberOfPixels() == 5
    assert spectrum.pixels.tolist() == [10, 12, 50, 90, 40]
    assert spectrum.dark_pixels.tolist() == [10, 12]
    assert spectrum.corrected_pixels.tolist() == [-1.0, 1.0, 39.0, 79.0, 29.0]
    assert spectrum.opticalPixelRange == (2, 5)
    assert not spectrum.isSaturated
    assert make(peak=100).isSaturated


def test_without_pixels() -> None:
    empty = PiccoloSpectrum()
    assert empty.getNumberOfPixels() == 0
    with pytest.raises(RuntimeError, match="no pixels"):
        _ = empty.pixels


def test_wavelengths() -> None:
    spectrum = make()
    kind, wavelengths = spectrum.getWavelengths()
    assert kind == "original"
    assert wavelengths.tolist() == [400.0, 402.0, 404.0, 406.0, 408.0]
    spectrum["WavelengthCalibrationCoefficientsPiccolo"] = [500.0, 1.0]
    assert spectrum.getWavelengths()[0] == "piccolo"
    assert spectrum.waveLengths.tolist() == [500.0, 501.0, 502.0, 503.0, 504.0]
    assert spectrum.getWavelengths(piccolo=False)[0] == "original"
    x, y = spectrum.getData()
    assert (x.tolist(), y.tolist()) == ([502.0, 503.0, 504.0], [50, 90, 40])
    x, y = spectrum.getData(include_dark=True, piccolo=False)
    assert (x.tolist(), y.tolist()) == ([400.0, 402.0, 404.0, 406.0, 408.0], [10, 12, 50, 90, 40])


def test_a_spectrum_as_text_and_back() -> None:
    spectrum = make()
    back = PiccoloSpectrum(spectrum.serialize(pretty=False))
    assert dict(back) == dict(spectrum)
    assert back.pixels.tolist() == spectrum.pixels.tolist()
    as_dict = spectrum.as_dict()
    assert isinstance(as_dict["Pixels"], np.ndarray)
    assert PiccoloSpectrum(spectrum.as_dict("list")).pixels.tolist() == [10, 12, 50, 90, 40]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="pixelType"):
        spectrum.as_dict("string")


def listed() -> PiccoloSpectraList:
    spectra = PiccoloSpectraList(run="field", batch=3, seqNr=7)
    for direction in ("upwelling", "downwelling"):
        spectra.append(make(direction))
        spectra.append(make(direction, dark=True))
    return spectra


def test_a_list_of_spectra() -> None:
    spectra = listed()
    assert (spectra.run, spectra.batch, spectra.seqNr) == ("field", 3, 7)
    assert spectra.directions == ["downwelling", "upwelling"]
    assert spectra.haveDark
    assert spectra.haveLight
    assert not spectra.isSaturated
    (found,) = spectra.getSpectra("upwelling", "Dark")
    assert found is spectra[1]
    assert not spectra.getSpectra("sideways", "Light")
    with pytest.raises(ValueError, match="Dark or Light"):
        spectra.haveSpectrum("Grey")


def test_a_list_as_text_and_back() -> None:
    text = listed().serialize()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1)
    assert ours.dumps(ours.loads(text)) == text
    back = PiccoloSpectraList(data=text)
    assert len(back) == 4
    assert [s.pixels.tolist() for s in back] == [s.pixels.tolist() for s in listed()]
    assert len(PiccoloSpectraList(data=json.loads(listed().serialize(pretty=False, spectrum="Dark")))) == 2


def test_an_old_file() -> None:
    spectra = PiccoloSpectraList(data=EXAMPLE.read_text(encoding="utf-8"))
    assert spectra
    for spectrum in spectra:
        assert spectrum.getNumberOfPixels() == len(spectrum.getWavelengths()[1])
    assert isinstance(spectra.isSaturated, bool)
    assert spectra.directions


def test_writing(tmp_path: Path) -> None:
    spectra = listed()
    spectra.write(prefix=tmp_path)
    assert sorted(path.name for path in (tmp_path / "field").iterdir()) == [
        "b000003_s000007_dark.pico",
        "b000003_s000007_light.pico",
    ]
    spectra.write(prefix=tmp_path, split=False)
    assert len(ours.loads((tmp_path / spectra.outName).read_text(encoding="utf-8")).spectra) == 4
    with pytest.raises(RuntimeError, match="exists"):
        spectra.write(prefix=tmp_path, clobber=False)
    del spectra[::2]  # the light ones
    spectra.write(prefix=tmp_path)
    assert not spectra.haveLight


@pytest.mark.parametrize("data", ["[]", "{}", '{"Spectra": 5}', '{"Spectra": [5]}', '{"Spectra": [{"Metadata": 1}]}'])
def test_what_is_no_file(data: str) -> None:
    with pytest.raises(InvalidValue):
        PiccoloSpectraList(data=data)


def test_states() -> None:
    assert PiccoloSpectrometerStatus is SpectrometerStatus
    assert [state.name for state in PiccoloSpectrometerStatus] == [
        "NO_WORKER",
        "POWERED_OFF",
        "DROPPED",
        "CONNECTING",
        "DISCONNECTED",
        "IDLE",
        "RECORDING",
        "AUTOINTEGRATING",
    ]
    assert [state.name for state in PiccoloSchedulerStatus] == ["active", "done", "suspended", "deleted"]


def test_logging(tmp_path: Path) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        piccoloLogging(logfile=tmp_path / "log", debug=True)
        logging.getLogger("old").debug("seen")
        for handler in root.handlers:
            handler.flush()
        assert "seen" in (tmp_path / "log").read_text(encoding="utf-8")
        piccoloLogging()
        assert root.level == logging.INFO
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers, root.level = handlers, level
