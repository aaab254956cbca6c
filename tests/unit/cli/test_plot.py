from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from piccolo3.cli import figure
from piccolo3.cli.plot import Curve, draw
from piccolo3.cli.recorded import Measured, RecordedFile, measured
from piccolo3.spectrum import SpectraList, Spectrum

PIXELS = 40


@pytest.fixture(autouse=True, scope="module")
def fonts() -> None:
    """Make matplotlib open its fonts, whose files it keeps open, before anybody counts open files."""
    sheet = Figure()
    sheet.text(0.1, 0.1, "O$_2$")
    sheet.text(0.1, 0.1, "title", fontweight="bold")
    sheet.savefig(io.BytesIO(), format="png")


def spectrum(level: int, *, dark: bool, direction: str = "upwelling", serial_number: str = "A") -> Spectrum:
    pixels: NDArray[np.int32] = np.linspace(level, 2 * level, PIXELS).astype(np.int32)
    return Spectrum(
        pixels,
        {
            "SerialNumber": serial_number,
            "Direction": direction,
            "Dark": dark,
            "Type": "dark" if dark else "light",
            "IntegrationTime": 12.5,
            "SaturationLevel": 1000,
            "WavelengthCalibrationCoefficients": [600.0, 5.0, 0.0, 0.0],
            "OpticalPixelRange": [4, 36],
        },
    )


def test_curves_are_where_they_belong() -> None:
    x = np.array([0.0, 100.0])
    rising = Curve("rising", "blue", x, np.array([0.0, 50.0]))
    lines = draw("title", [rising], 50.0, width=49, height=10).plain.splitlines()
    canvas = [line[9:].ljust(40) for line in lines[1:-1]]
    assert "title" in lines[0]
    assert "━ rising" in lines[0]
    assert lines[1].startswith("     50 ┤")
    assert lines[10].startswith("      0 ┤")
    assert lines[-1].split() == ["0", "nm", "100", "nm"]
    assert canvas[0][:30].strip() == ""
    assert canvas[0][-1] != " "
    assert canvas[-1][0] != " "
    assert canvas[-1][10:].strip() == ""
    for row in canvas:  # every row is touched, and every dot is in the block of Braille patterns
        assert row.strip()
        assert all(0x2800 < ord(character) < 0x2900 for character in row.strip())


def test_each_curve_only_in_its_range() -> None:
    short = Curve("short", "blue", np.array([50.0, 100.0]), np.array([10.0, 10.0]))
    long = Curve("long", "green", np.array([0.0, 100.0]), np.array([0.0, 0.0]))
    lines = draw("", [long, short], 10.0, width=49, height=5).plain.splitlines()
    assert lines[1][9:28].strip() == ""
    assert len(lines[1][9:].strip()) >= 20


def test_light_finds_its_dark() -> None:
    def file(name: str, *spectra: Spectrum) -> RecordedFile:
        return RecordedFile(name, SpectraList(spectra))

    files = [
        file("dark", spectrum(10, dark=True), spectrum(20, dark=True, serial_number="B")),
        file("light", spectrum(100, dark=False), spectrum(200, dark=False, serial_number="B")),
        file("light", spectrum(110, dark=False), spectrum(90, dark=False, serial_number="C")),
        file("dark", spectrum(11, dark=True)),
    ]
    found = measured(files)
    assert {serial_number: list(channels) for serial_number, channels in found.items()} == {
        "A": ["upwelling"],
        "B": ["upwelling"],
    }
    one = found["A"]["upwelling"]
    np.testing.assert_array_equal(one.counts, one.light.pixels[4:36] - one.dark.pixels[4:36])
    assert (one.light.pixels[0], one.dark.pixels[0]) == (110, 10)  # the last light, the first dark
    np.testing.assert_allclose(one.wavelengths, 600 + 5 * np.arange(4, 36))


@pytest.mark.parametrize("count", [1, 3])
def test_figure(tmp_path: Path, count: int) -> None:
    one = Measured(spectrum(100, dark=False), spectrum(10, dark=True))
    path = tmp_path / "plot.png"
    figure.save(path, "title", {f"S{number}": {"upwelling": one, "other": one} for number in range(count)})
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 1440
    assert int.from_bytes(content[20:24]) == 150 + 405 * count
