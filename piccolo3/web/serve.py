"""Serving: the socket, HTTPS, and uvicorn."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys

import uvicorn
from starlette.applications import Starlette

from piccolo3.clock import SystemClock
from piccolo3.config import HttpConfig, WebConfiguration
from piccolo3.errors import ConfigurationError
from piccolo3.web.access import is_loopback
from piccolo3.web.application import application
from piccolo3.web.gate import LARGEST_HEAD
from piccolo3.web.site import Site
from piccolo3.web.users import Users

__all__ = ["check", "listen", "serve", "server"]

_logger = logging.getLogger(__name__)

_STALLED = 20_000  # ms after which a browser that takes nothing is cut off by the system
_GRACE = 3  # s for answers that are under way at the end


def check(configuration: WebConfiguration) -> None:
    """See whether it can be served like that. ConfigurationError says what is wrong."""
    http = configuration.http
    problems = []
    users = Users(http.users).all()
    if not is_loopback(http.address) and not users and http.anonymous is None:
        problems.append(
            f"[http]: address = {http.address}: others can reach it, but there are no users yet: "
            "run piccolo3-web passwd NAME, or say with `anonymous` what everybody may do"
        )
    if http.certificate is not None and http.key is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(http.certificate, http.key)
        except (OSError, ssl.SSLError) as error:
            problems.append(f"[http]: certificate = {http.certificate}: it can't be used with the key: {error}")
    if problems:
        raise ConfigurationError(problems)


def serve(configuration: WebConfiguration) -> None:
    """Serve until a signal ends it. ConfigurationError where that is not possible."""
    check(configuration)
    asyncio.run(_serve(configuration))


async def _serve(configuration: WebConfiguration) -> None:
    http = configuration.http
    app = application(configuration, SystemClock())
    with listen(http) as listening:
        port = listening.getsockname()[1]
        scheme = "http" if http.certificate is None else "https"
        host = f"[{http.address}]" if ":" in http.address else http.address
        sys.stdout.write(f"piccolo3-web: {scheme}://{host}:{port}\n")
        sys.stdout.flush()
        await server(app, http).serve(sockets=[listening])


def server(app: Starlette, http: HttpConfig) -> uvicorn.Server:
    """What serves the application: of bounded size, and silent about itself."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http="h11",  # the only one whose size of headers is bounded here
        ws="none",
        h11_max_incomplete_event_size=LARGEST_HEAD,
        limit_concurrency=500,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=http.certificate,
        ssl_keyfile=http.key,
    )
    return _Server(config, app.state.site)


class _Server(uvicorn.Server):
    """Ends streams first, for they would not end by themselves."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._site.closing = True
        await super().shutdown(sockets)


def listen(http: HttpConfig) -> socket.socket:
    """The socket that the configuration asks for. ConfigurationError where that is not possible."""
    try:
        found = socket.getaddrinfo(http.address, http.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else answers wait 40 ms for an ACK
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listening.bind(address)
            listening.listen(128)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        text = f"[http]: address = {http.address}, port = {http.port}: {error.strerror or error}"
        raise ConfigurationError([text]) from error
    return listening
