"""From requests to declared resources and back: the edge between CoAP and the components."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import aiocoap
from aiocoap.numbers.codes import Code
from aiocoap.numbers.optionnumbers import OptionNumber
from aiocoap.pipe import Pipe

from piccolo3.coap.answers import BadOption, accepted_format, changed, content, encoded, failure, observable_content
from piccolo3.coap.blocks import Downloads, Incomplete, Uploads
from piccolo3.coap.links import LINK_FORMAT, Link, link_format, resource_link, select
from piccolo3.coap.observers import Observers
from piccolo3.coap.pace import Pace
from piccolo3.components.component import Component
from piccolo3.components.describe import describe
from piccolo3.components.resource import Kind, Resource, resolve, walk
from piccolo3.errors import NotAcceptable, NotAllowed, NotFound, UnsupportedFormat
from piccolo3.origin import origin
from piccolo3.wire import CBOR, COMPACT, FORMATS, JSON, Document, JsonValue, arguments, decode

__all__ = ["Aside", "Site"]

Aside: TypeAlias = Callable[[Callable[[], bytes]], Awaitable[bytes]]

_CORE = (".well-known", "core")
_DESCRIPTION = ("description",)
_UNDERSTOOD = frozenset(
    {
        OptionNumber.URI_HOST,
        OptionNumber.URI_PORT,
        OptionNumber.URI_PATH,
        OptionNumber.URI_QUERY,
        OptionNumber.ACCEPT,
        OptionNumber.BLOCK1,
        OptionNumber.BLOCK2,
    }
)
_METHODS = {Code.GET: "GET", Code.PUT: "PUT", Code.POST: "POST", Code.FETCH: "FETCH"}
_REGISTER = 0  # value of the option Observe


class Site:
    """Answers requests for the resources below a root component, `.well-known/core` and `description`.

    `now` gives seconds on a monotonic scale. `aside` does what takes milliseconds, which is not done in the event loop.
    While `is_busy`, observers get little of its time.
    """

    def __init__(
        self,
        root: Component,
        now: Callable[[], float],
        aside: Aside | None = None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._root = root
        self._aside = aside
        self._uploads = Uploads(now)
        self._downloads = Downloads(now)
        self._observers = Observers(Pace(now, is_busy), self._value, self._downloads.first_block)

    async def render_to_pipe(self, pipe: Pipe) -> None:
        """Answer a request; one that observes is answered until nobody is interested any more."""
        request = pipe.request
        origin.set(f"coap {request.remote.hostinfo}")  # every request is answered in a task of its own
        try:
            _check_options(request)
            resource = self._find(request)
            if resource is not None and resource.observable and _observes(request):
                await self._observers.observe(resource, pipe)
                return
            answer = await self._answer(request, resource)
        except Exception as error:  # noqa: BLE001 - the edge: nothing may get past it, failure() logs what's unexpected
            answer = failure(request, error)
        pipe.add_response(answer, is_last=True)

    async def close(self) -> None:
        """To be called when all requests have ended."""
        await self._observers.close()

    def _find(self, request: aiocoap.Message) -> Resource | None:
        """Return the resource, None for those of the site itself. Raises NotFound, NotAllowed."""
        path = tuple(request.opt.uri_path)
        if path[-1:] == ("",):
            path = path[:-1]
        own = path in (_CORE, _DESCRIPTION)
        resource = None if own else resolve(self._root, path)
        if resource is None and not own:
            raise NotFound(f"there is no resource {'/'.join(path)[:200]}")
        methods = ("GET",) if resource is None else resource.methods
        if _METHODS.get(request.code) not in methods:
            raise NotAllowed(f"{'/'.join(path)} has {', '.join(methods)}, not {_method_name(request)}")
        return resource

    async def _answer(self, request: aiocoap.Message, resource: Resource | None) -> aiocoap.Message:
        try:
            later = self._downloads.later_block(request)
        except Incomplete:
            if resource is not None and (resource.kind is Kind.COMMAND or request.code != Code.GET):
                raise  # it would be done again
            later = None
        if later is not None:
            return later
        if resource is None:
            answer = await self._own(request)
        elif request.code == Code.GET:
            answer = await self._value(resource, request)
        else:
            return await self._ask(request, resource)
        return self._downloads.first_block(request, answer)

    async def _ask(self, request: aiocoap.Message, resource: Resource) -> aiocoap.Message:
        """Put, post or fetch."""
        content_format = accepted_format(request)
        given_format = request.opt.content_format
        if given_format not in (None, JSON, CBOR):  # said before a large payload has been sent in vain
            raise UnsupportedFormat(
                f"content format {int(given_format)} is not understood, only {JSON} (JSON) and {CBOR} (CBOR)"
            )
        payload = self._uploads.feed(request)
        block1 = request.opt.block1
        if payload is None:
            return aiocoap.Message(code=Code.CONTINUE, block1=block1)
        try:
            positional, named = _arguments(request, resource, payload)
            if resource.kind is Kind.COMMAND:
                value = await resource.call(positional, named)
            else:
                value = await resource.set(positional, named)
            answered = None if resource.answer is None else await self._encoded(value, content_format)
            if request.code == Code.FETCH:
                answer = content(request, answered or b"", content_format)
            else:
                answer = changed(answered, content_format)
            answer = self._downloads.first_block(request, answer)
        except Exception as error:  # noqa: BLE001 - see render_to_pipe; here to say to which block it is the answer
            answer = failure(request, error)
        answer.opt.block1 = block1
        return answer

    async def _value(self, resource: Resource, request: aiocoap.Message) -> aiocoap.Message:
        content_format = accepted_format(request)
        render = observable_content if resource.observable and not resource.large else content
        return render(request, await self._encoded(await resource.get(), content_format), content_format)

    async def _encoded(self, value: JsonValue, content_format: int) -> bytes:
        slow = content_format == COMPACT or (isinstance(value, Document) and content_format != JSON)
        if slow and self._aside is not None:
            return await self._aside(partial(encoded, value, content_format))
        return encoded(value, content_format)

    async def _own(self, request: aiocoap.Message) -> aiocoap.Message:
        if request.opt.uri_path[0] == _DESCRIPTION[0]:
            content_format = accepted_format(request)
            return content(request, await self._encoded(describe(self._root), content_format), content_format)
        if request.opt.accept not in (None, LINK_FORMAT):
            raise NotAcceptable(f"there is only content format {LINK_FORMAT}, not {int(request.opt.accept)}")
        return content(request, link_format(select(self._links(), request.opt.uri_query)), LINK_FORMAT)

    def _links(self) -> list[Link]:
        links: list[Link] = [
            ("/" + "/".join(_CORE), {"ct": str(LINK_FORMAT)}),
            (
                "/" + "/".join(_DESCRIPTION),
                {
                    "rt": "piccolo3.description",
                    "if": "core.rp",
                    "ct": " ".join(map(str, FORMATS)),
                    "title": "types and texts of all resources",
                },
            ),
        ]
        listed = (resource_link(resource) for resource in walk(self._root, unlisted=False))
        return links + [link for link in listed if link is not None]


def _check_options(request: aiocoap.Message) -> None:
    """Refuse what we had to understand, but don't (RFC 7252 5.4.1). Raises BadOption."""
    for option in request.opt.option_list():
        if option.number & 1 and option.number not in _UNDERSTOOD:
            raise BadOption(f"option {int(option.number)} is not understood")


def _observes(request: aiocoap.Message) -> bool:
    block2 = request.opt.block2
    first = block2 is None or block2.block_number == 0
    return bool(request.code == Code.GET and request.opt.observe == _REGISTER and first)


def _arguments(
    request: aiocoap.Message, resource: Resource, payload: bytes
) -> tuple[list[JsonValue], dict[str, JsonValue]]:
    """Return the arguments of a request. No payload at all is fine where nobody of old sent one."""
    optional = request.code in (Code.POST, Code.FETCH) or (resource.kind is Kind.COMMAND and not resource.arguments)
    if not payload and optional:
        return [], {}
    return arguments(decode(payload, request.opt.content_format))


def _method_name(request: aiocoap.Message) -> str:
    return _METHODS.get(request.code) or str(request.code)
