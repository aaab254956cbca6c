"""Files and catalogue together, when something goes wrong with one of them."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy

from piccolo3.clock import ManualClock
from piccolo3.errors import Conflict, StoreError
from piccolo3.spectrum import SpectraList, loads
from piccolo3.store import (
    CATALOGUE_FILE,
    BatchEnd,
    BatchRecord,
    CataloguedDirectory,
    DataDirectory,
    EventRecord,
    SpectrumQuery,
)
from tests.unit.store.making import DARK, LIGHT, START, sequence

RECORD = BatchRecord(kind="record", started=START)
NAMES = ["b000000_s000000_light.pico", "b000000_s000000_dark.pico"]


def make(
    path: Path, *, busy_timeout: float = 0.05, clobber: bool = False, url: str | None = None
) -> CataloguedDirectory:
    clock = ManualClock()
    directory = DataDirectory(path, clock, clobber=clobber, split=True)
    return CataloguedDirectory(directory, clock, url=url, busy_timeout=busy_timeout)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CataloguedDirectory]:
    with make(tmp_path / "data") as opened:
        yield opened


@contextmanager
def locked(store: CataloguedDirectory) -> Iterator[None]:
    with closing(sqlite3.connect(store.path / CATALOGUE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def count(store: CataloguedDirectory) -> int:
    return len(store.query(SpectrumQuery()).entries)


def test_importing_the_store_does_not_import_the_database() -> None:
    program = "import sys, piccolo3.store; assert 'sqlalchemy' not in sys.modules and 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_new_catalogue_needs_no_migrations(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from piccolo3.clock import SystemClock; from piccolo3.store import *;"
        "c = SystemClock(); d = DataDirectory(Path(sys.argv[1]), c, clobber=False, split=True);"
        "s = CataloguedDirectory(d, c); s.open(); s.prepare(); s.close(); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)


def test_how_durable_it_is(store: CataloguedDirectory) -> None:
    store.prepare()
    connection = store._records._keeper.ready()._opened().connect()
    pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")}
    foreign_keys = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    connection.close()
    assert (pragmas, foreign_keys) == ({"journal_mode": "wal", "synchronous": 2}, 1)


def test_nothing_waits_for_the_catalogue_to_list_files(store: CataloguedDirectory) -> None:
    store.create_run("r")
    assert [run.name for run in store.runs()] == ["r"]
    assert store.newest_run() == "r"
    assert store.spectra_files("r") == []
    assert store.current_batch("r") == -1
    assert not (store.path / CATALOGUE_FILE).exists()


def test_two_daemons(store: CataloguedDirectory) -> None:
    store.prepare()
    with pytest.raises(Conflict, match="in use"):
        make(store.path).open()
    store.write(sequence(LIGHT))
    assert count(store) == 1


def test_a_lock_of_another_program_is_waited_for(tmp_path: Path) -> None:
    program = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); time.sleep(0.3); c.execute('ROLLBACK')"
    )
    with make(tmp_path, busy_timeout=20) as store:
        store.prepare()
        command = [sys.executable, "-c", program, str(tmp_path / CATALOGUE_FILE)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "locked\n"
            store.write(sequence(LIGHT))
            assert other.wait(10) == 0
        assert count(store) == 1


def test_files_are_safe_when_the_lock_lasts_too_long(store: CataloguedDirectory) -> None:
    store.prepare()
    wanted = sequence(DARK, LIGHT)
    with locked(store):
        with pytest.raises(
            StoreError, match=r"written, but the catalogue does not know .*locked by another program"
        ) as caught:
            store.write(wanted)
        assert caught.value.details["files"] == [str(store.path / "r" / name) for name in reversed(NAMES)]
        assert [loads(store.read("r", name)).spectra[0].kind for name in NAMES] == [LIGHT, DARK]
        assert count(store) == 0  # others can be asked meanwhile
        with pytest.raises(StoreError, match="locked by another program"):
            store.begin_batch("r", RECORD)
    changed = (store.path / "r" / NAMES[0]).stat()
    paths = store.write(sequence(DARK, LIGHT))  # tried again, with spectra that were made anew
    assert [path.name for path in paths] == NAMES[::-1]
    assert (store.path / "r" / NAMES[0]).stat().st_mtime_ns == changed.st_mtime_ns
    assert count(store) == 2
    with pytest.raises(Conflict):
        store.write(sequence(DARK, LIGHT))


def test_what_the_catalogue_missed_comes_in_with_the_next(store: CataloguedDirectory) -> None:
    store.prepare()
    with locked(store), pytest.raises(StoreError):
        store.write(sequence(DARK, LIGHT))
    with pytest.raises(Conflict):
        store.write(sequence(DARK, LIGHT, level=3))  # the same files, but not the same spectra
    store.write(sequence(LIGHT, sequence=1))
    assert count(store) == 3
    assert store.verification().run().indexed == 0


def test_what_was_taken_away_meanwhile_holds_nothing_up(store: CataloguedDirectory) -> None:
    store.prepare()
    with locked(store), pytest.raises(StoreError):
        store.write(sequence(LIGHT))
    (store.path / "r" / NAMES[0]).unlink()
    store.write(sequence(LIGHT, sequence=1))
    assert count(store) == 1


def test_the_directory_is_removed_under_our_feet(store: CataloguedDirectory) -> None:
    store.write(sequence(LIGHT))
    shutil.rmtree(store.path)
    for call in (
        lambda: store.write(sequence(LIGHT, sequence=1)),
        lambda: store.begin_batch("r", RECORD),
        lambda: store.add_events([EventRecord(time=START, kind="k", message="m")]),
        lambda: store.query(SpectrumQuery()),
        store.runs,
    ):
        with pytest.raises(StoreError, match="vanished"):
            call()
    assert not store.path.exists()
    store.close()
    store.open()
    store.write(sequence(LIGHT))
    assert count(store) == 1


def test_the_catalogue_is_taken_away_under_our_feet(
    store: CataloguedDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    store.create_run("r")
    number = store.begin_batch("r", RECORD)
    store.write(sequence(LIGHT, batch=number))
    assert store.verification().run().sound
    (store.path / CATALOGUE_FILE).unlink()
    store.write(sequence(LIGHT, batch=number, sequence=1))
    assert "taken away" in caplog.text
    assert store.needs_verification
    assert store.verification().run().indexed == 1
    assert count(store) == 2
    (batch,) = store.batches().entries
    assert (batch.number, batch.record, batch.end) == (number, RECORD, None)
    store.end_batch("r", number, BatchEnd(outcome="complete", ended=START))


def _garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be taken for one" * 100)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _short(path: Path) -> None:
    os.truncate(path, 5000)


def _zeros(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(size - 4096))


def _sql(statement: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(statement)

    return edit


DAMAGE = {
    "garbage": _garbage,
    "short": _short,
    "zeros": _zeros,
    "no version": _sql("DROP TABLE alembic_version"),
    "empty version": _sql("DELETE FROM alembic_version"),
    "no spectra": _sql("DROP TABLE spectra"),
    "no column": _sql("ALTER TABLE files RENAME COLUMN sha256 TO md5"),
    "a bad date": _sql("UPDATE spectra SET start = 'yesterday'"),
    "bad metadata": _sql("UPDATE contents SET details = '{'"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_catalogue_is_made_anew(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    with make(tmp_path) as store:
        store.write(sequence(DARK, LIGHT))
        before = store.files().entries
    DAMAGE[damage](tmp_path / CATALOGUE_FILE)
    with make(tmp_path) as store:
        store.prepare()
        assert store.needs_verification
        assert store.verification(deep=True).run().sound
        assert count(store) == 2
        assert [(file.name, file.sha256) for file in store.files().entries] == [
            (file.name, file.sha256) for file in before
        ]
        assert store.spectrum(store.latest()[0].id).peak == 115
    asides = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert asides
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "the catalogue is damaged" in errors[0].getMessage()
    assert asides[0].name.split("-wal")[0].split("-shm")[0] in errors[0].getMessage()


def test_an_empty_catalogue_is_a_new_one(tmp_path: Path) -> None:
    _empty(tmp_path / CATALOGUE_FILE)
    with make(tmp_path) as store:
        store.write(sequence(LIGHT))
        assert count(store) == 1


def test_damage_that_shows_while_it_is_used(store: CataloguedDirectory, caplog: pytest.LogCaptureFixture) -> None:
    store.create_run("r")
    number = store.begin_batch("r", RECORD)
    store.write(sequence(LIGHT, batch=number))
    _sql("DROP TABLE contents")(store.path / CATALOGUE_FILE)
    store.write(sequence(LIGHT, batch=number, sequence=1))
    assert "the catalogue is damaged" in caplog.text
    assert store.needs_verification
    assert store.verification().run().indexed == 1
    assert count(store) == 2
    assert store.batches().entries[0].record == RECORD


def test_entries_that_were_deleted_by_hand_come_back(store: CataloguedDirectory) -> None:
    store.write(sequence(DARK, LIGHT))
    store.close()
    for table in ("contents", "latest", "spectra", "files"):
        _sql(f"DELETE FROM {table}")(store.path / CATALOGUE_FILE)
    store.open()
    assert store.verification().run().indexed == 2
    assert count(store) == 2


def test_a_catalogue_of_newer_software_is_left_alone(tmp_path: Path) -> None:
    with make(tmp_path) as store:
        store.prepare()
    _sql("UPDATE alembic_version SET version_num = '9999'")(tmp_path / CATALOGUE_FILE)
    before = (tmp_path / CATALOGUE_FILE).read_bytes()
    with make(tmp_path) as store:
        with pytest.raises(StoreError, match="newer version"):
            store.prepare()
        assert store.runs() == []
    assert (tmp_path / CATALOGUE_FILE).read_bytes() == before


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x", "sqlite:////nowhere/at/all.sqlite"])
def test_a_url_that_leads_nowhere(tmp_path: Path, url: str) -> None:
    with make(tmp_path, url=url) as store:
        with pytest.raises(StoreError, match="catalogue"):
            store.prepare()
        with pytest.raises(StoreError) as caught:
            store.write(sequence(LIGHT))
        assert "files" in caught.value.details
        assert store.spectra_files("r") == NAMES[:1]


def test_the_password_of_a_url_is_not_told(tmp_path: Path) -> None:
    with (
        make(tmp_path, url="postgresql+psycopg://me:secret@localhost:1/x") as store,
        pytest.raises(StoreError) as caught,
    ):
        store.prepare()
    assert "secret" not in caught.value.message
    assert "***" in caught.value.message


@pytest.mark.parametrize("name", ["a b", "q?x=1", "h#a", "100%41", "naïve🌱", os.fsdecode(b"\xff\xfe"), "new\nline"])
def test_data_directories_with_awkward_names(tmp_path: Path, name: str) -> None:
    with make(tmp_path / name) as store:
        store.write(sequence(LIGHT))
        assert count(store) == 1
    assert (tmp_path / name / CATALOGUE_FILE).stat().st_size > 0


def test_a_file_system_without_links(store: CataloguedDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store.write(sequence(DARK, LIGHT))
    assert count(store) == 2
    with pytest.raises(Conflict):
        store.write(sequence(LIGHT))


def test_a_file_system_without_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then SQLite has no WAL, and the directory has to be synced, too."""
    from piccolo3.store.database import engine

    class NoWal(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            return super().execute(sql.replace("journal_mode=WAL", "journal_mode"), *arguments)  # type: ignore[arg-type]

    make_engine = sqlalchemy.create_engine

    def without(url: object, connect_args: dict[str, object], **options: object) -> object:
        return make_engine(url, connect_args={**connect_args, "factory": NoWal}, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(engine, "create_engine", without)
    with make(tmp_path) as store:
        store.write(sequence(LIGHT))
        assert count(store) == 1
        connection = store._records._keeper.ready()._opened().connect()
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 3
        connection.close()


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(path)], check=False)
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1500k") as disk:
        with make(disk / "data") as store:
            store.create_run("r")
            batch = store.begin_batch("r", RECORD)
            acknowledged = 0

            def fill_it() -> None:
                nonlocal acknowledged
                for number in range(1000):
                    store.write(_sheet(batch, number))
                    acknowledged += 1

            with pytest.raises(StoreError, match="the disk is full"):
                fill_it()
            assert acknowledged > 3
            assert len(store.query(SpectrumQuery(limit=1000)).entries) == 16 * acknowledged
            subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
            assert store.write(_sheet(batch, acknowledged))  # once more, when there is room again
            store.end_batch("r", batch, BatchEnd(outcome="failed", ended=START, reason="the disk was full"))
        with make(disk / "data") as store:
            report = store.verification(deep=True).run()
            assert report.sound
            assert (report.files, report.indexed) == (2 * acknowledged + 2, 0)
            assert not report.leftovers


def _sheet(batch: int, number: int) -> SpectraList:
    return sequence(DARK, LIGHT, batch=batch, sequence=number, serial_numbers=tuple("ABCDEFGH"))


def test_a_disk_that_becomes_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk, make(disk) as store:
        store.create_run("r")
        number = store.begin_batch("r", RECORD)
        store.write(sequence(LIGHT, batch=number))
        files = sorted(disk.rglob("*"))
        # which `mount` only does where nothing is open for writing; a disk that fails does not ask
        store._records._keeper.close()
        store._directory._lock.release()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for call in (
            lambda: store.write(sequence(LIGHT, batch=number, sequence=1)),
            lambda: store.begin_batch("r", RECORD),
            lambda: store.add_events([EventRecord(time=START, kind="k", message="m")]),
        ):
            with pytest.raises(StoreError):
                call()
        assert {path.name for path in disk.rglob("*.pico")} == {path.name for path in files if path.suffix == ".pico"}
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        store.write(sequence(LIGHT, batch=number, sequence=1))
        assert count(store) == 2


def test_a_crash_between_files_and_catalogue(tmp_path: Path) -> None:
    program = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from piccolo3.store.records import Records
from tests.unit.store.test_catalogued import *
store = make(Path(sys.argv[1]))
store.open()
store.create_run("r")
number = store.begin_batch("r", RECORD)
store.write(sequence(LIGHT, batch=number))
Records._tell = lambda *_, **__: os.kill(os.getpid(), 9)
store.write(sequence(LIGHT, batch=number, sequence=1))
"""
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == -9
    with make(tmp_path) as store:
        store.prepare()
        (batch,) = store.batches().entries
        assert batch.end == BatchEnd(outcome="failed", reason="interrupted", ended=START, sequences_done=1)
        assert count(store) == 1
        assert store.spectra_files("r") == ["b000000_s000001_light.pico", "b000000_s000000_light.pico"]
        assert store.needs_verification
        report = store.verification().run()
        assert (report.files, report.indexed, report.sound) == (2, 1, True)
        assert {entry.batch for entry in store.query(SpectrumQuery()).entries} == {0}
        assert count(store) == 2
        assert store.begin_batch("r", RECORD) == 1


def test_a_batch_number_is_not_used_again_when_the_catalogue_is_lost(tmp_path: Path) -> None:
    with make(tmp_path) as store:
        store.create_run("r")
        assert [store.begin_batch("r", RECORD) for _ in range(3)] == [0, 1, 2]
    (tmp_path / CATALOGUE_FILE).unlink()
    with make(tmp_path) as store:
        assert store.begin_batch("r", RECORD) == 3
    for ledger in tmp_path.glob(".piccolo3-batches*"):
        ledger.unlink()
    with make(tmp_path) as store:
        store.prepare()
        assert store.current_batch("r") == 3
        assert store.begin_batch("r", RECORD) == 4


def test_a_run_is_listed_from_the_catalogue_until_somebody_changes_it(
    store: CataloguedDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from piccolo3.store import entries, listing

    looked: list[object] = []
    look = entries.list_spectra

    def note(root: Path, run: Path) -> list[str]:
        looked.append(run)
        return look(root, run)

    monkeypatch.setattr(listing, "list_spectra", note)
    store.write(sequence(DARK, LIGHT))
    assert store.spectra_files("r") == NAMES
    assert len(looked) == 1
    store.write(sequence(LIGHT, sequence=1))
    assert len(store.spectra_files("r")) == 3
    assert store.current_batch("r") == 0
    assert len(looked) == 1
    assert store.verification().run().sound
    shutil.copy(store.path / "r" / NAMES[0], store.path / "r" / "b000009_s000000_light.pico")
    assert store.spectra_files("r")[0] == "b000009_s000000_light.pico"
    assert store.current_batch("r") == 9
    assert store.needs_verification
    assert store.verification().run().indexed == 1
    before = len(looked)
    assert store.spectra_files("r")[0] == "b000009_s000000_light.pico"
    assert len(store.spectra_files("r")) == 4
    assert len(looked) == before + 1
    assert not store.needs_verification


def test_a_run_that_is_copied_in_by_hand(store: CataloguedDirectory, tmp_path: Path) -> None:
    store.write(sequence(DARK, LIGHT))
    shutil.copytree(store.path / "r", store.path / "copied in")
    assert [run.name for run in store.runs()] == ["copied in", "r"]
    assert store.spectra_files("copied in") == NAMES
    assert store.current_batch("copied in") == 0
    assert store.verification().run().indexed == 2
    (entry,) = store.query(SpectrumQuery(run="copied in", dark=False)).entries
    assert entry.run == "copied in"
    assert store.begin_batch("copied in", RECORD) == 1


def test_old_files_do_not_become_the_latest(store: CataloguedDirectory) -> None:
    store.write(sequence(LIGHT, sequence=5))
    old = sequence(LIGHT, start=START - timedelta(days=30), serial_numbers=("S1", "old"))
    with make(store.path.parent / "old") as other:
        other.write(old)
    shutil.copytree(store.path.parent / "old" / "r", store.path / "copied in")
    assert store.verification().run().indexed == 1
    assert [(entry.serial_number, entry.run) for entry in store.latest()] == [("S1", "r"), ("old", "copied in")]


def test_the_catalogue_can_be_read_by_other_programs_meanwhile(store: CataloguedDirectory) -> None:
    store.write(sequence(DARK, LIGHT, serial_numbers=("S1", "S2")))
    with closing(sqlite3.connect(f"file:{store.path / CATALOGUE_FILE}?mode=ro", uri=True)) as other:
        rows = other.execute("SELECT serial_number, start FROM spectra ORDER BY id").fetchall()
        assert rows[0] == ("S1", "2026-06-21 12:00:00.000000")
        details = other.execute("SELECT details FROM contents").fetchone()[0]
        assert json.loads(details)["SerialNumber"] == "S1"
        store.write(sequence(LIGHT, sequence=1))
        assert other.execute("SELECT count(*) FROM spectra").fetchone() == (5,)
