"""The database of the catalogue."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from piccolo3.clock import Clock
from piccolo3.store.catalogue.models import HEAD, Base
from piccolo3.store.database import Database, Schema

__all__ = ["MIGRATIONS", "Catalogue"]

MIGRATIONS = Path(__file__).parent / "migrations"


class Catalogue(Database):
    """A database with the tables of the catalogue; see there."""

    def __init__(
        self,
        url: str | URL,
        clock: Clock,
        *,
        busy_timeout: float = 30.0,
        head: str = HEAD,
        migrations: Path = MIGRATIONS,
    ) -> None:
        schema = Schema(what="the catalogue", metadata=Base.metadata, version=HEAD, migrations=migrations)
        super().__init__(url, clock, schema, busy_timeout=busy_timeout, head=head)
