"""What databases say, as sentences for the operator."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from piccolo3.errors import InvalidValue, PiccoloError, StoreError
from piccolo3.store.failures import DatabaseDamaged

__all__ = ["database_errors"]

_REASONS = {
    sqlite3.SQLITE_BUSY: "it is locked by another program",
    sqlite3.SQLITE_LOCKED: "it is locked by another program",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file system is read-only",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_PERM: "permission denied",
}
# SQLITE_ERROR is what is said of a table that is missing
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH})


@contextmanager
def database_errors(action: str, name: str) -> Iterator[None]:
    """Turn errors of the database inside into StoreError, or DatabaseDamaged where only a new one would help."""
    try:
        yield
    except DBAPIError as error:
        raise _of_driver(action, name, error) from error
    except StatementError as error:  # a value that was to be written, or asked for
        if isinstance(error.orig, PiccoloError):
            raise error.orig from error
        raise InvalidValue(f"{action} {name}: {error.orig}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{action} {name} failed: {error}", reason=str(error)) from error
    except OverflowError as error:
        raise InvalidValue(f"{action} {name}: {error}") from error
    except (ValueError, TypeError) as error:  # a value was read that nobody can have written
        raise DatabaseDamaged(f"{action} {name} failed: {error}", reason=str(error)) from error


def _of_driver(action: str, name: str, error: DBAPIError) -> StoreError:
    original = error.orig
    code = getattr(original, "sqlite_errorcode", None)
    text = " ".join(str(original).split())
    if isinstance(original, sqlite3.Error):
        # a driver that was refused anything by the file says it has no code, or a generic one
        primary = None if code is None else code & 0xFF
        reason = _REASONS.get(primary or 0, text)
        if primary in _DAMAGE:
            return DatabaseDamaged(f"{action} {name} failed: {text}", reason=text)
        return StoreError(f"{action} {name} failed: {reason}", reason=reason)
    return StoreError(f"{action} {name} failed: {text}", reason=text)
