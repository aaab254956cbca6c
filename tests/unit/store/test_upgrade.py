"""Catalogues of older versions are brought up to date, after a copy was made."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from piccolo3.clock import ManualClock
from piccolo3.errors import StoreError
from piccolo3.spectrum import Flag
from piccolo3.store import (
    CATALOGUE_FILE,
    BatchEnd,
    BatchRecord,
    CataloguedDirectory,
    DataDirectory,
    EventRecord,
    Sample,
    SpectrumQuery,
)
from piccolo3.store.catalogue import Catalogue
from piccolo3.store.catalogue.catalogue import MIGRATIONS
from piccolo3.store.catalogue.models import HEAD, Base
from piccolo3.store.database.upgrade import set_version, upgrade, version_of
from tests.unit.store import servers
from tests.unit.store.making import LIGHT, START, sequence

SAMPLES = Path(__file__).parent / "data"
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

def upgrade():
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("weather", sa.Text(), nullable=True))
    op.execute("UPDATE runs SET weather = 'fine'")
"""


def versions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def write_sample(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript((SAMPLES / f"catalogue_{version}.sql").read_text(encoding="utf-8"))


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield "sqlite://"
        return
    reason = servers.missing()
    if reason is not None:
        pytest.skip(reason)
    with servers.postgresql() as server:
        yield server


def test_the_migrations_lead_to_the_models(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "head", MIGRATIONS)
        assert version_of(connection) == HEAD == versions()[-1]
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_versions_are_numbers_in_order() -> None:
    assert versions() == [f"{number:04}" for number in range(1, len(versions()) + 1)]


def test_the_version_of_no_tables() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        assert version_of(connection) is None
        set_version(connection, "0007")
        assert version_of(connection) == "0007"
    engine.dispose()


@pytest.mark.parametrize("version", versions())
def test_the_sample_of_each_version_can_be_used(tmp_path: Path, version: str) -> None:
    write_sample(tmp_path / CATALOGUE_FILE, version)
    clock = ManualClock()
    with CataloguedDirectory(DataDirectory(tmp_path, clock, clobber=False, split=True), clock) as store:
        (batch,) = store.batches("plot 1").entries
        assert batch.record == BatchRecord(
            kind="record", started=START, requested_by="a test", command={"sequences": 1}, configuration=1
        )
        assert batch.end == BatchEnd(
            outcome="aborted",
            reason="by request",
            ended=START + timedelta(minutes=1),
            lost=("one",),
            lost_spectra=2,
            sequences_done=1,
        )
        found = store.query(SpectrumQuery(run="plot 1", dark=False)).entries
        assert [(entry.serial_number, entry.flags, entry.start) for entry in found] == [
            ("S2", Flag.SATURATED, START),
            ("S1", Flag.SATURATED, START),
        ]
        assert all(entry.dark_id is not None for entry in found)
        assert store.spectrum(found[0].id).pixels.tolist() == list(range(100, 116))
        assert len(store.latest()) == 4
        assert [file.exported for file in store.files().entries] == [None, START]
        assert store.events().entries == (EventRecord(time=START, kind="start", message="started", details={"a": 1}),)
        assert store.housekeeping().entries == (Sample(time=START, values={"cpu_temperature": 50.5}),)
        assert store.configuration_text(1) == "[output]\nsplit = True"
        store.create_run("plot 1")
        assert store.begin_batch("plot 1", BatchRecord(kind="dark", started=START)) == 1
    copies = list(tmp_path.glob(f"{CATALOGUE_FILE}.schema-{version}-*"))
    assert len(copies) == (version != HEAD)


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    migrations = tmp_path / "100% migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "0002_weather.py").write_text(NEXT)
    return migrations


def test_an_upgrade_keeps_a_copy_of_what_was_there(
    tmp_path: Path, next_version: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "c.sqlite"
    write_sample(path, "0001")
    before = tables(path)
    catalogue = Catalogue(f"sqlite:///{path}", ManualClock(), head="0002", migrations=next_version)
    for _ in range(2):  # the second time there is nothing to do
        catalogue.open()
        with catalogue.reading() as connection:
            assert version_of(connection) == "0002"
            assert connection.execute(text("SELECT name, weather FROM runs")).all() == [("plot 1", "fine")]
        catalogue.close()
    (copy,) = tmp_path.glob("c.sqlite.schema-0001-*")
    assert tables(copy) == before
    assert "is brought from schema 0001 to 0002" in caplog.text
    assert copy.name in caplog.text


def test_a_new_catalogue_has_the_newest_version(tmp_path: Path, next_version: Path) -> None:
    catalogue = Catalogue(f"sqlite:///{tmp_path / 'c.sqlite'}", ManualClock(), head="0002", migrations=next_version)
    catalogue.open()
    with catalogue.reading() as connection:
        assert version_of(connection) == "0002"
        assert connection.execute(text("SELECT weather FROM runs")).all() == []
    catalogue.close()
    assert not list(tmp_path.glob("*schema*"))


@pytest.mark.parametrize("mistake", ["raise RuntimeError('no')", "op.execute('SELECT nonsense')"])
def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, next_version: Path, mistake: str) -> None:
    (next_version / "versions" / "0002_weather.py").write_text(f"{NEXT}    {mistake}\n")
    path = tmp_path / "c.sqlite"
    write_sample(path, "0001")
    before = tables(path)
    catalogue = Catalogue(f"sqlite:///{path}", ManualClock(), head="0002", migrations=next_version)
    with pytest.raises((RuntimeError, StoreError)):
        catalogue.open()
    assert tables(path) == before


def test_no_upgrade_without_room_for_a_copy(
    tmp_path: Path, next_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.sqlite"
    write_sample(path, "0001")
    before = tables(path)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("piccolo3.store.database.backup.os.fsync", refuse)
    catalogue = Catalogue(f"sqlite:///{path}", ManualClock(), head="0002", migrations=next_version)
    with pytest.raises(StoreError, match="No space left"):
        catalogue.open()
    assert tables(path) == before
    assert {entry.name for entry in tmp_path.iterdir()} >= {"c.sqlite"}
    assert not [entry for entry in tmp_path.iterdir() if "schema" in entry.name]


def test_a_copy_has_what_was_written_last(tmp_path: Path) -> None:
    clock = ManualClock()
    with CataloguedDirectory(DataDirectory(tmp_path, clock, clobber=False, split=True), clock) as store:
        store.write(sequence(LIGHT))
        assert store.rebuild().run().indexed == 1
        (copy,) = tmp_path.glob(f"{CATALOGUE_FILE}.before-rebuild-*")
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT count(*) FROM contents").fetchone() == (1,)
