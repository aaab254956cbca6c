"""The application: everything put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from piccolo3.clock import Clock
from piccolo3.config import WebConfiguration
from piccolo3.errors import PiccoloError
from piccolo3.web import api, assets, downloads, exports, metrics, pages, streams
from piccolo3.web.gate import Gate
from piccolo3.web.site import Site

__all__ = ["application"]


def application(configuration: WebConfiguration, clock: Clock) -> Starlette:
    """The ASGI application; to be made inside of the event loop that it runs in."""
    site = Site(configuration, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            site.closing = True
            await site.close()

    app = Starlette(
        # the tree of the rig takes what nobody else does
        routes=[
            *pages.ROUTES,
            *streams.ROUTES,
            *downloads.ROUTES,
            *exports.ROUTES,
            *metrics.ROUTES,
            *api.ROUTES,
            *assets.mounts(),
        ],
        middleware=[Middleware(Gate, access=site.access)],
        exception_handlers={PiccoloError: pages.on_error, HTTPException: pages.on_error},
        lifespan=lifespan,
    )
    app.state.site = site
    app.state.templates = pages.environment(configuration.brand)
    return app
