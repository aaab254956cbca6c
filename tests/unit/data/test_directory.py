"""The data directory as a source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from piccolo3.data.directory import Directory, find_run
from piccolo3.data.source import in_order
from piccolo3.errors import InvalidValue, NotFound, StoreError


def test_runs_are_folders_with_data_files(data: Path) -> None:
    (data / "empty").mkdir()
    (data / ".lost+found").mkdir()
    (data / ".lost+found" / "b000000_s000000_dark.pico").touch()
    assert Directory(data).runs() == ["tower"]


def test_a_folder_with_files_is_a_run_itself(data: Path) -> None:
    source = Directory(data / "tower")
    assert source.runs() == ["tower"]
    assert source.names("tower") == Directory(data).names("tower")


def test_names_are_in_order_and_leftovers_are_none(data: Path) -> None:
    for name in (
        ".b000009_s000000_dark.pico.tmp",
        ".b000009_s000000_dark.pico",
        "b1000000_s000000_light.pico",
        "notes.pico",
    ):
        (data / "tower" / name).touch()
    names = Directory(data).names("tower")
    assert names[:3] == ["b000000_s000000_dark.pico", "b000000_s000000_light.pico", "b000000_s000001_light.pico"]
    assert names[-2:] == ["b1000000_s000000_light.pico", "notes.pico"]
    assert len(names) == 12


def test_files_of_both_kinds_come_before_those_of_one() -> None:
    expected = [
        "b000000_s000000.pico",
        "b000000_s000000_dark.pico",
        "b000000_s000000_light.pico",
        "b000000_s000001.pico",
    ]
    assert in_order(sorted(expected, reverse=True)) == expected


def test_the_fingerprint_sees_every_change(data: Path) -> None:
    source = Directory(data)
    before = source.fingerprint("tower")
    assert source.fingerprint("tower") == before
    path = data / "tower" / "b000000_s000000_dark.pico"
    os.utime(path, ns=(1, 1))
    assert source.fingerprint("tower") != before
    path.unlink()
    after = source.fingerprint("tower")
    assert after != before
    (data / "tower" / "b000007_s000000_dark.pico").symlink_to("nowhere")
    assert source.fingerprint("tower") == after


def test_what_is_wrong_with_a_file_is_said(data: Path) -> None:
    source = Directory(data)
    (data / "tower" / "b000009_s000000_dark.pico").write_text('{"Spectra": [')
    with pytest.raises(InvalidValue, match=r"^not JSON"):
        source.load("tower", "b000009_s000000_dark.pico")
    with pytest.raises(StoreError, match="vanished"):
        source.load("tower", "b000010_s000000_dark.pico")
    os.mkfifo(data / "tower" / "b000011_s000000_dark.pico")
    with pytest.raises(StoreError, match="not a file"):
        source.load("tower", "b000011_s000000_dark.pico")


@pytest.mark.parametrize("run", ["", ".", "..", "../data/tower", "nowhere", "a\0b"])
def test_there_are_no_other_runs(data: Path, run: str) -> None:
    with pytest.raises(NotFound):
        Directory(data).names(run)


def test_a_run_is_found_by_name_and_by_path(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, run = find_run(data, "tower")
    assert (source.path, run) == (data, "tower")
    source, run = find_run(Path(), str(data / "tower"))
    assert (source.runs(), run) == (["tower"], "tower")
    monkeypatch.chdir(data / "tower")
    assert find_run(Path("/"), ".")[1] == "tower"
    with pytest.raises(NotFound, match="there are: tower"):
        find_run(data, "towr")
    with pytest.raises(NotFound, match="no directory"):
        find_run(data / "nowhere", "tower")
