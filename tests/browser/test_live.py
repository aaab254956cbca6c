"""Spectra as they are recorded."""

from __future__ import annotations

from functools import partial

import pytest

from tests.browser.chrome import Chrome, Screen
from tests.browser.rig import Rig
from tests.browser.scene import record

SPECTROMETERS = ("dummy_FLM", "dummy_QEP", "dummy_STS")
_PAINTED = """
const wanted = getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim();
const [red, green, blue] = [1, 3, 5].map((start) => parseInt(wanted.slice(start, start + 2), 16));
return [...document.querySelectorAll('canvas')].map((canvas) => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const columns = new Set();
  for (let i = 0; i < data.length; i += 4) {
    const apart = Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue);
    if (data[i + 3] > 200 && apart < 30) columns.add((i / 4) % canvas.width);
  }
  return columns.size / canvas.width;
});
"""


def painted(browser: Chrome, colour: str) -> list[float]:
    """The part of the width of every plot in which that colour of the theme is."""
    found = browser.script(_PAINTED, colour)
    assert isinstance(found, list)
    return [float(part) for part in found]


def curves(browser: Chrome, colour: str) -> bool:
    parts = painted(browser, colour)
    return len(parts) == len(SPECTROMETERS) and all(part > 0.3 for part in parts)


def test_curves_appear_while_they_are_recorded(browser: Chrome, the_rig: Rig, screen: Screen) -> None:
    run = f"live {screen.name}"
    browser.page("live")
    the_rig.talk(lambda rig: record(rig, run))
    rows = "#spectrometers .wide tbody tr"
    browser.until(lambda: len(browser.all(rows)) == 12, "spectra are missing")
    for colour in ("--curve-1", "--curve-2", "--limit"):
        browser.until(partial(curves, browser, colour), f"no curve {colour}")
    for table in browser.all("#spectrometers .wide tbody"):
        assert "ms" in table.text
        assert "counts" in table.text
    browser.tick("Without dark")
    browser.until(lambda: max(painted(browser, "--limit")) < 0.1, "saturation is of raw counts")
    browser.until(partial(curves, browser, "--curve-1"), "no curves without dark")
    browser.tick("Reflectance")
    browser.reads(".u-legend", "up / down")
    browser.until(partial(curves, browser, "--curve-1"), "no reflectance")
    assert max(painted(browser, "--curve-2")) == 0


def test_channels_darks_and_zoom(browser: Chrome) -> None:
    browser.page("live")
    browser.until(lambda: curves(browser, "--curve-2"), "no curves")
    browser.tick("upwelling")
    browser.until(lambda: max(painted(browser, "--curve-2")) == 0, "it is still there")
    browser.tick("Darks")
    browser.reads(".u-legend", "downwelling dark")
    browser.tick("Fit height")
    browser.until(lambda: max(painted(browser, "--limit")) < 0.1, "the line is in the way")
    picture = "return document.querySelector('canvas').toDataURL()"
    all_of_it = browser.script(picture)
    browser.press("Zoom in")
    browser.until(lambda: browser.script(picture) != all_of_it, "nothing is zoomed")
    middle = browser.script(picture)
    browser.press("To longer wavelengths")
    browser.until(lambda: browser.script(picture) != middle, "nothing moves")
    browser.press("All wavelengths")
    browser.until(lambda: browser.script(picture) == all_of_it, "it does not come back")


def test_held_while_recording_goes_on(browser: Chrome, the_rig: Rig) -> None:
    browser.page("live")
    browser.until(lambda: curves(browser, "--curve-1"), "no curves")
    browser.press("Hold")
    browser.reads("#news", "Held since")
    rows = browser.text("#spectrometers")
    the_rig.talk(lambda rig: record(rig, "held"))
    browser.reads("#news", "New spectra meanwhile")
    assert browser.text("#spectrometers") == rows
    browser.press("Go on")
    browser.until(lambda: browser.text("#spectrometers") != rows, "it does not go on")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_have_the_colours_of_the_theme(browser: Chrome, theme: str) -> None:
    browser.page("live")
    browser.theme(theme)
    browser.until(lambda: curves(browser, "--curve-1"), "no curves")
