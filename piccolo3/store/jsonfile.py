"""Small JSON files that must survive: written atomically, moved aside when they turn out to be damaged."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from piccolo3.clock import Clock
from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, parse
from piccolo3.store.failures import shown, store_errors

__all__ = ["encoded", "read_object"]

_logger = logging.getLogger(__name__)


def encoded(value: Mapping[str, JsonValue]) -> bytes:
    """The bytes of a file that holds `value`."""
    return json.dumps(value, sort_keys=True, indent=1, allow_nan=False).encode()


def read_object(path: Path, clock: Clock) -> Mapping[str, JsonValue] | None:
    """The object in a file; None if there is no such file, or if it was damaged and has been moved aside."""
    try:
        with store_errors("reading", path):
            data = _bytes(path)
        if data is None:
            return None
        value = parse(data.decode("utf-8"))
        if not isinstance(value, dict):
            raise InvalidValue("not an object")
    except (InvalidValue, UnicodeDecodeError) as error:
        move_aside(path, str(error), clock)
        return None
    return value


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def move_aside(path: Path, reason: str, clock: Clock) -> None:
    """Give a damaged file another name, so that it can still be looked at, and warn."""
    aside = path.with_name(f"{path.name}.damaged-{clock.utcnow():%Y%m%dT%H%M%SZ}")
    with store_errors("moving aside", path):
        path.replace(aside)
    _logger.warning("%s is damaged (%s); it is now %s", shown(path), reason, aside.name)
