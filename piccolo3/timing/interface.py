"""What a timekeeper is told by others, and what it asks of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from piccolo3.jsonvalue import JsonValue

__all__ = ["Machine", "Note", "Remembers", "Watches"]


class Remembers(Protocol):
    """What keeps settings over a restart (`piccolo3.workers.State`)."""

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value put last."""

    def put(self, key: str, value: JsonValue) -> None:
        """Keep a value."""


class Watches(Protocol):
    """What tells at once when the clock was set (`KernelWatch`)."""

    def start(self, told: Callable[[], None]) -> bool:
        """Call back from now on; False if it can't."""

    def stop(self) -> None:
        """No more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is asked of the machine. `synchronised`: whether the kernel says that the clock is kept right, if it knows.

    `boot_id` differs each time the machine was started, None if that is not known. `set_clock` sets the clock to what
    the function says when it is called, in some thread; it raises InvalidValue or Unavailable.
    """

    synchronised: Callable[[], bool | None]
    boot_id: Callable[[], str | None]
    set_clock: Callable[[Callable[[], str]], Awaitable[datetime]]


Note = Callable[[str, str, dict[str, JsonValue]], None]
