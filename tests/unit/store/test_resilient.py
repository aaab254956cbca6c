"""What is done when the data directory fails, and when it works again."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import StoreError
from piccolo3.spectrum import SpectraList, loads
from piccolo3.store import (
    BatchEnd,
    BatchRecord,
    CataloguedDirectory,
    DataDirectory,
    ResilientStore,
    Spare,
    SpectrumQuery,
    resilient,
)
from tests.unit.store import making
from tests.unit.store.making import DARK, LIGHT, START

RECORD = BatchRecord(kind="record", started=START, requested_by="me", command={"sequences": 3})
END = BatchEnd(outcome="complete", ended=START, lost=("a", "b"), sequences_done=3)


def trouble(store: ResilientStore) -> str | None:
    return store.trouble


def unfinished(store: ResilientStore) -> bool:
    return store.needs_recovery


def is_open(store: ResilientStore) -> bool:
    return store.is_open


def spectra(*, number: int = 0, batch: int = 0, run: str = "r") -> SpectraList:
    return making.sequence(DARK, LIGHT, run=run, batch=batch, sequence=number)


@dataclass
class Rig:
    path: Path
    clock: ManualClock = field(default_factory=ManualClock)
    has_spare: bool = True
    split: bool = True
    mounted: bool = True
    said: list[str | None] = field(default_factory=list)

    def guard(self) -> None:
        if not self.mounted:
            raise StoreError("the stick is not mounted", reason="it is not mounted")

    def store(self) -> ResilientStore:
        files = DataDirectory(self.data, self.clock, clobber=False, split=self.split)
        spare = Spare(self.spare, self.clock, clobber=False, split=self.split) if self.has_spare else None
        store = ResilientStore(CataloguedDirectory(files, self.clock), files, self.clock, spare=spare, guard=self.guard)
        store.changed = lambda: self.said.append(store.trouble)
        store.open()
        return store

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def spare(self) -> Path:
        return self.path / "spare"

    def names(self, folder: Path) -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.pico"))

    def pull(self) -> None:
        """The stick goes, and the directory below is empty."""
        self.data.rename(self.path / "pulled")
        self.mounted = False

    def plug(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        (self.path / "pulled").rename(self.data)
        self.mounted = True


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | None], None]:
    """Makes the disk below a path full, or no disk."""
    real, below = os.fsync, [Path("/no such")]

    def fsync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(below[0]):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    def make(path: Path | None) -> None:
        below[0] = path or Path("/no such")

    return make


def test_all_is_well(rig: Rig) -> None:
    store = rig.store()
    store.create_run("r")
    assert store.begin_batch("r", RECORD) == 0
    assert [path.parent for path in store.write(spectra())] == [rig.data / "r"] * 2
    store.end_batch("r", 0, END)
    assert store.recover() == 0
    assert not unfinished(store)
    assert trouble(store) is None
    assert rig.said == []
    assert store.free_bytes() > 0
    store.close()


def test_without_a_fallback_it_is_tried_again(rig: Rig, full: Callable[[Path | None], None]) -> None:
    rig.has_spare = False
    store = rig.store()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    full(rig.data)
    for number in range(3):
        with pytest.raises(StoreError, match="the disk is full"):
            store.write(spectra(number=number))
    assert rig.names(rig.data) == []
    assert trouble(store)
    assert "the disk is full; 3 sequences wait in memory" in (trouble(store) or "")
    with pytest.raises(StoreError):
        store.recover()
    full(None)
    assert unfinished(store)
    assert store.recover() == 3
    assert len(rig.names(rig.data)) == 6
    assert len(store.query(SpectrumQuery()).entries) == 6
    assert trouble(store) is None
    assert not unfinished(store)
    assert rig.said[-1] is None
    store.close()


def test_a_full_disk_with_a_fallback(rig: Rig, full: Callable[[Path | None], None]) -> None:
    store = rig.store()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    store.write(spectra(number=0))
    full(rig.data)
    assert [path.parent for path in store.write(spectra(number=1))] == [rig.spare / "r"] * 2
    assert trouble(store)
    assert (trouble(store) or "").endswith(f"the disk is full; spectra go to {rig.spare}")
    full(None)
    store.write(spectra(number=2))  # it is left alone for a while
    assert len(rig.names(rig.spare)) == 4
    rig.clock.advance(10)
    store.write(spectra(number=3))
    assert len(rig.names(rig.spare)) == 4
    assert trouble(store) is None
    while store.needs_recovery:
        store.recover()
    assert rig.names(rig.spare) == []
    assert len(rig.names(rig.data)) == 8
    assert len(store.query(SpectrumQuery()).entries) == 8
    assert len([said for said in rig.said if said is not None]) == 1
    store.close()


def test_a_stick_that_is_pulled_out_and_put_in_again(rig: Rig) -> None:
    store = rig.store()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    store.write(spectra(number=0))
    rig.pull()
    store.write(spectra(number=1))
    number = store.begin_batch("r", replace(RECORD, requested_by="you"))
    assert number == 1
    store.write(spectra(batch=1))
    store.end_batch("r", 1, END)
    store.create_run("new")
    assert store.begin_batch("new", RECORD) == 0
    assert store.begin_batch("r", RECORD) == 2  # which goes on
    assert not rig.data.exists()
    with pytest.raises(StoreError, match="not mounted"):
        store.recover()
    assert [run.name for run in store.runs()] == ["new", "r"]
    rig.plug()
    while store.needs_recovery:
        store.recover()
    assert rig.names(rig.spare) == []
    assert len(rig.names(rig.data)) == 6
    batches = {(batch.run, batch.number): batch for batch in store.batches().entries}
    assert batches["r", 1].record.requested_by == "you"
    assert batches["r", 1].end == END
    assert batches["r", 2].end is None
    store.end_batch("r", 2, END)
    assert store.begin_batch("r", RECORD) == 3
    assert store.begin_batch("new", RECORD) == 1
    store.close()


def test_numbers_are_never_used_again(rig: Rig) -> None:
    store = rig.store()
    store.create_run("r")
    assert [store.begin_batch("r", RECORD) for _ in range(3)] == [0, 1, 2]
    rig.pull()
    assert store.begin_batch("r", RECORD) == 3  # of which nothing is written
    store.close()
    store = rig.store()  # started without the stick
    assert trouble(store)
    assert store.begin_batch("r", RECORD) == 4
    store.close()
    rig.plug()
    store = rig.store()
    assert store.begin_batch("r", RECORD) == 5
    while store.needs_recovery:
        store.recover()
    assert store.begin_batch("r", RECORD) == 6
    store.close()


def test_what_is_in_the_fallback_is_merged_at_the_next_start(rig: Rig) -> None:
    store = rig.store()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    rig.pull()
    store.write(spectra())
    store.close()
    rig.plug()
    store = rig.store()
    assert unfinished(store)
    assert store.recover() == 2
    assert not unfinished(store)
    assert len(rig.names(rig.data)) == 2
    store.close()


def test_nothing_is_overwritten(rig: Rig) -> None:
    store = rig.store()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    rig.pull()
    store.write(spectra())
    rig.plug()
    folder = rig.data / "r"
    folder.mkdir(exist_ok=True)
    (folder / "b000000_s000000_dark.pico").write_text("another one")  # not the same
    shutil.copy(rig.spare / "r" / "b000000_s000000_light.pico", folder)  # the same: the last merge was interrupted
    rig.clock.advance(10)
    store.recover()
    assert not unfinished(store)
    assert (folder / "b000000_s000000_dark.pico").read_text() == "another one"
    assert rig.names(rig.spare) == ["r/b000000_s000000_dark.pico"]
    store.close()


def test_dark_and_light_in_one_file(rig: Rig, full: Callable[[Path | None], None]) -> None:
    rig.split = False
    store = rig.store()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    whole = spectra()
    store.write(whole.of_kind(DARK))
    full(rig.data)
    store.write(whole.of_kind(LIGHT))
    full(None)
    store.recover()
    (name,) = rig.names(rig.data)
    assert len(loads((rig.data / name).read_text()).spectra) == len(whole.spectra)
    store.close()


def test_nothing_is_made_where_the_stick_is_not(rig: Rig) -> None:
    rig.has_spare, rig.mounted = False, False
    with pytest.raises(StoreError, match="not mounted"):
        rig.store()
    assert not rig.data.exists()


def test_after_it_was_closed_nothing_is_written(rig: Rig) -> None:
    store = rig.store()
    store.close()
    with pytest.raises(StoreError, match="not open"):
        store.write(spectra())
    assert rig.names(rig.path) == []
    assert not unfinished(store)
    assert not is_open(store)
    store.open()
    assert is_open(store)
    store.close()


def mount(point: Path, size: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "piccolo3-test", str(point)]
    return subprocess.run(command, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    point = tmp_path / "disk"
    point.mkdir()
    if not mount(point, "1m"):
        pytest.skip("no file system can be mounted here")
    yield point
    subprocess.run(["umount", "--lazy", str(point)], check=True)


def test_it_is_not_well_before_something_was_written(rig: Rig, full: Callable[[Path | None], None]) -> None:
    rig.has_spare = False
    store = rig.store()
    store.create_run("r")
    full(rig.data)
    with pytest.raises(StoreError, match="the disk is full"):
        store.begin_batch("r", RECORD)
    with pytest.raises(StoreError, match="the disk is full"):
        store.recover()
    assert trouble(store)
    full(None)
    store.recover()
    assert trouble(store) is None
    assert not list(rig.data.glob(".piccolo3-probe*"))
    store.close()


@pytest.mark.parametrize("has_spare", [True, False])
def test_a_real_disk_that_fills_up(disk: Path, tmp_path: Path, has_spare: bool) -> None:
    clock = ManualClock()
    files = DataDirectory(disk, clock, clobber=False, split=True)
    spare = Spare(tmp_path / "spare", clock, clobber=False, split=True) if has_spare else None
    store = ResilientStore(CataloguedDirectory(files, clock), files, clock, spare=spare)
    store.open()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    refused = 0
    for number in range(40):
        try:
            store.write(spectra(number=number))
        except StoreError:
            refused += 1
    assert trouble(store)
    assert bool(refused) is not has_spare
    for path in disk.rglob("*.pico"):
        assert loads(path.read_text()).spectra  # nothing is written half
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    while store.needs_recovery:
        store.recover()
    assert trouble(store) is None
    assert len(list(disk.rglob("*.pico"))) == 80
    assert len(store.query(SpectrumQuery(limit=500)).entries) == 80
    store.close()


@pytest.mark.parametrize("has_spare", [True, False])
def test_what_is_below_the_mount_point_is_not_filled(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_spare: bool
) -> None:
    root = tmp_path.stat().st_dev  # it need not be that of /
    monkeypatch.setattr(resilient, "_is_on_root", lambda path: path.stat().st_dev == root)
    clock = ManualClock()
    files = DataDirectory(disk, clock, clobber=False, split=True)
    spare = Spare(tmp_path / "spare", clock, clobber=False, split=True) if has_spare else None
    store = ResilientStore(CataloguedDirectory(files, clock), files, clock, spare=spare)
    store.open()
    store.create_run("r")
    store.begin_batch("r", RECORD)
    store.write(spectra(number=0))
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
    (disk / ".piccolo3.lock").touch()  # a daemon has run without the stick some time ago
    if has_spare:
        store.write(spectra(number=1))
    else:
        with pytest.raises(StoreError, match="another one has taken its place"):
            store.write(spectra(number=1))
    with pytest.raises(StoreError, match="the disk that carried it is not there"):
        store.recover()
    (disk / ".piccolo3.lock").unlink()
    with pytest.raises(StoreError, match="it is not there"):
        store.recover()
    assert list(disk.iterdir()) == []
    mount(disk, "4m")
    with pytest.raises(StoreError, match="it is not there"):  # another stick
        store.recover()
    store.open()  # which is what we are told to use
    while unfinished(store):
        store.recover()
    assert len(list(disk.rglob("*.pico"))) == 2
    assert store.begin_batch("r", RECORD) == 1
    store.close()
