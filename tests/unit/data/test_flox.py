"""FloX-style CSV, read the way its readers do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from piccolo3.data import export
from piccolo3.data.export import flox
from piccolo3.spectrum import Spectrum
from piccolo3.status import SpectrumKind
from tests.unit.data import samples

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT


@dataclass
class Read:
    """A cycle as SPECCHIO's FloX_FileLoader sees it."""

    number: int
    time: datetime
    times: tuple[int, int]
    temperatures: tuple[float, ...]
    instrument: str
    rows: dict[str, list[int]] = field(default_factory=dict)


def read(path: Path) -> list[Read]:
    assert path.suffix in (".csv", ".CSV")
    assert not path.name.startswith("F")  # that would be the other spectrometer
    lines = path.read_text().splitlines()
    assert "D-FloX" in lines[0]
    found: list[Read] = []
    for line in lines:
        cells = line.split(";")
        assert cells[0]
        if cells[3] != "auto_mode":
            found[-1].rows[cells[0]] = [int(cell) for cell in cells[1:]]
            continue
        date, time = cells[1], cells[2]
        when = datetime.strptime(date + time, "%y%m%d%H%M%S").replace(tzinfo=UTC)
        assert int(cells[0] + time) < 2**31
        floats = tuple(float(cells[place]) for place in (11, 13, 15, 17, 19, 21))
        one = Read(int(cells[0]), when, (int(cells[5]), int(cells[7])), floats, cells[22].split("-")[2])
        assert cells[22].split(" ")[2].startswith("piccolo3")
        assert [cells[place] for place in (24, 26, 28, 30)] == [""] * 4
        found.append(one)
    return found


def wavelengths(folder: Path) -> list[float]:
    (path,) = (path for path in folder.iterdir() if re.fullmatch(r"CAL_.*_JB.*\.csv", path.name))
    lines = [line.split(";") for line in path.read_text().splitlines()]
    assert lines[0][0] == "wl"
    assert re.fullmatch(r"\d{8}", lines[3][6])
    assert all(float(cell) for line in lines[1:] for cell in line[1:6])
    return [float(line[0]) for line in lines[1:]]


def test_the_readers_find_their_cycles(data: Path, tmp_path: Path) -> None:
    export(data, tmp_path / "out", format="flox")
    folder = tmp_path / "out" / "tower" / "QEP01"
    found = read(folder / "260621.CSV")
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]
    assert found[1].time == datetime(2026, 6, 21, 10, 0, 10, tzinfo=UTC)
    assert found[0].times == (250500, 250500)
    assert found[0].temperatures[1] == -10.25
    assert found[0].instrument == "QEP01"
    assert list(found[0].rows) == ["WR", "VEG", "WR2", "DC_WR", "DC_VEG"]
    assert {name: row[0] for name, row in found[0].rows.items()} == {
        "WR": 1100,
        "VEG": 600,
        "WR2": 1100,
        "DC_WR": 100,
        "DC_VEG": 100,
    }
    assert wavelengths(folder) == [400 + number / 2 for number in range(20)]
    # after the last sequence of a batch there is nothing that could be WR2
    assert ["WR2" in one.rows for one in found] == [True, True, False] * 2


def deled(batch: int, counts: tuple[int, int, int]) -> list[Spectrum]:
    return [
        samples.spectrum(LIGHT, direction, batch=batch, at=at, counts=level)
        for (direction, at), level in zip(
            (("downwelling", 0.0), ("upwelling", 1.0), ("downwelling", 2.0)), counts, strict=True
        )
    ]


def test_the_second_downwelling_spectrum_of_a_sequence_is_wr2(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "tower"
    samples.write(folder, [samples.spectrum(DARK, one, at=-1) for one in samples.CHANNELS], 0, 0, DARK)
    samples.write(folder, deled(0, (1000, 500, 1200)), 0, 0, LIGHT)
    result = export(tmp_path / "data", tmp_path / "out", format="flox")
    (one,) = read(tmp_path / "out" / "tower" / "QEP01" / "260621.CSV")
    assert [one.rows[name][0] for name in ("WR", "VEG", "WR2")] == [1000, 500, 1200]
    assert not result.runs[0].findings.remarks


def test_incomplete_sequences_are_left_out_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "tower"
    samples.write(folder, deled(0, (1000, 500, 1200)), 0, 0, LIGHT)
    samples.write(folder, [samples.spectrum(LIGHT, "upwelling", batch=1)], 1, 0, LIGHT)
    result = export(tmp_path / "data", tmp_path / "out", format="flox")
    assert not result.files
    assert set(result.runs[0].findings.remarks) == {
        "sequences without darks are left out",
        "sequences without both upwelling and downwelling are left out",
    }


def test_a_day_has_as_many_files_as_it_needs(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flox, "_MOST_CYCLES", 4)
    export(data, tmp_path / "out", format="flox")
    folder = tmp_path / "out" / "tower" / "QEP01"
    assert [len(read(folder / name)) for name in ("260621.CSV", "260621_2.CSV")] == [4, 2]


def test_days_are_those_of_utc(tmp_path: Path) -> None:
    samples.make_run(tmp_path / "data" / "tower", batches=16, sequences=1, serials=("QEP-1",))
    export(tmp_path / "data", tmp_path / "out", format="flox")
    folder = tmp_path / "out" / "tower" / "QEP-1"
    assert [len(read(folder / name)) for name in ("260621.CSV", "260622.CSV")] == [14, 2]
    assert read(folder / "260621.CSV")[0].instrument == "QEP_1"
