"""Frozen facts and the broker that tells them to whoever asked to hear.

Calls point down, events travel up. A broken listener is logged and harms nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Broker", "Event"]

E = TypeVar("E", bound="Event")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Subclasses are frozen dataclasses, too."""


class Broker:
    """Hands events to listeners, in the order they subscribed. To be used in the event loop's thread only."""

    def __init__(self) -> None:
        self._listeners: list[tuple[type[Event], Callable[..., None]]] = []

    def subscribe(self, kind: type[E], listener: Callable[[E], None]) -> Callable[[], None]:
        """Call `listener` with every event of `kind` (subclasses included); return the function that ends it."""
        entry = (kind, listener)
        self._listeners.append(entry)

        def unsubscribe() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell everybody who listens for events of this kind."""
        for kind, listener in tuple(self._listeners):
            if isinstance(event, kind):
                try:
                    listener(event)
                except Exception:
                    _logger.exception("a listener failed on %s", event)
