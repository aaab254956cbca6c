"""A database: opened, brought up to date, and its transactions."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, inspect, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from piccolo3.clock import Clock
from piccolo3.errors import StoreError
from piccolo3.store.atomic import sync_directory
from piccolo3.store.database import backup
from piccolo3.store.database.engine import READING, make_engine
from piccolo3.store.database.failures import database_errors
from piccolo3.store.database.upgrade import set_version, upgrade, version_of
from piccolo3.store.failures import DatabaseDamaged, shown, store_errors

__all__ = ["Database", "Schema"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What a database holds: `what` it is called, its tables, the version of these, and what leads there."""

    what: str
    metadata: MetaData
    version: str
    migrations: Path


class Database:
    """A database with our tables. `busy_timeout`: s to wait for other programs that use its file.

    `head` is the version of the tables to bring it to, that of the schema by default.
    """

    def __init__(
        self, url: str | URL, clock: Clock, schema: Schema, *, busy_timeout: float = 30.0, head: str | None = None
    ) -> None:
        try:
            self._url = make_url(url)
            self._url.get_dialect()
            self._url.get_dialect().import_dbapi()
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"{schema.what} can't be used: {error}", reason=str(error)) from error
        self._clock = clock
        self._busy_timeout = busy_timeout
        self._schema = schema
        self._head = head or schema.version
        self._engine: Engine | None = None
        self._inode: tuple[int, int] | None = None

    @property
    def file(self) -> Path | None:
        """The file it is in, None for a server."""
        database = self._url.database
        is_file = self._url.get_backend_name() == "sqlite" and database and database != ":memory:"
        return Path(database) if is_file and database else None

    @property
    def name(self) -> str:
        """What it is called in messages, without the password."""
        return self._url.render_as_string(hide_password=True) if self.file is None else shown(self.file)

    @property
    def is_usable(self) -> bool:
        """Whether it is open, and its file still the one that was opened."""
        return self._engine is not None and (self.file is None or self._identity() == self._inode)

    def open(self) -> None:
        """Open it, make it or bring it up to date. DatabaseDamaged if it can't be used, StoreError if not now."""
        self.close()
        new = self.file is not None and not self.file.exists()
        self._engine = make_engine(self._url, self._busy_timeout)
        try:
            with database_errors(f"opening {self._schema.what}", self.name):
                self._establish(self._engine)
        except BaseException:
            self.close()
            raise
        self._inode = self._identity()
        if new and self.file is not None:
            sync_directory(self.file.parent)

    def close(self) -> None:
        """Let go of it; closing twice does no harm."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None
        self._inode = None

    def _identity(self) -> tuple[int, int] | None:
        if self.file is None:
            return None
        try:
            status = self.file.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _establish(self, engine: Engine) -> None:
        with engine.connect() as connection:
            version = version_of(connection)
        if version is None:
            with engine.begin() as connection:
                self._create(connection)
        elif version > self._head:
            raise StoreError(
                f"{self._schema.what} {self.name} was written by a newer version of piccolo3 (schema {version}, "
                f"this one knows {self._head})"
            )
        elif version < self._head:
            self._upgrade(engine, version)
        with engine.connect() as connection:
            self._check_tables(connection)

    def _create(self, connection: Connection) -> None:
        if self.file is not None and (strange := inspect(connection).get_table_names()):
            raise DatabaseDamaged(f"{self.name} has tables ({', '.join(sorted(strange)[:5])}), but no version")
        self._schema.metadata.create_all(connection)
        set_version(connection, self._schema.version)
        if self._head != self._schema.version:
            upgrade(connection, self._head, self._schema.migrations)

    def _check_tables(self, connection: Connection) -> None:
        """Raise DatabaseDamaged unless everything can be asked for."""
        inspector = inspect(connection)
        there = set(inspector.get_table_names())
        for table in self._schema.metadata.sorted_tables:
            if table.name not in there:
                raise DatabaseDamaged(f"{self._schema.what} {self.name} has no table {table.name}")
            connection.execute(table.select().limit(1)).all()

    def _upgrade(self, engine: Engine, version: str) -> None:
        what = self._schema.what
        if self.file is not None:
            copy = self.back_up(f"schema-{version}")
            _logger.warning("%s is brought from schema %s to %s; a copy is %s", what, version, self._head, copy)
        else:
            _logger.warning("%s is brought from schema %s to %s", what, version, self._head)
        with engine.begin() as connection:
            upgrade(connection, self._head, self._schema.migrations)

    def back_up(self, why: str) -> Path | None:
        """Make a copy of its file beside it; None where it is on a server, which has means of its own."""
        if self.file is None:
            return None
        copy = self.file.with_name(f"{self.file.name}.{why}-{self._clock.utcnow():%Y%m%dT%H%M%SZ}")
        backup.copy(self.file, copy)
        return copy

    def move_aside(self) -> Path | None:
        """Close it and give its file another name, so that the next `open` makes a new one; None on a server."""
        self.close()
        if self.file is None:
            return None
        aside = self.file.with_name(f"{self.file.name}.damaged-{self._clock.utcnow():%Y%m%dT%H%M%SZ}")
        with store_errors("moving aside", self.file):
            for suffix in ("-wal", "-shm", "-journal", ""):
                path = self.file.with_name(self.file.name + suffix)
                if os.path.lexists(path):
                    path.replace(aside.with_name(aside.name + suffix))
        sync_directory(self.file.parent)
        return aside

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; it is durable when this ends without an error, and else was never there."""
        engine = self._opened()
        with database_errors(f"writing to {self._schema.what}", self.name), engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of everything."""
        engine = self._opened()
        with database_errors(f"reading {self._schema.what}", self.name):
            connection = engine.connect().execution_options(**{READING: True})
            with closing(connection):
                yield connection

    def _opened(self) -> Engine:
        if self._engine is None:
            raise StoreError(f"{self._schema.what} {self.name} is not open")
        return self._engine
