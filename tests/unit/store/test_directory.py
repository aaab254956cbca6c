from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piccolo3.clock import ManualClock
from piccolo3.errors import Conflict, InvalidValue, NotFound, PiccoloError, StoreError
from piccolo3.spectrum import SpectraList, Spectrum, loads, make_metadata
from piccolo3.status import SpectrumKind
from piccolo3.store import DataDirectory

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT
START = datetime(2026, 6, 21, 12, tzinfo=UTC)


def spectrum(kind: SpectrumKind, level: int = 100, run: str = "r", batch: int = 0, sequence: int = 0) -> Spectrum:
    metadata = make_metadata(
        kind=kind,
        direction="upwelling",
        serial_number="dummy_A",
        model="FLAME-S",
        firmware=None,
        integration_time=10.0,
        exposure_start=START,
        exposure_end=START + timedelta(milliseconds=10),
        sequence=sequence,
        batch=batch,
        run=run,
        saturation=65535.0,
        dark_pixels=(),
        optical_pixel_range=(0, 4),
        nonlinearity_coefficients=(),
        wavelength_coefficients=(340.0, 0.4, 0.0, 0.0),
        piccolo_wavelength_coefficients=None,
        temperature=None,
        temperature_enabled=False,
        simulated=True,
        software_version="0",
    )
    return Spectrum(np.full(4, level, dtype=np.int32), metadata)


def spectra(
    *kinds: SpectrumKind, run: str | None = "r", batch: int = 0, sequence: int = 0, level: int = 100
) -> SpectraList:
    found = tuple(spectrum(kind, level, run or "", batch, sequence) for kind in kinds)
    return SpectraList(found, run=run, batch=batch, sequence=sequence)


def directory(path: Path, *, clobber: bool = False, split: bool = True) -> DataDirectory:
    return DataDirectory(path, ManualClock(), clobber=clobber, split=split)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DataDirectory]:
    with directory(tmp_path / "data") as opened:
        yield opened


def test_a_new_directory_is_empty(store: DataDirectory) -> None:
    assert store.runs() == []
    assert store.newest_run() is None
    assert not store.run_exists("r")


def test_files_of_a_sequence(store: DataDirectory) -> None:
    assert store.create_run("r") == "r"
    assert store.current_batch("r") == -1
    assert store.new_batch("r") == 0
    paths = store.write(spectra(DARK, LIGHT, sequence=3))
    assert [path.name for path in paths] == ["b000000_s000003_dark.pico", "b000000_s000003_light.pico"]
    assert {path.parent for path in paths} == {store.path / "r"}
    assert store.spectra_files("r") == ["b000000_s000003_light.pico", "b000000_s000003_dark.pico"]
    text = store.read("r", "b000000_s000003_dark.pico")
    assert text == paths[0].read_bytes().decode()
    found = loads(text)
    assert (found.kinds, found.run, found.batch, found.sequence) == ((DARK,), "r", 0, 3)
    assert store.write(spectra()) == ()


def test_the_run_is_made_again_where_it_was_deleted(store: DataDirectory) -> None:
    store.create_run("r")
    (store.path / "r").rmdir()
    (path,) = store.write(spectra(LIGHT))
    assert path.exists()


def test_nothing_is_overwritten_without_clobber(store: DataDirectory, tmp_path: Path) -> None:
    (path,) = store.write(spectra(DARK, level=1))
    before = path.read_bytes()
    with pytest.raises(Conflict, match=r"b000000_s000000_dark.pico exists already"):
        store.write(spectra(DARK, LIGHT, level=2))
    assert store.spectra_files("r") == [path.name]
    assert path.read_bytes() == before


def test_clobber_overwrites(tmp_path: Path) -> None:
    with directory(tmp_path, clobber=True) as store:
        store.write(spectra(DARK, level=1))
        (path,) = store.write(spectra(DARK, level=2))
        assert loads(path.read_bytes()).spectra[0].pixels.tolist() == [2, 2, 2, 2]


def test_without_split_dark_and_light_come_together_whatever_is_first(tmp_path: Path) -> None:
    with directory(tmp_path, split=False) as store:
        (path,) = store.write(spectra(LIGHT, level=2))
        assert path.name == "b000000_s000000.pico"
        assert store.write(spectra(DARK, level=1)) == (path,)
        found = loads(path.read_bytes()).spectra
        assert [(item.kind, item.pixels[0]) for item in found] == [(DARK, 1), (LIGHT, 2)]
        with pytest.raises(Conflict):
            store.write(spectra(DARK, level=3))
        assert [item.pixels[0] for item in loads(path.read_bytes()).spectra] == [1, 2]
        (path,) = store.write(spectra(DARK, LIGHT, sequence=1))
        assert len(loads(path.read_bytes()).spectra) == 2


def test_without_split_a_damaged_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    path = tmp_path / "r" / "b000000_s000000.pico"
    path.write_bytes(b"{")
    with directory(tmp_path, split=False) as store, pytest.raises(Conflict):
        store.write(spectra(DARK))
    assert path.read_bytes() == b"{"
    with directory(tmp_path, split=False, clobber=True) as store:
        store.write(spectra(DARK, level=1))
        store.write(spectra(LIGHT, level=2))
        store.write(spectra(DARK, level=3))
    assert [item.pixels[0] for item in loads(path.read_bytes()).spectra] == [3, 2]


def test_batch_numbers_are_never_used_again(tmp_path: Path) -> None:
    with directory(tmp_path) as store:
        store.create_run("r")
        assert [store.new_batch("r") for _ in range(3)] == [0, 1, 2]
        store.create_run("other")
        assert store.new_batch("other") == 0
        shutil.rmtree(tmp_path / "r")
        with pytest.raises(NotFound):
            store.new_batch("r")
    with directory(tmp_path) as store:
        store.create_run("r")
        assert store.current_batch("r") == 2
        (tmp_path / "r" / "b000007_s000000_dark.pico").touch()
        assert store.current_batch("r") == 7
        assert store.new_batch("r") == 8
        (tmp_path / "r" / "b000007_s000000_dark.pico").unlink()
        assert store.new_batch("r") == 9
        assert store.new_batch("other") == 1


LEDGER, BACKUP = ".piccolo3-batches.json", ".piccolo3-batches.backup.json"
DAMAGE = [b"", b'{"runs": {"r', b"[]", b'{"runs": 5}', b'{"runs": {"r": -1}}', b'{"runs": {"r": true}}', b"\xff"]


@pytest.mark.parametrize("damage", [*DAMAGE, None])
@pytest.mark.parametrize("name", [LEDGER, BACKUP])
def test_one_sound_ledger_is_enough(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None, name: str
) -> None:
    with directory(tmp_path) as store:
        store.create_run("r")
        assert [store.new_batch("r") for _ in range(3)] == [0, 1, 2]
    (tmp_path / name).unlink()
    if damage is not None:
        (tmp_path / name).write_bytes(damage)
    with directory(tmp_path) as store:
        assert "the batch numbers in" in caplog.text
        assert "are restored" in caplog.text
        assert ("is damaged" in caplog.text) == (damage is not None)
        assert store.new_batch("r") == 3
    caplog.clear()
    with directory(tmp_path) as store:
        assert store.new_batch("r") == 4
    assert caplog.text == ""


def test_with_both_ledgers_damaged_the_files_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with directory(tmp_path) as store:
        store.create_run("r")
        for _ in range(3):
            store.new_batch("r")
        store.write(spectra(DARK, batch=1))
    for name in (LEDGER, BACKUP):
        (tmp_path / name).write_bytes(b"{")
    with directory(tmp_path) as store:
        assert "those of deleted files may be used again" in caplog.text
        assert store.new_batch("r") == 2
    assert len(list(tmp_path.glob(".*.damaged-20260621T120000Z"))) == 2


def test_an_older_ledger_in_one_file_does_not_go_back(tmp_path: Path) -> None:
    with directory(tmp_path) as store:
        store.create_run("r")
        for _ in range(5):
            store.new_batch("r")
    (tmp_path / LEDGER).write_text('{"runs": {"r": 1}}')
    with directory(tmp_path) as store:
        assert store.new_batch("r") == 5


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_batch_number_that_could_not_be_made_durable_is_not_given(
    store: DataDirectory, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    store.create_run("r")
    store.new_batch("r")
    original, count = os.fsync, 0

    def failing(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == at:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StoreError, match="the disk is full"):
            store.new_batch("r")
    assert store.new_batch("r") == 1
    assert json.loads((store.path / LEDGER).read_text()) == {"runs": {"r": 1}}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "link", "write"])
def test_a_failed_write_leaves_nothing_and_a_later_one_works(
    store: DataDirectory, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    store.create_run("r")

    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        with pytest.raises(StoreError) as caught:
            store.write(spectra(DARK, LIGHT))
    assert "b000000_s000000_dark.pico failed: the " in caught.value.message
    assert list((store.path / "r").iterdir()) == []
    assert len(store.write(spectra(DARK, LIGHT))) == 2


def test_a_run_that_can_not_be_made(store: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", failing)
    with pytest.raises(StoreError, match=r"creating the run .*/r failed: the file system is read-only"):
        store.create_run("r")


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "../up", "a/b", "/etc", " a", "a ", "a\0b", "a\nb", "x" * 65, "a:b", "\udcff", "ü/.."],
)
def test_new_runs_have_safe_names(store: DataDirectory, name: str) -> None:
    with pytest.raises(InvalidValue):
        store.create_run(name)
    with pytest.raises(InvalidValue):
        store.write(spectra(DARK, run=name))
    assert not store.run_exists(name)
    assert store.runs() == []
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


def test_new_names_are_normalised_and_old_ones_found(store: DataDirectory) -> None:
    assert store.create_run("Wa\u0308ldchen 1") == "W\u00e4ldchen 1"
    assert store.create_run("Wa\u0308ldchen 1") == "W\u00e4ldchen 1"
    (store.path / "Ma\u0308rz").mkdir()
    assert store.create_run("Ma\u0308rz") == "Ma\u0308rz"


@pytest.mark.parametrize("name", ["old run ", " x", "a:b*?", "tab\there", "x" * 200, "日本語!", "-rf", "~"])
def test_runs_with_other_names_stay_usable(store: DataDirectory, name: str) -> None:
    (store.path / name).mkdir()
    (store.path / name / "b000004_s000000_light.pico").write_text("{}")
    assert [run.name for run in store.runs()] == [name]
    assert store.run_exists(name)
    assert store.current_batch(name) == 4
    assert store.spectra_files(name) == ["b000004_s000000_light.pico"]
    assert store.read(name, "b000004_s000000_light.pico") == "{}"
    assert store.create_run(name) == name
    assert store.new_batch(name) == 5


def test_what_is_no_run_is_not_listed(store: DataDirectory, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b000000_s000000_dark.pico").write_text("secret")
    (store.path / ".hidden").mkdir()
    (store.path / "file").touch()
    (store.path / "out").symlink_to(outside)
    (store.path / "loop").symlink_to("loop")
    (store.path / "gone").symlink_to("nowhere")
    Path(os.fsdecode(os.fsencode(store.path) + b"/\xff")).mkdir()
    store.create_run("real")
    (store.path / "in").symlink_to("real")
    assert [run.name for run in store.runs()] == ["in", "real"]
    assert not store.run_exists("out")
    for call in (store.spectra_files, store.current_batch, store.new_batch):
        with pytest.raises(InvalidValue, match="leads outside"):
            call("out")
        for name in ("file", "loop", "gone", "none"):
            with pytest.raises(NotFound):
                call(name)
    for name in ("file", "out", "gone"):
        with pytest.raises(Conflict, match="something else"):
            store.create_run(name)


def test_what_is_no_data_file_is_neither_listed_nor_read(store: DataDirectory, tmp_path: Path) -> None:
    store.create_run("r")
    run = store.path / "r"
    (run / "b000000_s000000_dark.pico").write_bytes(b"[1]\r\n")
    (run / ".b000000_s000001_dark.pico.tmp").touch()
    (run / "notes.txt").touch()
    (run / "b000000_s000002.pico").mkdir()
    (tmp_path / "secret.pico").touch()
    (run / "b000000_s000003.pico").symlink_to(tmp_path / "secret.pico")
    (run / "b000000_s000004.pico").symlink_to("b000000_s000000_dark.pico")
    (run / "b000000_s000005.pico").symlink_to("b000000_s000005.pico")
    os.mkfifo(run / "b000000_s000006.pico")
    (run / "b000000_s000007.pico").write_bytes(b"\xff")
    good = ["b000000_s000007.pico", "b000000_s000004.pico", "b000000_s000000_dark.pico"]
    assert store.spectra_files("r") == good
    assert store.read("r", good[1]) == store.read("r", good[2]) == "[1]\r\n"
    for name in ("b000000_s000009.pico", "notes.txt", "b000000_s000002.pico", "b000000_s000006.pico"):
        with pytest.raises(NotFound):
            store.read("r", name)
    for name in (
        "",
        "..",
        "../r/b000000_s000000_dark.pico",
        "/etc/passwd",
        "a\0.pico",
        ".b000000_s000001_dark.pico.tmp",
    ):
        with pytest.raises(InvalidValue):
            store.read("r", name)
    with pytest.raises(InvalidValue, match="leads outside"):
        store.read("r", "b000000_s000003.pico")
    with pytest.raises(StoreError, match="it is not UTF-8"):
        store.read("r", "b000000_s000007.pico")
    with pytest.raises(NotFound):
        store.read("none", "b000000_s000000_dark.pico")


@given(run=st.text(max_size=12), name=st.text(alphabet="./ab_\0é", max_size=12))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_is_answered_with_an_error_of_ours(store: DataDirectory, run: str, name: str) -> None:
    with pytest.raises(PiccoloError):
        store.read(run, name)
    with pytest.raises(PiccoloError):
        store.read(name, run)


def test_the_newest_run_is_the_one_changed_last(store: DataDirectory) -> None:
    for number, name in enumerate(["b", "c", "a"]):
        store.create_run(name)
        os.utime(store.path / name, (1000.0 + number, 1000.0 + number))
    assert store.newest_run() == "a"
    assert [(run.name, run.modified.timestamp()) for run in store.runs()] == [("a", 1002), ("b", 1000), ("c", 1001)]
    assert store.runs()[0].modified.tzinfo is UTC


def test_leftovers_of_an_interrupted_write_are_cleaned_up(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".b000000_s000000_dark.pico.tmp").touch()
    (tmp_path / "r" / ".mine.tmp").touch()
    with directory(tmp_path):
        assert [path.name for path in (tmp_path / "r").iterdir()] == [".mine.tmp"]


def test_a_directory_belongs_to_one(store: DataDirectory, tmp_path: Path) -> None:
    other = directory(store.path)
    with pytest.raises(Conflict, match=f"the data directory {store.path} is in use by process {os.getpid()}"):
        other.open()
    (store.path / ".piccolo3.lock").write_text("rubbish")
    with pytest.raises(Conflict, match="is in use by another process"):
        other.open()
    store.close()
    store.close()
    with other:
        assert (store.path / ".piccolo3.lock").read_text() == f"{os.getpid()}\n"


def test_a_directory_that_is_not_open_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="it is not open"):
        directory(tmp_path).runs()


def test_a_directory_that_vanishes(store: DataDirectory) -> None:
    store.create_run("r")
    store.path.rename(store.path.with_name("moved"))
    for call in (store.runs, store.newest_run, lambda: store.write(spectra(DARK)), lambda: store.new_batch("r")):
        with pytest.raises(StoreError, match=f"looking for the data directory {store.path} failed: it has vanished"):
            call()
    store.path.mkdir()
    with pytest.raises(StoreError, match="another one has taken its place"):
        store.write(spectra(DARK))
    assert list(store.path.iterdir()) == []


def test_places_where_no_directory_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"creating the data directory .*/file failed: there is something else"):
        directory(tmp_path / "file").open()
    with pytest.raises(StoreError, match="failed: it is not a directory"):
        directory(tmp_path / "file" / "data").open()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / LEDGER).mkdir()
    broken = directory(tmp_path / "data")
    with pytest.raises(StoreError, match="reading"):
        broken.open()
    (tmp_path / "data" / LEDGER).rmdir()
    with broken:  # the lock was given back
        assert broken.runs() == []


def test_a_run_that_can_not_be_listed(store: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create_run("r")

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "scandir", failing)
    for call in (store.spectra_files, store.current_batch, store.new_batch):
        with pytest.raises(StoreError, match=r"listing .*/r failed: the disk reports an error"):
            call("r")


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_directory import DARK, LIGHT, directory, spectra
with directory(Path({data!r})) as store:
    store.create_run("r")
    while True:
        batch = store.new_batch("r")
        print(batch, flush=True)
        store.write(spectra(DARK, LIGHT, batch=batch))
"""


def test_a_killed_process_leaves_whole_files_and_used_numbers(tmp_path: Path) -> None:
    program = KILLED.format(tests=str(Path(__file__).parent), data=str(tmp_path))
    given_numbers = [-1]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            given_numbers.append(int(line))
            if len(given_numbers) == 20:
                process.kill()
    with directory(tmp_path) as store:
        files = store.spectra_files("r")
        assert len(files) >= 2 * 17
        for name in files:
            assert len(loads(store.read("r", name)).spectra) == 1
        shutil.rmtree(tmp_path / "r")
        store.create_run("r")
        assert store.new_batch("r") > given_numbers[-1]


def test_spectra_without_a_run_have_no_place(store: DataDirectory) -> None:
    with pytest.raises(InvalidValue, match="without a run"):
        store.write(spectra(DARK, run=None))
    assert not store.clobber
    assert store.runs() == []


def test_times_that_no_calendar_has_do_not_hide_a_run(store: DataDirectory) -> None:
    store.create_run("r")
    os.utime(store.path / "r", (1e15, 1e15))
    assert [(run.name, run.modified.tzinfo) for run in store.runs()] == [("r", UTC)]


def test_file_systems_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", failing)
    with pytest.raises(StoreError, match=r"locking .* failed: No locks available"):
        directory(tmp_path).open()
