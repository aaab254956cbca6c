"""The CoAP server: the components on the network, over UDP and TCP, IPv6 and IPv4."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType

import aiocoap

from piccolo3.coap.site import Site
from piccolo3.coap.sockets import Endpoint, open_endpoints
from piccolo3.coap.tcp import listen_for_streams
from piccolo3.coap.udp import listen_for_datagrams
from piccolo3.components.component import Component

__all__ = ["CoapServer"]

_logger = logging.getLogger(__name__)

_DEADLINE = 2.0  # s for requests to end after they have been cancelled


class CoapServer:
    """Serves the tree below `root` at an address (or the name of a host) and port, with coap:// and coap+tcp://.

    `::` is IPv6 and IPv4, also on a host that has only the latter. Port 0 is any free one.
    """

    def __init__(self, root: Component, address: str, port: int) -> None:
        self._root = root
        self._address = address
        self._configured_port = port
        self._port: int | None = None
        self._site: Site | None = None
        self._context: aiocoap.Context | None = None

    @property
    def port(self) -> int:
        """The port listened on, of the running server; before, the one that was asked for."""
        return self._configured_port if self._port is None else self._port

    async def start(self) -> None:
        """Listen. Raises Conflict if the port is in use, ConfigurationError if the address is none of this host."""
        if self._context is not None:
            raise RuntimeError("the server is running already")
        endpoints = await open_endpoints(self._address, self._configured_port)
        self._site = Site(self._root)
        # aiocoap itself keeps no reference to a context, and without one it is garbage that stops answering
        self._context = aiocoap.Context(
            loop=asyncio.get_running_loop(), serversite=self._site, loggername=f"{__package__}.aiocoap"
        )
        try:
            for endpoint in endpoints:
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
        context, site = self._context, self._site
        self._context = self._site = self._port = None
        if context is not None and context.request_interfaces:
            await context.shutdown()
        if site is not None:
            await site.drain(_DEADLINE)

    async def __aenter__(self) -> CoapServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()


def _close(endpoints: list[Endpoint]) -> None:
    for endpoint in endpoints:
        endpoint.close()
