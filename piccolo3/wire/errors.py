"""Errors on the wire: one CoAP code per class of the exception tree, and a body from which a client makes it again."""

from __future__ import annotations

from collections.abc import Mapping

from piccolo3 import errors
from piccolo3.errors import (
    ConfigurationError,
    Conflict,
    InternalError,
    InvalidValue,
    NotAcceptable,
    NotAllowed,
    NotFound,
    PiccoloError,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
)
from piccolo3.jsonvalue import JsonValue, plain
from piccolo3.wire.payload import decode

__all__ = ["body_of", "code_of", "error_from"]

# RFC 7252, 12.1.2 and RFC 8132 (4.09); subclasses have the code of the nearest class named here
_CODES: Mapping[type[PiccoloError], int] = {
    InvalidValue: 0x80,
    NotFound: 0x84,
    NotAllowed: 0x85,
    NotAcceptable: 0x86,
    Conflict: 0x89,
    TooLarge: 0x8D,
    UnsupportedFormat: 0x8F,
    InternalError: 0xA0,
    Unavailable: 0xA3,
}
_INTERNAL = 0xA0
_CLASSES: Mapping[str, type[PiccoloError]] = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, PiccoloError)
}
_MAX_MESSAGE = 1000


def code_of(exc: BaseException) -> int:
    """The CoAP code of an error as a number, 5.00 (0xA0) for whatever is not meant for a client."""
    return next((_CODES[kind] for kind in type(exc).__mro__ if kind in _CODES), _INTERNAL)


def body_of(exc: BaseException) -> dict[str, JsonValue]:
    """The body of an error: class name, message for people, and the details of a PiccoloError.

    A class from outside of the tree is named after its nearest ancestor in it; what is not a PiccoloError at all is
    a fault of our own.
    """
    if not isinstance(exc, PiccoloError):
        fault = f"internal error: {type(exc).__name__}: {exc}"
        return {"error": InternalError.__name__, "message": _message(fault)}
    name = next(kind.__name__ for kind in type(exc).__mro__ if kind in _CLASSES.values())
    details = {_clean(key): _detail(value) for key, value in exc.details.items()}
    return {**details, "error": name, "message": _message(str(exc))}


def error_from(code: int, payload: bytes, content_format: int | None = None) -> PiccoloError:
    """The error that a server answered with: the class it raised, or what the code says for other servers' texts."""
    body = _body(payload, content_format)
    if body is None:
        text = _message(payload.decode("utf-8", errors="replace").strip())
        return _make(_class_of(code), text or f"the server answered {code >> 5}.{code & 31:02}", {})
    details = {key: value for key, value in body.items() if key not in ("error", "message")}
    return _make(_CLASSES.get(str(body["error"]), _class_of(code)), str(body["message"]), details)


def _body(payload: bytes, content_format: int | None) -> dict[str, JsonValue] | None:
    try:
        body = decode(payload, content_format)
    except PiccoloError:
        return None
    if isinstance(body, dict) and isinstance(body.get("error"), str) and isinstance(body.get("message"), str):
        return body
    return None


def _class_of(code: int) -> type[PiccoloError]:
    return next((kind for kind, number in _CODES.items() if number == code), PiccoloError)


def _make(kind: type[PiccoloError], message: str, details: Mapping[str, object]) -> PiccoloError:
    error = ConfigurationError(message.split("\n")) if issubclass(kind, ConfigurationError) else kind(message)
    error.details = dict(details)  # not as arguments: a server is free to have a detail called `self`
    return error


def _message(text: str) -> str:
    text = _clean(text)
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"


def _detail(value: object) -> JsonValue:
    try:
        return plain(value)
    except PiccoloError:
        return _message(str(value))


def _clean(text: str) -> str:
    """Without lone surrogates, which no payload can hold (names of files may have them)."""
    return text.encode("utf-8", errors="replace").decode()
