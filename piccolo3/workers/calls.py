"""Waiting for a thread, with a deadline for the hardware; waiting for an event or a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from piccolo3.clock import Clock
from piccolo3.errors import DeviceTimeout
from piccolo3.workers.guard import GuardedSpectrometer
from piccolo3.workers.worker import Worker

__all__ = ["at_most", "guarded", "interrupt", "limited", "retrieve", "wait_for_event"]

T = TypeVar("T")
_logger = logging.getLogger(__name__)


async def guarded(worker: Worker, guard: GuardedSpectrometer, function: Callable[[], T], *, grace: float) -> T:
    """The result of `function`, called in the thread of `worker`, as long as no call on `guard` is overdue.

    An overdue call is interrupted, gets `grace` seconds to return, and DeviceTimeout is raised in any case.
    """
    result = worker.submit(function)
    result.add_done_callback(retrieve)
    try:
        while (left := guard.remaining()) > 0:
            await asyncio.wait({result}, timeout=left)
            if result.done():
                return result.result()
        overdue = guard.call or "a call"
        _logger.error("%s: no answer from %s; interrupting it", worker.name, overdue)
        interrupt(guard, worker.name)
        await asyncio.wait({result}, timeout=grace)
        raise DeviceTimeout(f"no answer from {overdue}")
    finally:
        result.cancel()


async def limited(
    worker: Worker, function: Callable[[], T], *, limit: float, after: asyncio.Future[None] | None = None
) -> T:
    """The result of `function`, called in the thread of `worker`; DeviceTimeout after `limit` seconds.

    These count from when `after` is done, where there is one.
    """
    result = worker.submit(function)
    result.add_done_callback(retrieve)
    try:
        if after is not None:
            either: list[asyncio.Future[T] | asyncio.Future[None]] = [result, after]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({result}, timeout=limit)
        if result.done():
            return result.result()
        raise DeviceTimeout(f"{worker.name} has not answered within {limit:.3g} s")
    finally:
        result.cancel()


def interrupt(guard: GuardedSpectrometer, name: str) -> None:
    """End a blocking call, whatever the driver thinks of it."""
    try:
        guard.interrupt()
    except Exception:
        _logger.exception("%s can't be interrupted", name)


def retrieve(task: asyncio.Future[T]) -> None:
    """Done callback: somebody may have stopped to wait for it, so that is no reason to complain."""
    if not task.cancelled():
        task.exception()


async def at_most(awaitable: Awaitable[object], seconds: float) -> bool:
    """Wait until `awaitable` has ended or `seconds` have passed (then it is cancelled); whether it has ended."""
    task = asyncio.ensure_future(awaitable)
    task.add_done_callback(retrieve)
    try:
        await asyncio.wait({task}, timeout=max(0.0, seconds))
        return task.done()
    finally:
        task.cancel()


async def wait_for_event(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Wait until `event` is set or `seconds` have passed (None: for ever); whether it is set."""
    waits: set[asyncio.Future[object]] = {asyncio.ensure_future(event.wait())}
    if seconds is not None:
        waits.add(asyncio.ensure_future(clock.asleep(seconds)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return event.is_set()
