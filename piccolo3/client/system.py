"""One server, as seen by a program that uses it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from piccolo3.client.connection import GET, POST, PUT, Connection, Path, arguments
from piccolo3.client.control import Control
from piccolo3.client.data_dir import DataDirectory
from piccolo3.client.link import LinkChange
from piccolo3.client.observation import Observation
from piccolo3.client.schedule import Schedule
from piccolo3.client.shutters import Shutters
from piccolo3.client.spectrometers import Spectrometers
from piccolo3.client.sysinfo import Sysinfo
from piccolo3.client.tree import Tree, parse_description
from piccolo3.wire import JsonValue

__all__ = ["Piccolo"]

_DESCRIPTION = 120.0  # s for the description, which comes in some 40 blocks


class Piccolo:
    """A server and everything behind it.

    ::

        async with Piccolo("coap://localhost") as rig:
            batch = await rig.control.record_sequence("morning", sequences=3)
            async for progress in batch.progress:
                print(progress.phase)
            result = await batch.result()

    Entering finds the server, or raises ConnectionFailed after at most `timeout` seconds with a sentence that says
    what to check. `timeout` also bounds the wait for every single answer. Refusals are raised as the class that the
    server raised (piccolo3.errors). Leaving ends nothing at the server: what is recorded goes on.

    `timeout` is 5 s where it is not given. With `link="slow"` it is 30 s, lost messages are sent again later, answers
    come in smaller blocks, and a silent server is asked less often whether it is there: for radio links of a few kB/s.
    Files, lists and pages of queries come over coap+tcp where the server can be reached by that, everything else over
    UDP; a URL that begins with `coap+tcp` means that for all.

    Values that are observed outlast restarts of server and network; `on_link` is called with what happens to the
    connection, and `connected` says how it is. To be used in one event loop.
    """

    def __init__(
        self,
        url: str = "coap://localhost",
        timeout: float | None = None,
        on_link: Callable[[LinkChange], None] | None = None,
        link: str = "normal",
    ) -> None:
        self._connection = Connection(url, timeout, link)
        self.url = str(self._connection.address)
        self.control = Control(self._connection)
        self.schedule = Schedule(self._connection)
        self.spectrometers = Spectrometers(self._connection)
        self.shutters = Shutters(self._connection)
        self.data_dir = DataDirectory(self._connection)
        self.sysinfo = Sysinfo(self._connection)
        self._on_link = on_link
        self._tree: tuple[int, Tree] | None = None
        if on_link is not None:
            self._connection.link.subscribe(on_link)

    async def __aenter__(self) -> Self:
        await self._connection.open()
        if self._on_link is not None:
            self._connection.link.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._connection.close()

    @property
    def connection(self) -> Connection:
        """What all requests go through, for modules that `piccolo3-client stubs` has written."""
        return self._connection

    @property
    def connected(self) -> bool:
        """Whether the server has answered when it was asked last; looked after while anything is observed."""
        return self._connection.link.connected

    async def tree(self) -> Tree:
        """Everything that the server has, as it describes itself; some 40 kB, read once for each time it was started.

        NotFound at servers from before 0.6, which don't.
        """
        epoch = self._connection.link.epoch
        if self._tree is None or self._tree[0] != epoch:
            body = await self._connection.request(GET, "description", seconds=_DESCRIPTION, bulk=True)
            self._tree = (epoch, Tree.of(self._connection, parse_description(body)))
        return self._tree[1]

    async def get(self, path: Path) -> JsonValue:
        """The value of a resource; `path` like "control/status", or its segments."""
        return await self._connection.request(GET, path)

    async def put(self, path: Path, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Set a value or call an action with these arguments; what the server returns (mostly None)."""
        return await self._connection.request(PUT, path, arguments(args, kwargs))

    async def post(self, path: Path, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Call an action with these arguments; what the server returns (mostly None)."""
        return await self._connection.request(POST, path, arguments(args, kwargs))

    def observe(self, path: Path) -> Observation:
        """The value of a resource and then its changes, as an async iterator; ConnectionFailed if the server goes.

        `observe` of a value, such as `rig.control.status.observe()`, goes on instead when the server is back.
        """
        return Observation(self._connection, path)
