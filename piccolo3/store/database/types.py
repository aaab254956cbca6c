"""Types of columns, and how keys and indices are named."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, parse

__all__ = ["NAMES", "TYPES", "JsonText", "PlainText", "UtcDateTime", "WholeNumber"]

# only INTEGER, not BIGINT, gets numbers by itself in SQLite; it has 64 bits there, too
WholeNumber = BigInteger().with_variant(Integer, "sqlite")


class PlainText(TypeDecorator[str]):
    """A text, with replacements for what not all databases take: U+0000, and halves of characters."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace it."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware dates in, dates in UTC out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Move to UTC; InvalidValue for a date without offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise InvalidValue(f"the date {value.isoformat()} has no offset from UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite has no offsets."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[JsonValue]):
    """JSON as a text, ASCII, so that each database takes whatever is in it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: JsonValue, dialect: Dialect) -> str:
        """Write it."""
        return json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> JsonValue:
        """Read it; ValueError where somebody has damaged it."""
        if value is None:
            return None
        try:
            return parse(value)
        except InvalidValue as error:
            raise ValueError(error.message) from error


TYPES = {int: WholeNumber, str: PlainText(), datetime: UtcDateTime()}
NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
