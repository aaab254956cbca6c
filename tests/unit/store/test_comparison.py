"""The check of the files against the catalogue."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import StoreError
from piccolo3.spectrum import SpectraList, dumps
from piccolo3.store import CataloguedDirectory, DataDirectory, FileState, SpectrumQuery
from piccolo3.store import comparison as module
from piccolo3.store.lostfound import LOST_AND_FOUND
from piccolo3.store.report import CheckReport
from tests.unit.store.making import DARK, LIGHT, START, sequence, spectrum

DARK_NAME, LIGHT_NAME = "b000000_s000000_dark.pico", "b000000_s000000_light.pico"


def make(path: Path) -> CataloguedDirectory:
    clock = ManualClock()
    return CataloguedDirectory(DataDirectory(path, clock, clobber=False, split=True), clock, busy_timeout=0.05)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CataloguedDirectory]:
    with make(tmp_path / "data") as opened:
        opened.write(sequence(DARK, LIGHT, dark_file=DARK_NAME))
        yield opened


def check(store: CataloguedDirectory, *, deep: bool = False) -> CheckReport:
    return store.verification(deep=deep).run()


def states(store: CataloguedDirectory) -> dict[str, FileState]:
    return {file.name: file.state for file in store.files(limit=1000).entries}


def test_leftovers_go_to_lost_and_found(store: CataloguedDirectory) -> None:
    run = store.path / "r"
    (run / ".b000000_s000001_light.pico.tmp").write_bytes(b"half of it")
    (run / ".b000000_s000002_light.pico.tmp").touch()
    os.link(run / LIGHT_NAME, run / f".{LIGHT_NAME}.tmp")
    (run / ".mine").write_text("stays")
    report = check(store)
    assert report.leftovers == [f"{LOST_AND_FOUND}/r-b000000_s000001_light.pico.tmp"]
    assert (store.path / report.leftovers[0]).read_bytes() == b"half of it"
    assert sorted(path.name for path in run.iterdir()) == [".mine", DARK_NAME, LIGHT_NAME]
    (run / ".b000000_s000001_light.pico.tmp").write_bytes(b"another one")
    assert check(store).leftovers == [f"{LOST_AND_FOUND}/r-b000000_s000001_light.pico.tmp.1"]
    assert [one.name for one in store.runs()] == ["r"]


def test_leftovers_are_seen_to_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / f".{LIGHT_NAME}.tmp").write_bytes(b"half of it")
    with make(tmp_path) as store:
        store.write(sequence(LIGHT))
    assert (tmp_path / LOST_AND_FOUND / f"r-{LIGHT_NAME}.tmp").read_bytes() == b"half of it"


def test_a_missing_file_is_reported_and_comes_back(store: CataloguedDirectory) -> None:
    path = store.path / "r" / DARK_NAME
    content, times = path.read_bytes(), path.stat()
    path.unlink()
    assert check(store).missing == [f"r/{DARK_NAME}"]
    assert states(store)[DARK_NAME] is FileState.MISSING
    assert [file.name for file in store.files(troubled=True).entries] == [DARK_NAME]
    assert store.spectra_files("r") == [LIGHT_NAME]
    assert len(store.query(SpectrumQuery()).entries) == 2
    assert store.spectrum(store.query(SpectrumQuery(dark=True)).entries[0].id).dark
    assert check(store).missing == [f"r/{DARK_NAME}"]
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert check(store).sound
    assert states(store)[DARK_NAME] is FileState.SOUND


def test_a_run_that_is_missing(store: CataloguedDirectory) -> None:
    shutil.rmtree(store.path / "r")
    assert sorted(check(store).missing) == [f"r/{DARK_NAME}", f"r/{LIGHT_NAME}"]
    assert store.runs() == []
    assert store.newest_run() is None


def test_a_damaged_file_is_reported_and_its_spectra_are_kept(store: CataloguedDirectory) -> None:
    path = store.path / "r" / LIGHT_NAME
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    report = check(store)
    assert len(report.damaged) == 1
    assert report.damaged[0].startswith(f"r/{LIGHT_NAME}: not JSON")
    assert path.read_bytes() == content[:-100]
    (entry,) = store.query(SpectrumQuery(dark=False)).entries
    assert store.spectrum(entry.id).peak == 115
    again = check(store)  # without reading it again
    assert again.damaged == report.damaged
    assert again.counts == {"damaged": 1}
    path.write_bytes(content)
    assert check(store).sound
    assert store.query(SpectrumQuery(dark=False)).entries == (entry,)


def test_a_file_that_was_changed_by_hand_is_reported_until_it_is_believed(store: CataloguedDirectory) -> None:
    path = store.path / "r" / LIGHT_NAME
    path.write_text(dumps(sequence(LIGHT, level=1000)))
    assert check(store).changed == [f"r/{LIGHT_NAME}"]
    assert check(store).changed == [f"r/{LIGHT_NAME}"]
    assert store.query(SpectrumQuery(dark=False)).entries[0].peak == 115
    assert store.rebuild().run().sound
    assert store.query(SpectrumQuery(dark=False)).entries[0].peak == 1015
    assert check(store).sound


def test_a_change_that_only_a_deep_check_sees(store: CataloguedDirectory) -> None:
    """The same size and, by a coarse clock, the same time."""
    path = store.path / "r" / LIGHT_NAME
    times = path.stat()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"115", b"114"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert check(store).sound
    assert check(store, deep=True).changed == [f"r/{LIGHT_NAME}"]


def test_a_touched_file_is_sound(store: CataloguedDirectory) -> None:
    os.utime(store.path / "r" / LIGHT_NAME, ns=(0, 0))
    assert check(store).sound
    assert states(store)[LIGHT_NAME] is FileState.SOUND


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"Spectra": [{}]}', b'{"Spectra": [{"Metadata": {}, "Pixels": [1]}]}'],
)
def test_a_broken_file_that_nobody_knows(store: CataloguedDirectory, content: bytes) -> None:
    path = store.path / "r" / "b000001_s000000_light.pico"
    path.write_bytes(content)
    report = check(store)
    assert len(report.damaged) == 1
    assert report.damaged[0].startswith("r/b000001_s000000_light.pico: ")
    assert store.files(troubled=True).entries[0].problem in report.damaged[0]  # type: ignore[operator]
    assert check(store).damaged == report.damaged
    path.write_text(dumps(sequence(LIGHT, batch=1)))
    repaired = check(store)
    assert (repaired.sound, repaired.indexed) == (True, 1)
    assert len(store.query(SpectrumQuery(run="r", batch=1)).entries) == 1


def test_numbers_that_no_database_takes(store: CataloguedDirectory) -> None:
    for number, key in enumerate(("QualityFlags", "SequenceNumber")):
        one = spectrum()
        one = replace(one, metadata={**one.metadata, key: 2**63})
        (store.path / "r" / f"b00000{number + 1}_s000000_light.pico").write_text(dumps(SpectraList((one,))))
    assert [text.split(": ", 1)[1] for text in check(store).damaged] == [
        "QualityFlags: 9223372036854775808 is too large",
        "SequenceNumber: 9223372036854775808 is too large",
    ]


def test_what_is_no_file_is_left_alone(store: CataloguedDirectory, tmp_path: Path) -> None:
    run = store.path / "r"
    os.mkfifo(run / "b000001_s000000_light.pico")
    (run / "b000002_s000000_light.pico").mkdir()
    (tmp_path / "outside.pico").write_text(dumps(sequence(LIGHT)))
    (run / "b000003_s000000_light.pico").symlink_to(tmp_path / "outside.pico")
    (run / "b000004_s000000_light.pico").symlink_to("nowhere")
    (run / "notes.txt").write_text("mine")
    Path(os.fsdecode(bytes(run) + b"/b000005_s\xff.pico")).write_text("odd")
    (store.path / ".hidden").mkdir()
    report = check(store)
    assert (report.files, report.sound) == (2, True)


def test_files_of_the_old_system(store: CataloguedDirectory) -> None:
    """One file for dark and light, names and metadata as they were."""
    one = spectrum(direction="Upwelling")
    keep = {
        "Dark",
        "Direction",
        "IntegrationTime",
        "SerialNumber",
        "SaturationLevel",
        "WavelengthCalibrationCoefficients",
    }
    metadata = {key: value for key, value in one.metadata.items() if key in keep}
    metadata |= {"Datetime": "2015-05-01T10:11:12Z", "Batch": 3, "Run": "elsewhere", "name": "x"}
    old = replace(one, metadata=metadata)
    (store.path / "old").mkdir()
    (store.path / "old" / "b3_s000002.pico").write_text(dumps(SpectraList((old,))))
    (store.path / "old" / "b000004_s000002.pico").write_text(dumps(SpectraList((old,))))
    assert check(store).indexed == 2
    found = store.query(SpectrumQuery(run="old")).entries
    assert sorted((entry.batch, entry.file, entry.direction) for entry in found) == [
        (3, "b3_s000002.pico", "Upwelling"),
        (4, "b000004_s000002.pico", "Upwelling"),
    ]
    assert found[0].start.year == 2015
    assert {batch.record.kind for batch in store.batches("old").entries} == {"unknown"}
    assert dict(store.spectrum(found[0].id).metadata) == metadata


def test_darks_are_found_again(store: CataloguedDirectory) -> None:
    (light,) = store.query(SpectrumQuery(dark=False)).entries
    assert light.dark_id is not None
    store.rebuild().run()
    (dark,), (light,) = (store.query(SpectrumQuery(dark=dark)).entries for dark in (True, False))
    assert light.dark_id == dark.id


def test_it_goes_on_in_small_pieces_while_others_write(
    store: CataloguedDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOKED_AT", 3)
    monkeypatch.setattr(module, "_READ", 2)
    for number in range(1, 12):
        name = store.path / "r" / f"b000000_s{number:06}_light.pico"
        name.write_text(dumps(sequence(LIGHT, sequence=number)))
    verification = store.verification()
    pieces = 0
    while verification.step():
        pieces += 1
        progress = verification.progress
        assert progress.done <= progress.total
        store.write(sequence(LIGHT, batch=1, sequence=pieces, start=START + timedelta(days=1)))
    assert pieces > 8
    assert verification.report.complete
    assert verification.report.sound
    assert len(store.query(SpectrumQuery(limit=1000)).entries) == 13 + pieces
    assert store.latest()[0].sequence == pieces
    assert not store.needs_verification
    assert check(store).indexed == 0


def test_one_that_fails_says_so(store: CataloguedDirectory) -> None:
    verification = store.verification()
    assert verification.step()
    shutil.rmtree(store.path)
    for _ in range(2):
        with pytest.raises(StoreError):
            verification.step()
    assert not verification.report.complete
    assert store.needs_verification


def test_one_that_was_given_up_proves_nothing(store: CataloguedDirectory) -> None:
    verification = store.verification()
    for _ in range(2):
        assert verification.step()
    verification.close()
    assert not verification.step()
    assert not verification.report.complete
    assert store.needs_verification


def test_nothing_is_read_where_nothing_changed(store: CataloguedDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise AssertionError(path)

    monkeypatch.setattr(module, "file_bytes", refuse)
    assert check(store).files == 2


def test_exported_files_may_be_taken_away(store: CataloguedDirectory) -> None:
    store.mark_exported([("r", DARK_NAME)])
    (store.path / "r" / DARK_NAME).unlink()
    assert check(store).sound
    assert states(store)[DARK_NAME] is FileState.REMOVED


def test_what_changed_since_it_was_exported_is_not_removed(store: CataloguedDirectory) -> None:
    store.mark_exported([("r", DARK_NAME), ("r", LIGHT_NAME)])
    (store.path / "r" / DARK_NAME).write_text(dumps(sequence(DARK, level=5)))
    assert store.retire(max_bytes=0) == (f"r/{LIGHT_NAME}",)
    assert check(store).changed == [f"r/{DARK_NAME}"]
    assert store.retire(max_bytes=0) == ()


def test_a_removed_file_that_is_copied_back(store: CataloguedDirectory) -> None:
    content = (store.path / "r" / LIGHT_NAME).read_bytes()
    store.mark_exported([("r", LIGHT_NAME)])
    assert store.retire(max_bytes=0) == (f"r/{LIGHT_NAME}",)
    (store.path / "r" / LIGHT_NAME).write_bytes(content)
    assert check(store).indexed == 1
    assert store.spectrum(store.query(SpectrumQuery(dark=False)).entries[0].id).peak == 115


def test_the_sentence_of_a_report(store: CataloguedDirectory) -> None:
    (store.path / "r" / DARK_NAME).unlink()
    assert check(store).sentence() == "1 files, 0 of them new to the catalogue, 1 missing"
    assert CheckReport().sentence() == "0 files, 0 of them new to the catalogue (not finished)"
