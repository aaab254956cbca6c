"""The CoAP server: the components on the network, over UDP and TCP, IPv6 and IPv4."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from types import TracebackType

import aiocoap
from aiocoap.pipe import Pipe

from piccolo3.coap import multicast
from piccolo3.coap.site import Aside, Site
from piccolo3.coap.sockets import Endpoint, open_endpoints
from piccolo3.coap.tcp import listen_for_streams
from piccolo3.coap.udp import listen_for_datagrams
from piccolo3.components.component import Component

__all__ = ["CoapServer"]

_logger = logging.getLogger(__name__)

_DEADLINE = 2.0  # s for requests to end after they have been cancelled


class CoapServer:
    """Serves the tree below `root` at an address (or the name of a host) and port, with coap:// and coap+tcp://.

    `::` is IPv6 and IPv4, also on a host that has only the latter. Port 0 is any free one. `endpoints` are what
    `open_endpoints` has opened for them already: who has to know first that the port is free opens them itself.
    `aside` runs a function that takes milliseconds in some thread; without it the event loop is held up that long.
    Who is `discoverable` answers those who ask all servers of the network for their links, and nothing else that is
    asked of all. While `is_busy`, many observers are told of changes slowly, so that they hold up nothing.
    """

    def __init__(
        self,
        root: Component,
        address: str,
        port: int,
        endpoints: Sequence[Endpoint] | None = None,
        aside: Aside | None = None,
        *,
        discoverable: bool = False,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_busy = is_busy
        self._root = root
        self._discoverable = discoverable
        self._aside = aside
        self._endpoints = endpoints
        self._address = address
        self._configured_port = port
        self._port: int | None = None
        self._context: _Context | None = None

    @property
    def port(self) -> int:
        """The port listened on, of the running server; before, the one that was asked for."""
        return self._configured_port if self._port is None else self._port

    async def start(self) -> None:
        """Listen. Raises Conflict if the port is in use, ConfigurationError if the address is none of this host."""
        if self._context is not None:
            raise RuntimeError("the server is running already")
        endpoints = self._endpoints or await open_endpoints(self._address, self._configured_port)
        # aiocoap itself keeps no reference to a context, and without one it is garbage that stops answering
        site = Site(self._root, asyncio.get_running_loop().time, self._aside, self._is_busy)
        self._context = _Context(site, self._discoverable)
        try:
            for endpoint in endpoints:
                if self._discoverable:
                    multicast.join(endpoint.datagrams)
                await listen_for_datagrams(self._context, endpoint.datagrams)
                await listen_for_streams(self._context, endpoint.streams)
        except BaseException:
            await self.stop()
            _close(endpoints)
            raise
        self._port = endpoints[0].port
        _logger.info("listening at %s, port %d (UDP and TCP)", self._address or "::", self._port)

    async def stop(self) -> None:
        """Stop listening and end what is being answered; do nothing if the server does not run."""
        context = self._context
        self._context = self._port = None
        if context is not None:
            await context.shutdown()

    async def __aenter__(self) -> CoapServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()


class _Context(aiocoap.Context):  # type: ignore[misc]
    """Answers each request in a task of its own, and knows those tasks."""

    def __init__(self, site: Site, discoverable: bool) -> None:
        self._discoverable = discoverable
        super().__init__(loop=asyncio.get_running_loop(), serversite=site, loggername=f"{__package__}.aiocoap")
        self._tasks: set[asyncio.Task[None]] = set()

    def render_to_pipe(self, pipe: Pipe) -> None:
        if multicast.is_for_all(pipe.request) and not (self._discoverable and multicast.is_search(pipe.request)):
            pipe.add_response(multicast.no_answer(), is_last=True)
            return
        # aiocoap's own makes errors plain text, and warns of requests whose client is gone before they are looked at
        task = self.loop.create_task(self._render(pipe), name="CoAP request")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        pipe.on_interest_end(task.cancel)

    async def _render(self, pipe: Pipe) -> None:
        if multicast.is_for_all(pipe.request):  # not all servers at once
            await asyncio.sleep(random.uniform(0, multicast.LEISURE))  # noqa: S311 - a delay, no secret
        await self.serversite.render_to_pipe(pipe)

    async def shutdown(self) -> None:
        if self.request_interfaces:
            await super().shutdown()
        if self._tasks:  # they have been cancelled
            _, pending = await asyncio.wait(self._tasks, timeout=_DEADLINE)
            if pending:
                _logger.warning("%d requests did not end within %s s", len(pending), _DEADLINE)
        await self.serversite.close()


def _close(endpoints: Sequence[Endpoint]) -> None:
    for endpoint in endpoints:
        endpoint.close()
