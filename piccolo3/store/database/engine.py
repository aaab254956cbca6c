"""Connections to the database."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

__all__ = ["READING", "make_engine"]

READING = "piccolo3_reading"  # option of a connection that is not going to write
_CONNECT_TIMEOUT = 5  # s


def make_engine(url: URL, busy_timeout: float) -> Engine:
    """An engine of one connection. `busy_timeout`: s to wait for other users of a SQLite file."""
    options: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        # one thread at a time, but not always the same
        options = {"timeout": busy_timeout, "check_same_thread": False}
    elif url.get_backend_name() == "postgresql":
        options = {"connect_timeout": _CONNECT_TIMEOUT}
    engine = create_engine(
        url,
        connect_args=options,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=url.get_backend_name() != "sqlite",  # a server may have been started anew
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin below
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    # WAL needs shared memory, which some file systems have not; a journal also needs its directory synced
    connection.execute(f"PRAGMA synchronous={'FULL' if mode == 'wal' else 'EXTRA'}")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    # who reads first and then wants to write is not made to wait by SQLite, but refused at once
    reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
