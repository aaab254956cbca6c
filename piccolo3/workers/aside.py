"""Work that takes milliseconds and would hold up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from piccolo3.workers.worker import Worker

__all__ = ["Aside"]

T = TypeVar("T")


class Aside:
    """Runs functions in a thread of its own, one after the other in the order in which they were asked for."""

    def __init__(self, name: str = "aside") -> None:
        self._worker = Worker(name)
        self._turn = asyncio.Lock()

    def start(self) -> None:
        """Start the thread; needs a running event loop."""
        self._worker.start()

    async def run(self, function: Callable[[], T]) -> T:
        """The result of `function`, or what it raises. Raises Unavailable when it has been stopped."""
        async with self._turn:
            await self._worker.idle()  # whoever was before may have gone without waiting for the end
            return await self._worker.run(function)

    async def stop(self, deadline: float = 2.0) -> bool:
        """End the thread; False if it does not end within so many seconds."""
        return await self._worker.stop(deadline)
