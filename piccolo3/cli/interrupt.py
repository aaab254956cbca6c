"""Ctrl-C while a batch is running: the batch belongs to the server, so ask what is to become of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from types import TracebackType

__all__ = ["Interrupts", "Left"]


class Left(Exception):
    """The user wants to leave at once."""


class Interrupts:
    """Counts Ctrl-C, as a context manager in the main thread's event loop."""

    def __init__(self) -> None:
        self._pressed = asyncio.Event()
        self.leave = False  # from now on, Ctrl-C is not a question any more

    def __enter__(self) -> Interrupts:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._pressed.set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    async def pressed(self) -> None:
        """Wait for Ctrl-C. Raises Left if it was pressed where it can only mean that."""
        await self._pressed.wait()
        self._pressed.clear()
        if self.leave:
            raise Left

    @staticmethod
    def can_ask() -> bool:
        """Whether somebody is there to be asked."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    async def ask(self, question: str) -> bool:
        """Ask a question on the terminal; Left if Ctrl-C is the answer."""
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        answer = asyncio.create_task(_line(sys.stdin.fileno()))
        pressed = asyncio.create_task(self._pressed.wait())
        try:
            await asyncio.wait({answer, pressed}, return_when=asyncio.FIRST_COMPLETED)
            if pressed.done():
                sys.stderr.write("\n")
                raise Left
            return answer.result().strip().lower() in ("y", "yes")
        finally:
            answer.cancel()
            pressed.cancel()
            await asyncio.gather(answer, pressed, return_exceptions=True)


async def _line(descriptor: int) -> str:
    """Read a line from a terminal, which delivers whole lines."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
        return os.read(descriptor, 1024).decode(errors="replace")
    finally:
        loop.remove_reader(descriptor)
