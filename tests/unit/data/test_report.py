"""Reports, plots and lists."""

from __future__ import annotations

import io
import json
import re
import struct
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from piccolo3.data import BatchOutcome, Directory, list_batches, list_runs, plot, report
from piccolo3.data.report.gather import Thinned
from piccolo3.data.report.svg import Curve, chart, clock, ticks, time_ticks
from piccolo3.errors import InvalidValue, NotFound, PiccoloError
from piccolo3.spectrum import Flag
from piccolo3.status import SpectrumKind
from tests.unit.data import samples

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT
_EMPTY = {"meta", "line", "rect", "circle", "polyline"}


class Page(HTMLParser):
    """What is on a page; fails on tags that don't fit together and on anything from outside."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.classes: list[str] = []
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|url\(|@import|<script|<link|<img|<iframe", text)
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {name for name, _ in attrs} & {"src", "href", "srcset", "data"}
        assert not any(name.startswith("on") for name, _ in attrs)
        self.classes += [f"{tag}.{value}" for name, value in attrs if name == "class"]
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data + "\n"


def test_a_sound_run(data: Path, tmp_path: Path) -> None:
    findings = report(Directory(data), "tower", tmp_path / "r.html")
    found = Page(tmp_path / "r.html")
    assert not findings.unreadable
    assert "2026-06-21 09:59:59 UTC" in found.text
    assert found.classes.count("rect.good") == 2 + 2 * 8  # time line and map
    assert not {"rect.bad", "rect.warn"} & set(found.classes)
    assert found.text.count("all files are there") == 4  # in the table, and as the titles of the bars
    assert "No spectrum is flagged." in found.text
    report(Directory(data), "tower", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "r.html").read_bytes()


def test_what_is_missing_damaged_and_doubtful(data: Path, tmp_path: Path) -> None:
    run = data / "tower"
    (run / "b000000_s000001_light.pico").unlink()
    (run / "b000001_s000001_light.pico").write_text("<b>&")
    flagged = [samples.spectrum(kind, "upwelling", batch=2, quality_flags=Flag.SATURATED) for kind in (DARK, LIGHT)]
    samples.write(run, flagged, 2, 0, None)
    findings = report(Directory(data), "tower", tmp_path / "r.html")
    found = Page(tmp_path / "r.html")
    assert list(findings.unreadable) == ["b000001_s000001_light.pico"]
    assert "4 light spectra are missing" in found.text
    assert "1 of 5 files can't be read" in found.text
    assert "2 of 3 light sequences" in found.text
    assert "saturated" in found.text
    assert {"rect.good", "rect.warn", "rect.bad"} <= set(found.classes)


def test_the_outcomes_of_a_catalogue(data: Path, tmp_path: Path) -> None:
    outcomes = {0: BatchOutcome("complete", None, "record"), 1: BatchOutcome("failed", "interrupted <by> a power cut")}
    report(Directory(data), "tower", tmp_path / "r.html", outcomes=outcomes)
    found = Page(tmp_path / "r.html")
    assert "failed: interrupted <by> a power cut" in found.text
    assert "rect.bad" in found.classes


def test_runs_of_old_software_and_with_awkward_names(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "<i>a&b"
    folder.mkdir(parents=True)
    text = """{"Spectra": [{"Metadata": {"Datetime": "2018-01-30T17:04:30.146992Z", "Direction": "<Up>",
      "IntegrationTime": 0, "Type": "light"}, "Pixels": [1, 2, 3]}]}"""
    (folder / "spectra.pico").write_text(text)
    (folder / "other.pico").write_text("")
    report(Directory(tmp_path / "data"), "<i>a&b", tmp_path / "r.html")
    assert "<Up>" in Page(tmp_path / "r.html").text
    (folder / "spectra.pico").unlink()
    report(Directory(tmp_path / "data"), "<i>a&b", tmp_path / "r.html")
    assert "No file could be read." in Page(tmp_path / "r.html").text


def test_a_report_of_nothing(data: Path, tmp_path: Path) -> None:
    (data / "empty").mkdir()
    with pytest.raises(NotFound):
        report(Directory(data), "empty", tmp_path / "r.html")
    with pytest.raises(NotFound):
        report(Directory(data), "nowhere", tmp_path / "r.html")


def test_long_curves_keep_few_points() -> None:
    points = Thinned()
    for number in range(100_000):
        points.add(number, -number)
    found = np.array(points.points)
    assert 500 < len(found) <= 1500
    assert found[0].tolist() == [0, 0]
    assert found[-1, 0] > 90_000


def test_thin_lines_of_a_spectrum_are_seen() -> None:
    y = np.zeros(5000)
    y[2345] = 7.0
    drawn = chart([Curve("a", "c0", np.arange(5000.0), y)], label="", unit="")
    assert len(drawn) < 20_000
    heights = [float(point.split(",")[1]) for point in re.findall(r"[\d.]+,[\d.]+", drawn)]
    assert min(heights) < 40


def test_gaps_stay_gaps_and_nothing_is_no_chart() -> None:
    x, y = np.arange(5.0), np.array([1.0, 2.0, np.nan, 3.0, 4.0])
    assert chart([Curve("a", "c0", x, y)], label="", unit="").count("<polyline") == 2
    assert chart([Curve("a", "c0", x, y * np.nan)], label="", unit="") == ""
    assert "<circle" in chart([Curve("a", "c0", x[:1], y[:1])], label="", unit="", over_time=True)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.7, 1234.5), (1e-9, 2e-9), (5.0, 5.0), (1e9, 1e9 + 1e8)])
def test_ticks_are_few_and_within(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 1 <= len(found) <= 7
    assert all(low - 1e-9 * abs(low) <= one <= high * (1 + 1e-9) for one in found)
    assert len(time_ticks(low, high)) <= 10


def test_times_on_axes() -> None:
    noon = 1782043200.0
    spans = (60.0, 7200.0, 2 * 86400.0, 30 * 86400.0)
    assert [clock(noon, span) for span in spans] == ["12:00:00", "12:00", "06-21 12:00", "2026-06-21"]


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """Make matplotlib open its fonts, whose files it keeps open, before anybody counts open files."""
    sheet = Figure()
    FigureCanvasAgg(sheet)
    sheet.text(0.1, 0.1, "title", fontweight="bold")
    sheet.text(0.1, 0.5, "label")
    sheet.savefig(io.BytesIO())


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_a_plot_has_a_panel_for_each_spectrometer(data: Path, tmp_path: Path) -> None:
    plot(Directory(data), "tower", tmp_path / "a.png")
    plot(Directory(data), "tower", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert png_size(tmp_path / "a.png")[1] > 800
    plot(Directory(data), "tower", tmp_path / "c.png", batch=0, level="reflectance")
    assert (tmp_path / "c.png").read_bytes() != (tmp_path / "a.png").read_bytes()


def test_nothing_to_plot(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Directory(data)
    with pytest.raises(NotFound, match="batch 9"):
        plot(source, "tower", tmp_path / "a.png", batch=9)
    with pytest.raises(InvalidValue):
        plot(source, "tower", tmp_path / "a.png", level="radiance")
    for path in (data / "tower").glob("*_dark.pico"):
        path.unlink()
    with pytest.raises(NotFound, match="without their dark"):
        plot(source, "tower", tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PiccoloError, match=r"piccolo3\[plot\]"):
        plot(source, "tower", tmp_path / "a.png")


def test_lists(data: Path) -> None:
    (run,) = list_runs(Directory(data))
    size = sum(path.stat().st_size for path in (data / "tower").iterdir())
    assert (run.run, run.batches, run.files, run.size) == ("tower", 2, 10, size)
    first, second = list_batches(Directory(data), "tower")
    assert (first.batch, first.dark, first.light, first.last_sequence) == (0, 2, 3, 2)
    assert json.dumps(second.as_json()).startswith('{"run": "tower", "batch": 1')
