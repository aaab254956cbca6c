"""When the scheduler was not able to start anything, and why."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

__all__ = ["EVER", "Gaps"]

EVER = datetime.min.replace(tzinfo=UTC)
_MOST = 50


class Gaps:
    """The last ones of them, on the wall clock."""

    def __init__(self) -> None:
        self._gaps: deque[tuple[datetime, datetime, str]] = deque(maxlen=_MOST)

    def add(self, begin: datetime, end: datetime, reason: str) -> None:
        """From `begin` to `end` nothing could be started."""
        self._gaps.appendleft((begin, end, reason))

    def reason(self, moment: datetime, otherwise: str) -> str:
        """Why nothing was started then, the latest reason that is known."""
        return next((reason for begin, end, reason in self._gaps if begin <= moment <= end), otherwise)
