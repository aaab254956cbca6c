"""What an instrument says, byte by byte: queues of answers behind the IN endpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulators.faults import Fault

__all__ = ["Answer", "Ending", "Queue"]


def _nothing() -> None:
    """Nobody wants to know."""


class Ending(Enum):
    """What happens when the last byte of an answer has been read."""

    DONE = "the transfer ends well"
    IO = "the transfer ends with an error"
    PIPE = "the endpoint stalls"
    HANG = "nothing more comes, of nothing"
    UNPLUG = "the plug is pulled"
    CRASH = "the process that reads dies"


@dataclass(slots=True, kw_only=True)
class Answer:
    """One message of the instrument: it is rendered not before `complete` and can be read from `ready` on (ns)."""

    render: Callable[[], bytes]
    complete: int = 0
    ready: int = 0
    ending: Ending = Ending.DONE
    delivered: Callable[[], None] = _nothing
    fault: Fault | None = None
    data: bytes | None = None
    position: int = 0

    def take(self, room: int) -> bytes:
        """The next bytes, at most so many."""
        data = self.data or b""
        part = data[self.position : self.position + room]
        self.position += len(part)
        return part

    @property
    def exhausted(self) -> bool:
        """Whether all has been read."""
        return self.data is not None and self.position >= len(self.data)


class Queue:
    """The answers that wait behind one endpoint. One that nobody reads ends up losing the oldest."""

    _ROOM = 64

    def __init__(self) -> None:
        self._answers: deque[Answer] = deque(maxlen=self._ROOM)

    def put(self, answer: Answer) -> None:
        self._answers.append(answer)

    def head(self) -> Answer | None:
        return self._answers[0] if self._answers else None

    def drop(self) -> None:
        self._answers.popleft()

    def clear(self) -> None:
        self._answers.clear()
