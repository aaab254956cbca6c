"""Below `sysinfo`: since when the daemon runs, what it has logged last, and with which configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Integer, Json, JsonValue, Nullable, Text
from piccolo3.components.declaration import command, value

__all__ = ["ConfigurationInForce", "LogLine", "LogTail", "Started", "Tail"]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_MOST = 200  # lines or settings of a page
_LONGEST = 2000  # characters of a message


class LogLine(Protocol):
    """What was logged; lines are numbered in their order."""

    @property
    def number(self) -> int: ...

    @property
    def time(self) -> datetime: ...

    @property
    def level(self) -> str: ...

    @property
    def severity(self) -> int: ...

    @property
    def source(self) -> str: ...

    @property
    def message(self) -> str: ...


class Tail(Protocol):
    """The last lines of the log."""

    def lines(self) -> Sequence[LogLine]:
        """The oldest first."""
        ...


class Started(Component):
    """`sysinfo/started`."""

    def __init__(self, started: datetime) -> None:
        super().__init__("started")
        self._started = started

    @value(Text(max_length=40), name="", title="when the server was started", text="UTC, ISO 8601")
    def started(self) -> str:
        """Return the time."""
        return self._started.isoformat()


class LogTail(Component):
    """`sysinfo/log`."""

    def __init__(self, tail: Tail) -> None:
        super().__init__("log")
        self._tail = tail

    @command(
        Argument("limit", Integer(minimum=1, maximum=_MOST), default=20, text="the most that are answered"),
        Argument("before", Nullable(Integer(minimum=0)), default=None, text="only lines with a smaller number"),
        Argument("after", Nullable(Integer(minimum=0)), default=None, text="only lines with a greater number"),
        Argument("level", Text(enum=_LEVELS), default="INFO", text="and what is worse"),
        name="",
        answer=Json("lines (number, time, level, source, message), newest first, cursor (for before)"),
        title="what was logged last",
        text="newest first; there are more while the answer has a cursor, which is for before",
        safe=True,
    )
    async def log(self, limit: int, before: int | None, after: int | None, level: str) -> JsonValue:
        """Return a page of lines."""
        worst = 10 * (1 + _LEVELS.index(level))
        found = [
            line
            for line in reversed(self._tail.lines())
            if line.severity >= worst
            and (before is None or line.number < before)
            and (after is None or line.number > after)
        ]
        page = found[:limit]
        lines: list[JsonValue] = [
            {
                "number": line.number,
                "time": line.time.isoformat(),
                "level": line.level,
                "source": line.source,
                "message": line.message[:_LONGEST],
            }
            for line in page
        ]
        return {"lines": lines, "cursor": page[-1].number if len(found) > limit else None}


class ConfigurationInForce(Component):
    """`sysinfo/configuration`; each setting is its section, key, value and origin."""

    def __init__(self, settings: Sequence[Sequence[JsonValue]]) -> None:
        super().__init__("configuration")
        self._settings = [list(setting) for setting in settings]

    @command(
        Argument("limit", Integer(minimum=1, maximum=_MOST), default=50, text="the most that are answered"),
        Argument("cursor", Nullable(Integer(minimum=0)), default=None, text="of the page before"),
        name="",
        answer=Json("settings (rows of section, key, value, origin), cursor"),
        title="the configuration in force",
        text="there are more while the answer has a cursor; passwords are left out",
        safe=True,
    )
    async def settings(self, limit: int, cursor: int | None) -> JsonValue:
        """Return a page of settings."""
        first = cursor or 0
        end = first + limit
        page: list[JsonValue] = [list(setting) for setting in self._settings[first:end]]
        return {"settings": page, "cursor": end if end < len(self._settings) else None}
