"""One thread with one slot, and the single door from it back to the event loop."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeAlias, TypeVar

from piccolo3.errors import Busy, InternalError, Unavailable

__all__ = ["Worker"]

T = TypeVar("T")
Job: TypeAlias = Callable[[], None]
InTurn: TypeAlias = Callable[[Job], Job]
_logger = logging.getLogger(__name__)


class Worker:
    """Runs blocking functions in a thread of its own, one at a time.

    All methods belong to the event loop's thread. Busy is an error, not a queue. The slot is taken until the
    function has returned, also where nobody waits for it any more; its result is thrown away then.

    A loop that drives time itself has a method `in_turn`, which makes of each job one that runs when the loop lets it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._returned: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._stopping = False
        self._in_turn: InTurn = _at_once

    @property
    def busy(self) -> bool:
        """Whether the slot is taken."""
        return self._returned is not None

    def start(self) -> None:
        """Start the thread; needs a running event loop. Starting twice does no harm."""
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._ended = loop.create_future()
            self._in_turn = getattr(loop, "in_turn", _at_once)
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name=self.name, daemon=True)
            self._thread.start()

    async def run(self, function: Callable[[], T]) -> T:
        """The result of `function`, called in the thread; what it raises is raised here.

        Raises Busy if the slot is taken, Unavailable if the thread does not run.
        """
        return await self.submit(function)

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """As `run`, at once: the future of the result. Cancelling it only means that nobody wants the result."""
        if self.busy:
            raise Busy(f"{self.name} is busy")
        if self._thread is None or self._stopping:
            raise Unavailable(f"{self.name} is not running")
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._returned = loop.create_future()

        def job() -> None:
            try:
                value = function()
            except BaseException as error:  # noqa: BLE001 - top of the thread: it goes to whoever asked
                _post(loop, partial(self._failed, result, _raisable(error)))
            else:
                _post(loop, partial(self._succeeded, result, value))

        self._jobs.put(self._in_turn(job))
        return result

    async def idle(self) -> None:
        """Wait until the slot is free."""
        while self._returned is not None:
            await asyncio.wait({self._returned})

    async def stop(self, deadline: float) -> bool:
        """End the thread once its function has returned; False if it still has not after `deadline` seconds."""
        if self._thread is None or self._ended is None:
            return True
        if not self._stopping:
            self._stopping = True
            last = partial(_post, asyncio.get_running_loop(), partial(_resolve, self._ended))
            self._jobs.put(self._in_turn(last))
            self._jobs.put(None)
        await asyncio.wait({self._ended}, timeout=max(0.0, deadline))
        if not self._ended.done():
            _logger.warning("the thread %s is stuck and is left behind", self.name)
            return False
        self._thread.join(1.0)  # it has nothing left to do but to return
        return True

    def _succeeded(self, result: asyncio.Future[T], value: T) -> None:
        self._free()
        if not result.done():
            result.set_result(value)

    def _failed(self, result: asyncio.Future[T], error: Exception) -> None:
        self._free()
        if result.done():
            _logger.warning("%s failed after nobody waited for it any more: %s", self.name, error)
        else:
            result.set_exception(error)

    def _free(self) -> None:
        returned, self._returned = self._returned, None
        if returned is not None:
            returned.set_result(None)


def _at_once(job: Job) -> Job:
    return job


def _work(jobs: queue.SimpleQueue[Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # what it holds must not live until the next one comes


def _post(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        _logger.debug("the event loop has closed before the result of a thread came")


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _raisable(error: BaseException) -> Exception:
    """What a future can carry without ending the event loop (SystemExit) or confusing it (StopIteration)."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = InternalError(f"{type(error).__name__} in a worker thread: {error}")
    wrapped.__cause__ = error
    return wrapped
