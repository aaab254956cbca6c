"""Errors of the exception tree as answers of HTTP."""

from __future__ import annotations

import json
import logging

from starlette.requests import Request
from starlette.responses import Response

from piccolo3.errors import (
    Conflict,
    ConnectionFailed,
    InvalidValue,
    NotAcceptable,
    NotAllowed,
    NotFound,
    PiccoloError,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
)
from piccolo3.jsonvalue import JsonValue
from piccolo3.wire import body_of

__all__ = ["Forbidden", "JsonAnswer", "on_error", "refusal", "status_of"]

_logger = logging.getLogger(__name__)


class Forbidden(PiccoloError):
    """Somebody is known, but may not do that."""


_STATUS: dict[type[BaseException], int] = {
    InvalidValue: 400,
    NotFound: 404,
    NotAllowed: 405,
    NotAcceptable: 406,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedFormat: 415,
    Unavailable: 503,
    ConnectionFailed: 504,
    Forbidden: 403,
}


class JsonAnswer(Response):
    """A value as JSON; nobody keeps it."""

    media_type = "application/json"

    def __init__(self, value: JsonValue, status_code: int = 200, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        super().__init__(text.encode(), status_code, {"Cache-Control": "no-store", **(headers or {})})


def status_of(problem: BaseException) -> int:
    """The status of HTTP, 500 for whatever is not meant for others."""
    return next((_STATUS[kind] for kind in type(problem).__mro__ if kind in _STATUS), 500)


def refusal(problem: PiccoloError) -> JsonAnswer:
    """The answer that says what is wrong."""
    body = body_of(problem)
    if isinstance(problem, Forbidden):
        body["error"] = "Forbidden"
    return JsonAnswer(body, status_of(problem))


async def on_error(request: Request, problem: Exception) -> Response:
    """The same for Starlette, which calls it for every PiccoloError."""
    if not isinstance(problem, PiccoloError):
        raise problem
    if status_of(problem) == 500:
        _logger.error("%s %s failed", request.method, request.url.path, exc_info=problem)
    return refusal(problem)
