"""Where a page ended: short texts that can stand in a URI, and that mean the same when there are more entries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from piccolo3.errors import InvalidValue

__all__ = ["Cursor", "parse_id"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATTERN = re.compile(r"(?:(-?[0-9]{1,19})_)?([0-9]{1,18})", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry of a page: its number, and its time where that is what pages are sorted by."""

    id: int
    time: datetime | None = None

    def __str__(self) -> str:
        return str(self.id) if self.time is None else f"{(self.time - _EPOCH) // _MICROSECOND}_{self.id}"

    @classmethod
    def parse(cls, text: str, *, timed: bool) -> Cursor:
        """The cursor of a text; InvalidValue for what no page ended with."""
        match = _PATTERN.fullmatch(text)
        if match is None or (match.group(1) is not None) != timed:
            raise InvalidValue(f"{text[:60]!r} is not the cursor of a page of this query")
        try:
            time = None if match.group(1) is None else _EPOCH + timedelta(microseconds=int(match.group(1)))
        except OverflowError as error:
            raise InvalidValue(f"{text[:60]!r} is not the cursor of a page of this query") from error
        return cls(int(match.group(2)), time)


def parse_id(text: str | None) -> int | None:
    """The number in a cursor of pages that are sorted by it."""
    return None if text is None else Cursor.parse(text, timed=False).id
