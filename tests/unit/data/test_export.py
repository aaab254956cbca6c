"""Exports: resumable, deterministic, never half a file under a final name."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piccolo3.data import Progress, export
from piccolo3.data.columns import _TOLD, COLUMNS, other_metadata, reference
from piccolo3.data.export import job as jobs
from piccolo3.errors import Conflict, InvalidValue, NotFound, StoreError
from piccolo3.spectrum import dumps, loads
from piccolo3.status import SpectrumKind
from tests.unit.data import samples

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT
ROOT = Path(__file__).parents[3]
FORMATS = ["csv", "netcdf", "flox", "pico"]


def content(folder: Path) -> dict[str, bytes]:
    """All files that somebody sees, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_for_each_spectrum(data: Path, tmp_path: Path) -> None:
    result = export(data, tmp_path / "out")
    assert {path.name for path in result.files} == {
        "metadata_raw.csv",
        *(f"{one}_{way}_raw.csv" for one in ("QEP01", "FLM02") for way in ("upwelling", "downwelling")),
    }
    rows = table(tmp_path / "out" / "tower" / "QEP01_upwelling_raw.csv")
    assert list(rows[0])[:5] == ["spectrum", "time", "kind", "400.0000", "400.5000"]
    assert [row["kind"] for row in rows[:5]] == ["dark", "light", "light", "dark", "light"]
    assert [int(value) for value in list(rows[1].values())[3:]] == list(range(600, 620))
    facts = table(tmp_path / "out" / "tower" / "metadata_raw.csv")
    assert len(facts) == 40
    assert {row["spectrum"] for row in rows} <= {fact["spectrum"] for fact in facts}
    light = next(fact for fact in facts if fact["spectrum"] == rows[1]["spectrum"])
    assert light["time"] == rows[1]["time"] == "2026-06-21T10:00:01.123456Z"
    assert (light["integration_time"], light["temperature"], light["quality_flags"]) == ("250.5", "-10.25", "0")
    assert (light["exposure_end"], light["dark_file"]) == ("2026-06-21T10:00:01.373956Z", "b000000_s000000_dark.pico")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_input_gives_the_same_bytes(data: Path, tmp_path: Path, form: str) -> None:
    export(data, tmp_path / "one", format=form)
    export(shutil.copytree(data, tmp_path / "copy"), tmp_path / "two", format=form)
    assert content(tmp_path / "one") == content(tmp_path / "two") != {}


class Stop(Exception):
    pass


def stop_at(number: int) -> Callable[[Progress], None]:
    def progress(now: Progress) -> None:
        if now.done == number:
            raise Stop

    return progress


@pytest.mark.parametrize("form", FORMATS)
def test_an_interrupted_export_goes_on(data: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_EVERY", 3)
    export(data, tmp_path / "whole", format=form)
    for number in (0, 2, 5, 7, 10):
        with pytest.raises(Stop):
            export(data, tmp_path / "out", format=form, progress=stop_at(number))
        assert content(tmp_path / "out") == {}
    seen: list[int] = []
    export(data, tmp_path / "out", format=form, progress=lambda now: seen.append(now.done))
    assert seen == [10]  # everything had been gone through at the last point
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_written_after_the_last_point_is_taken_back(
    data: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_EVERY", 4)
    export(data, tmp_path / "whole", format=form)
    with pytest.raises(Stop):
        export(data, tmp_path / "out", format=form, progress=stop_at(7))
    seen: list[int] = []
    export(data, tmp_path / "out", format=form, progress=lambda now: seen.append(now.done))
    assert seen[0] == 4
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_damaged_leftovers_start_it_again(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_EVERY", 4)
    export(data, tmp_path / "whole")
    with pytest.raises(Stop):
        export(data, tmp_path / "out", progress=stop_at(7))
    (work,) = (path for path in (tmp_path / "out" / ".piccolo3-export").iterdir() if path.is_dir())
    (work / "metadata_raw.csv").write_bytes(b"short")
    export(data, tmp_path / "out")
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_naming_is_completed_after_an_interruption(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(data, tmp_path / "whole")
    real, left = Path.replace, [2]

    def replace(self: Path, target: Path) -> Path:
        if target.suffix == ".csv":
            if not left[0]:
                raise Stop
            left[0] -= 1
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(Stop):
            export(data, tmp_path / "out")
    assert len(content(tmp_path / "out")) == 2
    seen: list[Progress] = []
    export(data, tmp_path / "out", progress=seen.append)
    assert not seen
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_what_is_complete_stays_until_something_changes(data: Path, tmp_path: Path) -> None:
    first = export(data, tmp_path / "out")
    again = export(data, tmp_path / "out")
    assert (first.runs[0].up_to_date, again.runs[0].up_to_date) == (False, True)
    assert again.files == first.files
    first.files[0].unlink()
    assert not export(data, tmp_path / "out").runs[0].up_to_date
    samples.write(data / "tower", [samples.spectrum(DARK, "upwelling", batch=7)], 7, 0, DARK)
    assert not export(data, tmp_path / "out").runs[0].up_to_date
    assert len(table(tmp_path / "out" / "tower" / "metadata_raw.csv")) == 41
    for path in (data / "tower").glob("*.pico"):
        if b"FLM02" in path.read_bytes():
            path.unlink()
    # nothing stays behind of what is not there any more
    assert {path.name for path in export(data, tmp_path / "out").files} == {
        "metadata_raw.csv",
        "QEP01_upwelling_raw.csv",
    }
    assert set(content(tmp_path / "out")) == {"tower/metadata_raw.csv", "tower/QEP01_upwelling_raw.csv"}


def test_foreign_files_are_not_overwritten(data: Path, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "tower" / "metadata_raw.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(Conflict, match="in the way"):
        export(data, tmp_path / "out")
    assert content(tmp_path / "out") == {"tower/metadata_raw.csv": b"mine"}
    export(data, tmp_path / "out", force=True)
    assert len(table(mine)) == 40


def test_one_export_at_a_time(data: Path, tmp_path: Path) -> None:
    def progress(_: Progress) -> None:
        with pytest.raises(Conflict, match="another export"):
            export(data, tmp_path / "out")

    export(data, tmp_path / "out", progress=progress)


@pytest.mark.parametrize("form", FORMATS)
def test_unreadable_files_are_left_out_and_told(data: Path, tmp_path: Path, form: str) -> None:
    (data / "tower" / "b000000_s000001_light.pico").write_bytes(b"")
    (data / "tower" / "b000001_s000001_light.pico").write_bytes(b"\xff\xfe")
    result = export(data, tmp_path / "out", format=form)
    assert result.unreadable == {
        "tower/b000000_s000001_light.pico": "the file is empty",
        "tower/b000001_s000001_light.pico": "not UTF-8: invalid start byte at byte 0",
    }
    assert export(data, tmp_path / "out", format=form).unreadable == result.unreadable
    assert content(tmp_path / "out")


def test_wrong_wishes(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="xml"):
        export(data, tmp_path / "out", format="xml")
    with pytest.raises(InvalidValue, match="radiance"):
        export(data, tmp_path / "out", level="radiance")
    with pytest.raises(InvalidValue, match="raw counts only"):
        export(data, tmp_path / "out", format="flox", level="corrected")
    with pytest.raises(NotFound, match="there are: tower"):
        export(data, tmp_path / "out", runs=["towr"])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NotFound, match="nothing to export"):
        export(tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        export(data, tmp_path / "file")


def test_a_new_calibration_begins_a_new_table(tmp_path: Path) -> None:
    for sequence, first in enumerate((400.0, 401.0, 400.0)):
        one = samples.spectrum(DARK, "upwelling", sequence=sequence, wavelength_coefficients=[first, 0.5, 0, 0])
        samples.write(tmp_path / "data" / "tower", [one], 0, sequence, DARK)
    export(tmp_path / "data", tmp_path / "out")
    folder = tmp_path / "out" / "tower"
    assert [len(table(folder / f"QEP01_upwelling_raw{more}.csv")) for more in ("", "_2")] == [2, 1]


def test_files_of_old_software(tmp_path: Path) -> None:
    """Capitalised channels, dates with Z, missing keys, and an integration time of 0."""
    text = """{"Spectra": [{"Metadata": {"Batch": 3, "Datetime": "2018-01-30T17:04:30.146992Z", "Dark": false,
      "Direction": "Upwelling", "IntegrationTime": 0, "Type": "light", "SlitSize": "Missing metadata"},
      "Pixels": [1, 2, 3]}]}"""
    folder = tmp_path / "data" / "old"
    folder.mkdir(parents=True)
    (folder / "spectra.pico").write_text(text)
    export(tmp_path / "data", tmp_path / "out")
    (row,) = table(tmp_path / "out" / "old" / "unknown_Upwelling_raw.csv")
    assert row == {
        "spectrum": "spectra#1",
        "time": "2018-01-30T17:04:30.146992Z",
        "kind": "light",
        "pixel_0": "1",
        "pixel_1": "2",
        "pixel_2": "3",
    }
    (fact,) = table(tmp_path / "out" / "old" / "metadata_raw.csv")
    assert (fact["batch"], fact["serial_number"], fact["quality_flags"]) == ("3", "", "")
    assert fact["other_metadata"] == '{"SlitSize": "Missing metadata"}'


def test_pico_keeps_everything(data: Path, tmp_path: Path) -> None:
    export(data, tmp_path / "out", format="pico")
    originals = {path.name: path.read_text() for path in (data / "tower").iterdir()}
    copies = {path.name: path.read_text() for path in (tmp_path / "out" / "tower").iterdir()}
    assert copies == originals == {name: dumps(loads(text)) for name, text in originals.items()}


def test_no_number_is_written_as_nan_of_csv(tmp_path: Path) -> None:
    more: dict[str, Any] = {"nonlinearity_coefficients": [1.0, -1e-3]}
    samples.write(tmp_path / "data" / "tower", [samples.spectrum(DARK, "upwelling", counts=1, **more)], 0, 0, DARK)
    samples.write(tmp_path / "data" / "tower", [samples.spectrum(LIGHT, "upwelling", counts=999, **more)], 0, 0, LIGHT)
    export(tmp_path / "data", tmp_path / "out", level="corrected")
    (row,) = table(tmp_path / "out" / "tower" / "QEP01_upwelling_corrected.csv")
    values = list(row.values())[3:]
    assert values[-1] == "NaN"
    assert np.isfinite(float(values[0]))


AWKWARD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(serial_number=AWKWARD, direction=AWKWARD, extra=AWKWARD)
def test_any_names_give_safe_files(
    tmp_path_factory: pytest.TempPathFactory, serial_number: str, direction: str, extra: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    one = samples.spectrum(DARK, direction, serial_number, extra={"Note": extra})
    samples.write(folder / "data" / "run", [one], 0, 0, DARK)
    result = export(folder / "data", folder / "out")
    assert all(path.parent == folder / "out" / "run" for path in result.files)
    (fact,) = table(folder / "out" / "run" / "metadata_raw.csv")
    if "Missing metadata" not in (serial_number, direction):
        assert (fact["serial_number"], fact["direction"]) == (serial_number, direction)
    assert extra in fact["other_metadata"] or "\\" in fact["other_metadata"]


def test_a_run_with_bytes_that_are_no_text(data: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"r\xff\xc3")
    (data / "tower").rename(data / name)
    for form in FORMATS:
        result = export(data, tmp_path / form, format=form)
        assert result.files
        assert all(path.is_file() for path in result.files)
        assert export(data, tmp_path / form, format=form).runs[0].up_to_date


def test_every_column_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "exports.md").read_text(encoding="utf-8")
    assert reference() in page, "paste the output of: python -m piccolo3.data.columns"


def test_what_a_column_tells_is_not_told_twice(data: Path) -> None:
    metadata = loads((data / "tower" / "b000000_s000000_light.pico").read_bytes()).spectra[0].metadata
    assert other_metadata({**metadata, "Own": 1}) == '{"Own": 1, "TemperatureEnabled": true}'
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert set(metadata) - {"TemperatureEnabled"} <= _TOLD
