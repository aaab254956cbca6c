"""The tree of a rig as JSON: GET, PUT and POST, by what the rig says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from piccolo3.client.connection import FETCH, GET, POST, PUT
from piccolo3.client.tree import Argument, Described
from piccolo3.errors import InvalidValue, NotAllowed, NotFound
from piccolo3.jsonvalue import JsonValue, parse
from piccolo3.web.failures import JsonAnswer
from piccolo3.web.openapi import openapi
from piccolo3.web.rigs import Rig
from piccolo3.web.site import operating, site_of
from piccolo3.wire import COMPACT

__all__ = ["ROUTES", "read", "resources", "split"]

_BULK = 120.0  # s for what may come in many blocks


def split(path: str) -> tuple[str, ...]:
    """The segments of a path. NotFound for those that mean something else to browsers."""
    segments = tuple(path.split("/"))
    if any(segment in ("", ".", "..") or len(segment.encode()) > 255 for segment in segments):
        raise NotFound(f"{path[:80]!r} is no path of a resource")
    return segments


async def described(rig: Rig, segments: tuple[str, ...]) -> tuple[Described, ...]:
    """What the rig says of a resource. NotFound if it has none there."""
    place = (await rig.tree())["/".join(segments)]
    if not place.described:
        raise NotFound(f"there is nothing at {place.path} itself, below it there is {', '.join(place) or 'nothing'}")
    return place.described


async def _describe(request: Request) -> Response:
    shown = site_of(request).shown(request)
    async with shown.rig.use() as rig:
        return JsonAnswer(await rig.request(GET, "description", seconds=_BULK))


async def _openapi(request: Request) -> Response:
    shown = site_of(request).shown(request)
    async with shown.rig.use() as rig:
        version = (await rig.gather(GET, ["sysinfo/version"])).get("sysinfo/version", "unknown")
        return JsonAnswer(openapi(rig.name, rig.title, str(version), await resources(rig)))


async def resources(rig: Rig) -> list[Described]:
    """Everything that the rig says of itself, in its order."""
    found: list[Described] = []
    places = [await rig.tree()]
    while places:
        place = places.pop()
        found += place.described
        places += [place[name] for name in reversed(list(place))]
    return found


async def _resource(request: Request) -> Response:
    shown = site_of(request).shown(request)
    segments = split(request.path_params["path"])
    async with shown.rig.use() as rig:
        if request.method in ("GET", "HEAD"):
            return JsonAnswer(await read(rig, segments, request.query_params))
        return JsonAnswer(await _change(rig, segments, request))


async def read(rig: Rig, segments: tuple[str, ...], given: Mapping[str, str]) -> JsonValue:
    """Read a value, or ask a command that changes nothing with arguments in the query string."""
    known = await described(rig, segments)
    if any(one.is_value for one in known):
        return await rig.request(GET, segments, seconds=_BULK)
    if asking := next((one for one in known if "FETCH" in one.methods), None):
        named = _arguments(asking.arguments, given)
        return await rig.request(FETCH, segments, [[], named], seconds=_BULK, accept=COMPACT)
    raise NotAllowed(f"{'/'.join(segments)} is no value; it is called with POST")


async def _change(rig: Rig, segments: tuple[str, ...], request: Request) -> JsonValue:
    known = await described(rig, segments)
    value = await _body(request)
    if request.method == "POST" and any("FETCH" in one.methods for one in known):
        return await rig.request(FETCH, segments, value, seconds=_BULK, accept=COMPACT)
    operating(request)
    if not any(request.method in one.methods for one in known):
        raise NotAllowed(f"{'/'.join(segments)} has no {request.method}")
    return await rig.request(PUT if request.method == "PUT" else POST, segments, value)


async def _body(request: Request) -> JsonValue:
    """The arguments, in any of the forms of CoAP; an empty body has none."""
    data = await request.body()
    if not data:
        return [[], {}]
    try:
        return parse(data.decode())
    except UnicodeDecodeError:
        raise InvalidValue("the body is not UTF-8") from None


def _arguments(known: tuple[Argument, ...], given: Mapping[str, str]) -> dict[str, JsonValue]:
    kinds = {argument.name: _types(argument.schema) for argument in known}
    unknown = [name for name in given if name not in kinds]
    if unknown:
        raise InvalidValue(f"there is no {', '.join(unknown)}; there are {', '.join(kinds)}")
    return {name: _value(text, kinds[name]) for name, text in given.items()}


def _types(schema: Mapping[str, JsonValue]) -> set[str]:
    found = schema.get("type")
    return {str(one) for one in found} if isinstance(found, list | tuple) else {str(found)}


def _value(text: str, kinds: set[str]) -> JsonValue:
    """The text of a query string as what is wanted; what it can't be, the rig refuses with its reasons."""
    if "string" in kinds:
        return text
    try:
        return parse(text)
    except InvalidValue:
        return text.split(",") if "array" in kinds else text


_COMPRESSED = [Middleware(GZipMiddleware)]  # the description is 50 kB, and 5 kB then

ROUTES = [
    Route("/r/{rig}/api/", _describe, methods=["GET"], middleware=_COMPRESSED),
    Route("/r/{rig}/api/openapi.json", _openapi, methods=["GET"], middleware=_COMPRESSED),
    Route("/r/{rig}/api/{path:path}", _resource, methods=["GET", "PUT", "POST"], middleware=_COMPRESSED),
]
