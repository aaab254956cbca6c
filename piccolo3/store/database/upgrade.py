"""Versions of the tables. Alembic is imported only where there is something to upgrade: that takes a while."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

__all__ = ["set_version", "upgrade", "version_of"]

_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def version_of(connection: Connection) -> str | None:
    """The version of the tables, None where there are none."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()


def set_version(connection: Connection, version: str) -> None:
    """Say which version the tables are that have just been made."""
    _VERSION.create(connection, checkfirst=True)
    connection.execute(_VERSION.delete())
    connection.execute(_VERSION.insert().values(version_num=version))


def upgrade(connection: Connection, version: str, migrations: Path) -> None:
    """Bring the tables up to a version, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, version)
