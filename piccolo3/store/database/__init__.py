"""Databases with tables of ours, by SQLAlchemy: connections, versions, damage, types of columns.

SQLAlchemy takes a while to import; nobody imports this package before it is needed.
"""

from __future__ import annotations

from piccolo3.store.database.database import Database, Schema

__all__ = ["Database", "Schema"]
