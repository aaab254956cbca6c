"""Finding spectra, looking at them, and taking them away."""

from __future__ import annotations

import csv
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray

from piccolo3.spectrum import loads
from tests.browser.chrome import DESKTOP, PHONE, Chrome, Screen
from tests.browser.test_live import painted


def batch(browser: Chrome) -> None:
    """Choose the first batch of the run meadow."""
    browser.page("data")
    browser.choose("Run", "meadow")
    browser.press("meadow, 0")
    browser.reads("#what", "Batch 0 of meadow.")
    browser.until(lambda: browser.all("#spectra tr"), "no spectra")


def drawn(browser: Chrome, colour: str) -> bool:
    return any(part > 0.1 for part in painted(browser, colour))


def ticked(browser: Chrome, number: int) -> bool:
    """Tick a row; rows are replaced while something is recorded."""
    browser.press_on(browser.all("#spectra .tick")[number])
    return True


def away(browser: Chrome, form: str, name: str = "Download") -> Path:
    browser.choose("Format", form)
    with browser.download() as arrived:
        browser.press(name)
    return arrived()


def test_plotted_several(browser: Chrome, screen: Screen) -> None:
    batch(browser)
    browser.tick("Lights")
    browser.until(lambda: "dark" not in browser.text("#spectra"), "darks are still there")
    for number in range(3):
        browser.until(partial(ticked, browser, number), "it can't be ticked")
    browser.reads("#what", "What is plotted: 3 spectra.")
    for colour in ("--curve-1", "--curve-2", "--curve-3", "--limit"):
        browser.until(partial(drawn, browser, colour), f"no curve {colour}")
    browser.tick("Without dark")
    browser.until(lambda: not drawn(browser, "--limit"), "saturation is of raw counts")
    browser.until(partial(drawn, browser, "--curve-3"), "a curve is lost")
    browser.press("Plot none")
    browser.until(lambda: not browser.css("#plot").is_displayed(), "the plot stays")


@pytest.mark.parametrize(
    ("screen", "level"), [(PHONE, "Raw counts"), (DESKTOP, "Reflectance")], ids=["phone", "desktop"]
)
def test_netcdf(browser: Chrome, tmp_path: Path, screen: Screen, level: str) -> None:
    browser.screen(screen)
    batch(browser)
    browser.choose("Values", level)
    found = away(browser, "NetCDF")
    files = [found]
    if found.suffix == ".zip":
        with zipfile.ZipFile(found) as archive:
            archive.extractall(tmp_path)
        files = sorted(tmp_path.rglob("*.nc"))
    assert files
    for file in files:
        with xarray.open_dataset(file) as data:
            assert data.sizes
            assert any(np.isfinite(data[name].values).any() for name in data.data_vars if data[name].dtype.kind in "fi")


def test_csv_pico_and_the_run_as_zip(browser: Chrome) -> None:
    batch(browser)
    tables: list[list[list[str]]] = []
    for form, suffix in (("CSV", ".csv"), (".pico", ".pico")):
        found = away(browser, form)
        if found.suffix == ".zip":
            with zipfile.ZipFile(found) as archive:
                texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(suffix)]
        else:
            texts = [found.read_text(encoding="utf-8")]
        assert texts, found
        for text in texts:
            if suffix == ".pico":
                assert loads(text).spectra
            else:
                tables.append(list(csv.reader(text.splitlines())))
    assert any(len(table) > 100 or len(table[-1]) > 100 for table in tables), "there are no wavelengths"
    with browser.download() as arrived:
        browser.press("Run as recorded (zip)")
    with zipfile.ZipFile(arrived()) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".pico")]) >= 4
