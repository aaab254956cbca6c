"""What the scripts of the pages compute is what `piccolo3.data` computes: run by Node, as a browser would."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import piccolo3.web
from piccolo3.data.levels import corrected, reflectance
from piccolo3.spectrum import Spectrum
from piccolo3.status import SpectrumKind
from piccolo3.web.live import detector_of, header_of
from tests.unit.data.samples import START, spectrum

SCRIPTS = Path(piccolo3.web.__file__).with_name("static") / "js"
PIXELS = 300
NONLINEARITY = (0.95, 2e-6, -3e-12)
OTHER = (0.5, -0.001)  # holds for 500 counts only

_RUN = """
globalThis.document = { querySelector: () => null };
const { corrected, curve, detectorOf, fits, reflectance, spectrumOf } = await import("./spectra.js");
const { up, down } = JSON.parse(await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (part) => { text += part; }).on("end", () => done(text));
}));
const one = ({ detector, light, dark }) => {
  const found = detectorOf(detector), [a, b] = [light, dark].map((message) => spectrumOf(message, found));
  const values = corrected(a, b);
  return { fits: fits(a, b), values: [...values], x: found.x, y: curve(values, found) };
};
const [above, below] = [up, down].map(one);
console.log(JSON.stringify({ above, below, ratio: reflectance(above, below) }));
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("node is missing: apt-get install nodejs")
        pytest.skip("node is missing: apt-get install nodejs")
    folder = tmp_path_factory.mktemp("js")
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.js").write_text(_RUN)
    return folder


def run(folder: Path, given: object) -> Any:
    done = subprocess.run(
        ["node", str(folder / "run.js")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def message(light: Spectrum, dark: Spectrum) -> dict[str, object]:
    """As the stream has them."""
    key, detector = detector_of(light)
    bodies = {}
    for name, one in (("light", light), ("dark", dark)):
        bodies[name] = {**header_of(one, key), "pixels": base64.b64encode(one.pixels.astype("<i4").tobytes()).decode()}
    return {"detector": detector, **bodies}


def recorded(kind: SpectrumKind, direction: str, pixels: Any, **more: Any) -> Spectrum:
    time = float(more.pop("integration_time", 37.5))
    end = START + timedelta(milliseconds=time)
    made = spectrum(kind, direction, pixels=len(pixels), integration_time=time, exposure_end=end, **more)
    return Spectrum(np.asarray(pixels, dtype=np.int32), made.metadata)


def pair(direction: str, seed: int, **more: Any) -> tuple[Spectrum, Spectrum]:
    """A light and its dark."""
    counts = np.random.default_rng(seed)
    light = recorded(SpectrumKind.LIGHT, direction, counts.integers(2000, 60000, PIXELS), **more)
    return light, recorded(SpectrumKind.DARK, direction, counts.integers(900, 1100, PIXELS), **more)


def numbers(found: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if one is None else one for one in found], dtype=np.float64)


@pytest.mark.parametrize("nonlinearity", [(), (0.0, 1.0, 0.0), NONLINEARITY, OTHER])
@pytest.mark.parametrize("dark_pixels", [[], list(range(5, 20))])
def test_counts_without_dark_and_reflectance(
    node: Path, nonlinearity: tuple[float, ...], dark_pixels: list[int]
) -> None:
    more: dict[str, Any] = {"dark_pixels": dark_pixels, "optical_pixel_range": [20, 295]}
    more["nonlinearity_coefficients"] = list(nonlinearity)
    up, down = pair("upwelling", 1, **more), pair("downwelling", 2, **more)
    found = run(node, {"up": message(*up), "down": message(*down)})
    ranges = slice(*up[0].optical_pixel_range)
    for name, (light, dark) in (("above", up), ("below", down)):
        wanted = corrected(light, dark)
        assert wanted is not None
        assert found[name]["fits"] is True
        np.testing.assert_allclose(numbers(found[name]["values"]), wanted, rtol=1e-12)
        np.testing.assert_allclose(numbers(found[name]["y"]), wanted[ranges], rtol=1e-12)
        np.testing.assert_allclose(found[name]["x"], light.wavelengths()[ranges], rtol=5e-6)
    above, below = corrected(*up), corrected(*down)
    assert above is not None
    assert below is not None
    wanted = reflectance((up[0], above), (down[0], below), (down[0], below))
    np.testing.assert_allclose(numbers(found["ratio"]), wanted[ranges], rtol=1e-12)
    if nonlinearity is OTHER:
        assert np.isnan(wanted).any(), "nothing was left out"


def test_channels_that_are_calibrated_differently(node: Path) -> None:
    up = pair("upwelling", 1, wavelength_coefficients=[400.0, 1.0, 1e-4, 0.0])
    smooth = 30_000 + 20_000 * np.sin(np.arange(PIXELS) / 40)  # else the 32 bits of wavelengths are seen
    other = {"wavelength_coefficients": [400.7, 1.002, 1e-4, 0.0]}
    down = tuple(
        recorded(kind, "downwelling", counts, **other)
        for kind, counts in ((SpectrumKind.LIGHT, smooth), (SpectrumKind.DARK, np.full(PIXELS, 1000)))
    )
    found = run(node, {"up": message(*up), "down": message(down[0], down[1])})
    above, below = corrected(*up), corrected(down[0], down[1])
    assert above is not None
    assert below is not None
    wanted = reflectance((up[0], above), (down[0], below), (down[0], below))
    assert np.isnan(wanted[0])
    ranges = slice(*up[0].optical_pixel_range)
    np.testing.assert_allclose(numbers(found["ratio"]), wanted[ranges], rtol=5e-6)


def test_a_dark_of_another_integration_time_does_not_fit(node: Path) -> None:
    light, dark = pair("upwelling", 1)
    other = recorded(SpectrumKind.DARK, "upwelling", dark.pixels, integration_time=40.0)
    assert run(node, {"up": message(light, other), "down": message(light, dark)})["above"]["fits"] is False
