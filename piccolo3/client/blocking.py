"""The client for programs without an event loop: the same objects, each call of which waits for its result."""

from __future__ import annotations

import asyncio
import atexit
import functools
import inspect
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import is_dataclass
from enum import Enum
from types import FunctionType, MethodType, TracebackType
from typing import TypeVar, cast

from piccolo3 import client
from piccolo3.client.link import LinkChange
from piccolo3.errors import ConnectionFailed

__all__ = ["Mirror", "MirrorIterator", "Piccolo", "Portal"]

T = TypeVar("T")
_CLOSING = 5.0  # s
_END = object()


class Portal:
    """An event loop in a thread of its own, also where the caller has one, as in Jupyter."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="piccolo3 client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Wait for its result; Ctrl-C cancels it."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("a callback can't wait for what only goes on when it has returned")
        if self._loop.is_closed():
            work.close()
            raise ConnectionFailed("the connection has been closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have it done in the loop."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def end_with(self, work: Coroutine[object, object, object]) -> None:
        """Have this done, then end; without waiting for it."""

        async def end() -> None:
            try:
                await work
            finally:
                self._loop.stop()

        def begin() -> None:
            self._last = self._loop.create_task(end())

        if self._loop.is_closed():
            work.close()
        else:
            self._loop.call_soon_threadsafe(begin)

    def stop(self) -> None:
        """End the thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSING)

    def mirrored(self, value: object) -> object:
        """The same for callers without a loop."""
        kind = type(value)
        if kind in (MethodType, FunctionType):
            return self._function(cast("Callable[..., object]", value))
        if kind is tuple:
            return tuple(self.mirrored(item) for item in cast("tuple[object, ...]", value))
        if issubclass(kind, AsyncIterator):
            return MirrorIterator(self, cast("AsyncIterator[object]", value))
        return _mirror_of(kind)(self, value) if _is_ours(kind) else value  # type: ignore[arg-type]

    def _function(self, function: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(function)
        def call(*args: object, **kwargs: object) -> object:
            result = function(*args, **kwargs)
            return self.mirrored(self.run(result) if inspect.iscoroutine(result) else result)

        return call


def _is_ours(kind: type) -> bool:
    plain = is_dataclass(kind) or issubclass(kind, Enum | BaseException | type)
    return kind.__module__.startswith("piccolo3.client.") and not plain


class Mirror:
    """Has what its target has, without `await`."""

    def __init__(self, portal: Portal, target: object) -> None:
        self._portal = portal
        self._target = target

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._portal.mirrored(getattr(self._target, name))

    def __getitem__(self, key: object) -> object:
        return self._portal.mirrored(self._target[key])  # type: ignore[index]

    def __iter__(self) -> Iterator[object]:
        return iter(self._target)  # type: ignore[call-overload, no-any-return]

    def __call__(self, *args: object, **kwargs: object) -> object:
        if not callable(self._target):
            raise TypeError(f"{self!r} can't be called")
        result = self._target(*args, **kwargs)
        return self._portal.mirrored(self._portal.run(result) if inspect.iscoroutine(result) else result)

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._target) if not name.startswith("_")]

    def __repr__(self) -> str:
        return repr(self._target)


@functools.cache
def _mirror_of(kind: type) -> type[Mirror]:
    """A class with the name and documentation of the original."""
    return type(kind.__name__, (Mirror,), {"__doc__": kind.__doc__, "__module__": "piccolo3.client.sync"})


class MirrorIterator(Iterator[object]):
    """An async iterator for callers without a loop; also a context manager, which closes it."""

    def __init__(self, portal: Portal, target: AsyncIterator[object]) -> None:
        self._portal = portal
        self._target = target

    def __next__(self) -> object:
        async def take() -> object:
            return await anext(self._target, _END)

        value = self._portal.run(take())
        if value is _END:
            raise StopIteration
        return self._portal.mirrored(value)

    def close(self) -> None:
        """Take no more values."""
        close = getattr(self._target, "close", None)
        if close is not None:
            self._portal.call_soon(close)

    def __enter__(self) -> MirrorIterator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class Piccolo(Mirror):
    """A server and everything behind it, connected from the beginning until `close`, or the end of the context."""

    def __init__(
        self,
        url: str = "coap://localhost",
        timeout: float | None = None,
        on_link: Callable[[LinkChange], None] | None = None,
        link: str = "normal",
    ) -> None:
        portal = Portal()

        async def make() -> client.Piccolo:
            return await client.Piccolo(url, timeout, on_link, link).__aenter__()

        try:
            rig = portal.run(make())
        except BaseException:
            portal.stop()
            raise
        super().__init__(portal, rig)
        self._close = functools.partial(_close, portal, rig)
        atexit.register(self._close)
        # for one that was forgotten, as when the cell of a notebook is run again
        self._finalizer = weakref.finalize(self, _abandon, portal, rig, self._close)
        self._finalizer.atexit = False

    def close(self) -> None:
        """End the connection; what the server does goes on."""
        self._finalizer.detach()
        atexit.unregister(self._close)
        self._close()

    def __enter__(self) -> Piccolo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _abandon(portal: Portal, target: client.Piccolo, close: Callable[[], None]) -> None:
    atexit.unregister(close)
    portal.end_with(target.__aexit__(None, None, None))


def _close(portal: Portal, target: client.Piccolo) -> None:
    try:
        portal.run(target.__aexit__(None, None, None))
    except ConnectionFailed:  # closed already
        return
    portal.stop()
