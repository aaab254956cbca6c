"""Streams of server-sent events: values as they change, and spectra as they are recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from piccolo3.errors import InvalidValue, Unavailable
from piccolo3.web.api import split
from piccolo3.web.rigs import ConnectionState
from piccolo3.web.site import Shown, Site, site_of, visitor_of
from piccolo3.web.sse import EventStream, Mailbox, Source, event
from piccolo3.web.values import LONGEST, Update

__all__ = ["ROUTES"]

_MOST = 200  # streams


def _paths(request: Request) -> list[str]:
    given = [path for path in request.query_params.get("paths", "").split(",") if path]
    paths = list(dict.fromkeys("/".join(split(path)) for path in given))
    if len(paths) > LONGEST:
        raise InvalidValue(f"a stream has at most {LONGEST} paths")
    return paths


async def _events(request: Request) -> Response:
    site, shown, paths = site_of(request), site_of(request).shown(request), _paths(request)

    def put(mailbox: Mailbox, update: Update) -> None:
        mailbox.put(update.path, event("value", update.body()))

    @asynccontextmanager
    async def source(mailbox: Mailbox) -> AsyncIterator[None]:
        async with _watching(site, shown, mailbox):
            stop = shown.values.subscribe(paths, lambda update: put(mailbox, update))
            try:
                yield
            finally:
                stop()

    return _stream(request, site, source)


async def _all(request: Request) -> Response:
    """The same of all rigs: `rig` tells what becomes of the connection to one, and each event has its name."""
    site, paths = site_of(request), _paths(request)

    @asynccontextmanager
    async def source(mailbox: Mailbox) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(site.streaming())
            for shown in site.rigs.values():
                await stack.enter_async_context(_one_of_all(shown, paths, mailbox))
            yield

    return _stream(request, site, source)


@asynccontextmanager
async def _one_of_all(shown: Shown, paths: Sequence[str], mailbox: Mailbox) -> AsyncIterator[None]:
    name = shown.rig.name

    def put(update: Update) -> None:
        mailbox.put(f"{name}/{update.path}", event("value", {"rig": name, **update.body()}))

    def tell(state: ConnectionState) -> None:
        mailbox.put(f"\0{name}", event("rig", {"rig": name, **state.body()}))

    async with shown.rig.use() as rig:
        stops = [rig.subscribe(tell)]
        rig.seek()
        if rig.state.known:
            tell(rig.state)
        stops.append(shown.values.subscribe(paths, put))
        try:
            yield
        finally:
            for stop in stops:
                stop()


async def _live(request: Request) -> Response:
    site, shown = site_of(request), site_of(request).shown(request)

    @asynccontextmanager
    async def source(mailbox: Mailbox) -> AsyncIterator[None]:
        async with _watching(site, shown, mailbox):
            stop = shown.live.subscribe(mailbox.put)
            try:
                yield
            finally:
                stop()

    return _stream(request, site, source)


@asynccontextmanager
async def _watching(site: Site, shown: Shown, mailbox: Mailbox) -> AsyncIterator[None]:
    """The rig is in use, and what becomes of the connection to it goes into the mailbox."""

    def put(state: ConnectionState) -> None:
        mailbox.put("\0connection", event("connection", state.body()))

    async with site.streaming(), shown.rig.use() as rig:
        stop = rig.subscribe(put)
        if not rig.state.connected:
            rig.seek()
        if rig.state.known:
            put(rig.state)
        try:
            yield
        finally:
            stop()


def _stream(request: Request, site: Site, source: Source) -> Response:
    if site.streams >= _MOST:
        raise Unavailable(f"there are {_MOST} streams already: close other pages")
    visitor = visitor_of(request)
    return EventStream(source, lambda: not site.closing and site.access.still(visitor), request.headers)


ROUTES = [
    Route("/events", _all, methods=["GET"]),
    Route("/r/{rig}/api/events", _events, methods=["GET"]),
    Route("/r/{rig}/live/stream", _live, methods=["GET"]),
]
