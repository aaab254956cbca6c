"""The spectra of a sequence."""

from __future__ import annotations

import numpy as np
import pytest

from piccolo3.errors import NotFound
from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.status import SpectrumKind


def make(direction: str, kind: SpectrumKind, serial_number: str = "A", peak: int = 10) -> Spectrum:
    metadata = {"Direction": direction, "Type": kind.value, "SerialNumber": serial_number, "SaturationLevel": 100}
    return Spectrum(np.array([1, peak]), metadata)


UP_DARK = make("upwelling", SpectrumKind.DARK)
UP_LIGHT = make("upwelling", SpectrumKind.LIGHT)
DOWN_LIGHT = make("downwelling", SpectrumKind.LIGHT)
DOWN_LIGHT_B = make("downwelling", SpectrumKind.LIGHT, "B")
ALL = SpectraList((UP_LIGHT, UP_DARK, DOWN_LIGHT, DOWN_LIGHT_B), run="r", batch=1, sequence=2)


def test_kinds_and_directions() -> None:
    assert ALL.kinds == (SpectrumKind.DARK, SpectrumKind.LIGHT)
    assert ALL.directions == ("downwelling", "upwelling")
    assert SpectraList(()).kinds == ()
    assert SpectraList(()).directions == ()


def test_any_sequence_of_spectra_is_taken() -> None:
    assert SpectraList([UP_DARK]).spectra == (UP_DARK,)  # type: ignore[arg-type]


def test_of_kind_keeps_order_and_place() -> None:
    light = ALL.of_kind(SpectrumKind.LIGHT)
    assert light.spectra == (UP_LIGHT, DOWN_LIGHT, DOWN_LIGHT_B)
    assert (light.run, light.batch, light.sequence) == ("r", 1, 2)
    assert ALL.of_kind(SpectrumKind.DARK).spectra == (UP_DARK,)
    assert light.of_kind(SpectrumKind.DARK).spectra == ()


def test_get() -> None:
    assert ALL.get("upwelling", SpectrumKind.DARK) is UP_DARK
    assert ALL.get("downwelling", SpectrumKind.LIGHT) is DOWN_LIGHT
    assert ALL.get("downwelling", SpectrumKind.LIGHT, "B") is DOWN_LIGHT_B
    with pytest.raises(NotFound, match=r"no dark downwelling spectrum$"):
        ALL.get("downwelling", SpectrumKind.DARK)
    with pytest.raises(NotFound, match="no light downwelling spectrum of spectrometer C"):
        ALL.get("downwelling", SpectrumKind.LIGHT, "C")


def test_one_saturated_spectrum_is_enough() -> None:
    assert not ALL.is_saturated
    assert SpectraList((UP_LIGHT, make("upwelling", SpectrumKind.LIGHT, peak=100))).is_saturated
    assert not SpectraList(()).is_saturated
