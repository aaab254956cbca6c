"""Tables as Markdown, written from their declarations."""

from __future__ import annotations

from sqlalchemy import Column, Table
from sqlalchemy.orm import DeclarativeBase

from piccolo3.store.database.types import JsonText, PlainText, UtcDateTime

__all__ = ["sections"]


def sections(base: type[DeclarativeBase]) -> str:
    """A section for each table, with all of its columns."""
    texts = {mapper.local_table: mapper.class_.__doc__ or "" for mapper in base.registry.mappers}
    return "\n".join(_table(table, texts[table]) for table in base.metadata.sorted_tables)


def _table(table: Table, text: str) -> str:
    rows = ["| column | type | | meaning |", "|---|---|---|---|", *map(_row, table.columns)]
    return f"## `{table.name}`\n\n{text}\n\n" + "\n".join(rows) + "\n"


def _row(column: Column[object]) -> str:
    notes = ["key"] if column.primary_key else ["may be missing"] if column.nullable else []
    notes += [f"-> `{key.target_fullname}`" for key in column.foreign_keys]
    return f"| `{column.name}` | {_type(column)} | {', '.join(notes)} | {column.doc or ''} |"


def _type(column: Column[object]) -> str:
    if isinstance(column.type, JsonText):
        return "JSON"
    if isinstance(column.type, UtcDateTime):
        return "date"
    if isinstance(column.type, PlainText):
        return "text"
    names = {bool: "boolean", bytes: "bytes", float: "number", int: "integer"}
    return names[column.type.python_type]
