"""Pages: shells of HTML that are filled by scripts, logging in and out, and the brand of an institute."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import parse_qsl

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from piccolo3 import __version__
from piccolo3.client.tree import Schema, describe
from piccolo3.config import BrandConfig
from piccolo3.errors import InvalidValue, NotFound
from piccolo3.jsonvalue import JsonValue
from piccolo3.web import assets
from piccolo3.web.access import address_of
from piccolo3.web.api import resources
from piccolo3.web.failures import JsonAnswer
from piccolo3.web.failures import on_error as failure
from piccolo3.web.site import Site, site_of, visitor_of
from piccolo3.web.users import Role, User

__all__ = ["PAGES", "ROUTES", "environment", "on_error", "page"]

PAGES = (
    ("now", "Now"),
    ("live", "Live"),
    ("record", "Record"),
    ("schedule", "Schedule"),
    ("data", "Data"),
    ("temperatures", "Temperatures"),
    ("system", "System"),
)
"""Pages of a rig: the last part of the path, which is also the name of the template and the script, and the title."""

_FOR_PROGRAMS = re.compile(r"^/r/[^/]*/(api|live/stream)|^/(events|metrics|static)")
_WRONG = "The name or the password is wrong."


def environment(brand: BrandConfig) -> Environment:
    """Templates of the package, and before them those of the institute."""
    own = [FileSystemLoader(brand.templates)] if brand.templates is not None else []
    loader = ChoiceLoader([*own, PackageLoader("piccolo3.web", "templates")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def page(request: Request, template: str, status: int = 200, **more: object) -> Response:
    """A page made from a template."""
    site, visitor = site_of(request), visitor_of(request)
    rig = request.path_params.get("rig")
    known: dict[str, object] = {
        "brand": site.configuration.brand,
        "csrf": visitor.csrf or "",
        "documentation": site.configuration.http.documentation,
        "name": visitor.name,
        "operate": visitor.role >= Role.OPERATE,
        "modules": (),
        "pages": PAGES,
        "path": request.url.path,
        "rig": site.rigs[rig].rig if rig in site.rigs else None,
        "rigs": [shown.rig for shown in site.rigs.values()],
        "static": assets.address(),
        "version": __version__,
    }
    text = request.app.state.templates.get_template(template).render({**known, **more})
    return HTMLResponse(text, status)


async def on_error(request: Request, problem: Exception) -> Response:
    """What is wrong, for people as a page, for programs as JSON."""
    if isinstance(problem, HTTPException):
        if problem.status_code != 404:
            body: dict[str, JsonValue] = {"error": "Refused", "message": problem.detail}
            return JsonAnswer(body, problem.status_code, dict(problem.headers or {}))
        problem = NotFound("there is no such page")
    answer = await failure(request, problem)
    is_page = "text/html" in request.headers.get("accept", "") and not _FOR_PROGRAMS.search(request.url.path)
    if not is_page or request.method != "GET":
        return answer
    title = "Not there" if isinstance(problem, NotFound) else "This does not work now"
    return page(request, "error.html", answer.status_code, title=title, problem=f"{problem}.")


async def _home(request: Request) -> Response:
    """The only rig, or all of them at one glance."""
    rigs = site_of(request).rigs
    return RedirectResponse("/rigs" if len(rigs) > 1 else f"/r/{next(iter(rigs))}/now", 303)


async def _rigs(request: Request) -> Response:
    return page(request, "rigs.html", title="Rigs", modules=assets.modules("js/rigs.js"))


async def _rig_page(name: str, title: str, request: Request) -> Response:
    site_of(request).shown(request)
    return page(request, f"{name}.html", title=title, modules=assets.modules(f"js/{name}.js"))


async def _docs(request: Request) -> Response:
    site = site_of(request)
    if not site.configuration.http.documentation:
        raise NotFound("the description of the HTTP interface is switched off")
    async with site.shown(request).rig.use() as rig:
        return page(request, "docs.html", title="HTTP interface", resources=await resources(rig), limits=_limits)


def _limits(schema: Schema) -> str:
    """Type, choices, limits and unit, in words."""
    kind = schema.get("type")
    kinds = " or ".join(map(str, kind)) if isinstance(kind, list | tuple) else str(kind or "any")
    more = describe(schema)
    return f"{kinds}, {more}" if more else kinds


async def _first_docs(request: Request) -> Response:
    return RedirectResponse(f"/r/{next(iter(site_of(request).rigs))}/docs", 303)


async def _login(request: Request) -> Response:
    site = site_of(request)
    if request.method != "POST":
        return page(request, "login.html", title="Log in", problem="")
    form = await _form(request)
    found = await site.access.check(form.get("name", ""), form.get("password", ""), address_of(request))
    if not isinstance(found, User):
        if found:
            text = f"Too many wrong passwords. Try again in {round(found)} seconds."
            answer = page(request, "login.html", 429, title="Log in", problem=text)
            answer.headers["Retry-After"] = str(round(found) + 1)
            return answer
        return page(request, "login.html", 401, title="Log in", problem=_WRONG)
    _end(request, site)
    answer = RedirectResponse("/", 303)
    secret = site.access.sessions.begin(found)
    answer.set_cookie(
        site.access.cookie,
        secret,
        max_age=round(site.configuration.sessions.longest),
        path="/",
        secure=site.access.secure,
        httponly=True,
        samesite="strict",
    )
    return answer


async def _form(request: Request) -> dict[str, str]:
    try:
        return dict(parse_qsl((await request.body()).decode("utf-8", errors="replace"), max_num_fields=10))
    except ValueError as error:
        raise InvalidValue(str(error)) from None


async def _logout(request: Request) -> Response:
    site = site_of(request)
    _end(request, site)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(site.access.cookie, path="/", secure=site.access.secure, httponly=True, samesite="strict")
    return answer


def _end(request: Request, site: Site) -> None:
    """Whoever logs in or out leaves the session that was there."""
    if secret := request.cookies.get(site.access.cookie):
        site.access.sessions.end(secret)


async def _colours(request: Request) -> Response:
    colour = site_of(request).configuration.brand.colour
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2  # luminance, nearly as WCAG has it
    text = "#000" if light > 0.18 else "#fff"
    return Response(f":root{{--brand:{colour};--on-brand:{text}}}\n", media_type="text/css", headers=_KEPT)


async def _logo(request: Request) -> Response:
    logo = site_of(request).configuration.brand.logo
    if logo is None:
        raise NotFound("there is no logo")
    kinds = {".svg": "image/svg+xml", ".png": "image/png"}
    strict = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", **_KEPT}
    return FileResponse(logo, media_type=kinds.get(logo.suffix.lower(), "image/jpeg"), headers=strict)


_KEPT = {"Cache-Control": "max-age=300"}

ROUTES = [
    Route("/", _home),
    Route("/rigs", _rigs),
    Route("/login", _login, methods=["GET", "POST"]),
    Route("/logout", _logout, methods=["POST"]),
    Route("/docs", _first_docs),
    Route("/r/{rig}/docs", _docs),
    Route("/brand/colours.css", _colours),
    Route("/brand/logo", _logo),
    *(Route(f"/r/{{rig}}/{name}", partial(_rig_page, name, title)) for name, title in PAGES),
]
