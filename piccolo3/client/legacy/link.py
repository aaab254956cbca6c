"""The connection of old programs: made before or inside an event loop, and in use by itself from then on.

Such programs make their system in a coroutine, or at the top of the file and run a loop afterwards. Either way
observation begins as soon as the loop runs. Whoever uses it in another loop later (two calls of `asyncio.run`) gets
a new connection there.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from piccolo3.client.address import Address
from piccolo3.client.changes import Changes
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.client.link import LinkChange
from piccolo3.errors import ConnectionFailed, NotAllowed, NotFound
from piccolo3.wire import JsonValue

__all__ = ["Link", "Session", "watch"]

_logger = logging.getLogger(__name__)

_ANSWERS = 200  # which may have arrived, one each time that the loop looks
_RETRY = 1.0  # s before a server that did not answer is asked again

Segments = Sequence[str]


class Session:
    """A connection in one event loop, and whoever observes through it."""

    def __init__(self, url: str, main: Callable[[Session], Awaitable[None]]) -> None:
        self.loop = asyncio.get_running_loop()
        self._connection = Connection(url)
        self._opening = asyncio.Lock()
        self._is_open = False
        self._is_ended = False
        self._task = asyncio.create_task(self._run(main), name="piccolo observer")

    async def request(self, code: int, path: Segments, value: JsonValue = None) -> JsonValue:
        """Ask the server. ConnectionFailed if it does not answer, or what it refuses with."""
        return await (await self._open()).request(code, path, value)

    async def observe(self, path: Segments) -> AsyncIterator[JsonValue]:
        """The value and its changes, also when the server was away meanwhile. ConnectionFailed when it is closed."""
        async with Changes(await self._open(), path, lambda value: value) as values:
            async for value in values:
                yield value

    async def restarted(self) -> None:
        """Wait until the server has been restarted."""
        restart = asyncio.Event()

        def look(change: LinkChange) -> None:
            if change.restarted:
                restart.set()

        unsubscribe = (await self._open()).link.subscribe(look)
        try:
            await restart.wait()
        finally:
            unsubscribe()

    @property
    def connected(self) -> bool:
        """Whether the server answered when it was asked last."""
        return self._is_open and self._connection.link.connected

    async def end(self) -> None:
        """Stop observing, close the connection."""
        self._is_ended = True  # a cancellation gets lost where something fails in the same moment
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.sleep(0)  # sockets are closed in the next round of the loop, which may be the last one

    async def _open(self) -> Connection:
        async with self._opening:
            if not self._is_open:
                await self._connection.open()
                self._is_open = True
        return self._connection

    async def _run(self, main: Callable[[Session], Awaitable[None]]) -> None:
        try:
            while not self._is_ended:
                try:
                    await main(self)
                except ConnectionFailed as problem:
                    _logger.debug("not observing: %s", problem)
                except Exception:
                    _logger.exception("observation failed")
                if not self._is_ended:
                    await asyncio.sleep(_RETRY)
        finally:
            await self._connection.close()


class Link:
    """What the parts of a system use to talk to the server; `main` observes for as long as the server answers."""

    def __init__(self, url: str, main: Callable[[Session], Awaitable[None]]) -> None:
        Address.parse(url)  # a wrong one is refused at once
        self._url = url
        self._main = main
        self._session: Session | None = None
        self._is_shut_down = False
        _loop_of_the_program().call_soon(self._begin)
        atexit.register(self._at_exit)

    @property
    def connected(self) -> bool:
        """Whether the server answered when it was asked last."""
        return self._session is not None and self._session.connected

    async def get(self, path: Segments) -> JsonValue:
        """The value of a resource."""
        return await self._here().request(GET, path)

    async def put(self, path: Segments, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Set a value or call an action; what the server answers."""
        return await self._here().request(PUT, path, arguments(args, kwargs))

    async def act(self, path: Segments) -> JsonValue:
        """Do what the original did on GET; a server may have switched that off."""
        try:
            return await self.get(path)
        except NotAllowed:
            return await self.put(path)

    async def observe(self, path: Segments) -> AsyncIterator[JsonValue]:
        """The value of a resource and its changes; goes on when the server is back."""
        while not self._is_shut_down:
            with contextlib.suppress(ConnectionFailed):
                async for value in self._here().observe(path):
                    yield value
            await asyncio.sleep(_RETRY)

    def shutdown(self) -> asyncio.Future[None]:
        """Stop observing and close the connection; may be awaited, in a running loop."""
        self._is_shut_down = True
        atexit.unregister(self._at_exit)
        loop = _loop_of_the_program()
        if loop.is_running():
            return loop.create_task(self._end())
        if not loop.is_closed():
            loop.run_until_complete(self._end())
        done: asyncio.Future[None] = loop.create_future()
        done.set_result(None)
        return done

    def _begin(self) -> None:
        if not self._is_shut_down:
            self._here()

    def _here(self) -> Session:
        """The session of the loop that runs."""
        if self._is_shut_down:
            raise ConnectionFailed(f"the connection to {self._url} has been shut down", url=self._url)
        if self._session is None or self._session.loop is not asyncio.get_running_loop():
            self._session = Session(self._url, self._main)
        return self._session

    async def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None and session.loop is asyncio.get_running_loop():
            await session.end()

    def _at_exit(self) -> None:
        """Close what a program has left open: a connection that is only collected as garbage may crash Python."""
        session = self._session
        self._is_shut_down = True
        if session is not None and not session.loop.is_closed() and not session.loop.is_running():
            with contextlib.suppress(Exception):
                session.loop.run_until_complete(_take_what_has_arrived())
                session.loop.run_until_complete(self._end())


async def _take_what_has_arrived() -> None:
    """Answers have come since the loop stood still; aiocoap can't bear one to a request that is given up meanwhile."""
    for _ in range(_ANSWERS):
        await asyncio.sleep(0)


async def watch(session: Session, path: Segments, heard: Callable[[JsonValue], Awaitable[None]]) -> None:
    """Call `heard` with the value and its changes; returns if there is no such value. ConnectionFailed."""
    try:
        async for value in session.observe(path):
            await heard(value)
    except (NotFound, NotAllowed) as problem:
        _logger.debug("%s is not observed: %s", "/".join(path), problem)


def _loop_of_the_program() -> asyncio.AbstractEventLoop:
    """The loop that runs, or that will: the one of this thread, which is made if there is none yet."""
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with contextlib.suppress(RuntimeError):
            loop = asyncio.get_event_loop()
            if not loop.is_closed():
                return loop
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop
