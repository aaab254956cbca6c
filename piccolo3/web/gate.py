"""The middleware: the gate of `access`, and headers that tell browsers to be strict."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from piccolo3.errors import TooLarge
from piccolo3.jsonvalue import JsonValue
from piccolo3.web.access import SAFE, Access, Visitor
from piccolo3.web.failures import JsonAnswer
from piccolo3.web.users import Role

__all__ = ["LARGEST", "LARGEST_HEAD", "Gate"]

LARGEST = 1 << 16  # bytes of a body, as in CoAP
LARGEST_HEAD = 1 << 14  # bytes of address and headers
_OPEN = ("/login", "/static/", "/brand/", "/favicon.ico")

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Gate:
    """Lets through what may be done by whom; the visitor is in `scope["state"]["visitor"]`."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        # files of the package are kept by browsers, but asked for again: they change with the version
        kept = "no-cache" if scope["path"].startswith("/static/") else "no-store"
        strict = _Strict(send, kept, secure=self._access.secure)
        headers = Headers(scope=scope)
        answer = self._refused(scope, headers)
        if answer is None:
            visitor = await self._access.visitor(HTTPConnection(scope))
            scope.setdefault("state", {})["visitor"] = visitor
            answer = self._not_allowed(scope, headers, visitor)
        if answer is not None:
            await answer(scope, receive, strict.send)
            return
        await self._app(scope, _limited(receive), strict.send)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        """What is wrong with a request, whoever asks."""
        if not self._access.is_our_host(headers):
            text = "this front end is not reached by that name: use its address, or add the name to `hosts` in [http]"
            return PlainTextResponse(text, 421)
        if (
            len(scope.get("query_string", b"")) + sum(len(name) + len(value) for name, value in headers.raw)
            > LARGEST_HEAD
        ):
            return _refusal(431, "TooLarge", f"address and headers have at most {LARGEST_HEAD} bytes")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:10]) > LARGEST:
            return _refusal(413, "TooLarge", f"a body has at most {LARGEST} bytes")
        if scope["method"] not in SAFE and not self._access.is_our_page(headers, scope["scheme"]):
            return _refusal(403, "Forbidden", "the request comes from a page of somebody else")
        return None

    def _not_allowed(self, scope: Scope, headers: Headers, visitor: Visitor) -> Response | None:
        """What this visitor may not do; `look` is enough here, what needs more asks for it."""
        path, safe = scope["path"], scope["method"] in SAFE
        if not safe and visitor.csrf is not None and path != "/login":
            token = headers.get("x-csrf", "")
            if not hmac.compare_digest(token.encode(), visitor.csrf.encode()):
                return _refusal(403, "Forbidden", "the token of the session is missing or wrong: load the page again")
        if visitor.role >= Role.LOOK or path.startswith(_OPEN):
            return None
        if safe and "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return _refusal(401, "Unauthorised", "log in first")


class _Strict:
    """Adds the headers to what is sent."""

    def __init__(self, send: Send, kept: str, *, secure: bool) -> None:
        self._send = send
        self._kept = kept
        self._secure = secure

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self._secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            headers.setdefault("Cache-Control", self._kept)
        await self._send(message)


def _limited(receive: Receive) -> Receive:
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST:
            raise TooLarge(f"a body has at most {LARGEST} bytes")
        return message

    return limited


def _refusal(status: int, name: str, text: str) -> Response:
    body: dict[str, JsonValue] = {"error": name, "message": text}
    return JsonAnswer(body, status)
