"""Messages that answer requests: values and errors in the format that the client accepts."""

from __future__ import annotations

import logging

import aiocoap
from aiocoap.numbers.codes import Code

from piccolo3.coap.blocks import BLOCK_SIZE, Incomplete, entity_tag
from piccolo3.errors import InternalError, NotAcceptable, PiccoloError, TooLarge
from piccolo3.wire import CBOR, FORMATS, JSON, MAX_OBSERVABLE, MAX_PAYLOAD, JsonValue, body_of, code_of, encode

__all__ = ["BadOption", "accepted_format", "changed", "content", "encoded", "failure", "observable_content"]

_logger = logging.getLogger(__name__)

_TAGGED = 256
"""Bytes from which on an answer to GET has an ETag without being asked for it."""


class BadOption(Exception):
    """An option that has to be understood but is not, 4.02."""


def accepted_format(request: aiocoap.Message) -> int:
    """Return the content format to answer in, JSON by default. Raises NotAcceptable."""
    accept = request.opt.accept
    if accept is None:
        return JSON
    if accept not in FORMATS:
        known = ", ".join(f"{number} ({name})" for number, name in FORMATS.items())
        raise NotAcceptable(f"there are only the content formats {known}, not {int(accept)}")
    return int(accept)


def encoded(value: JsonValue, content_format: int) -> bytes:
    """Return the payload of a value. Raises ValueError where there is none, which is a fault of ours."""
    try:
        return encode(value, content_format)
    except PiccoloError as error:  # would be taken for a fault of the client
        raise ValueError(f"a value can't be encoded: {error}") from error


def content(request: aiocoap.Message, payload: bytes, content_format: int) -> aiocoap.Message:
    """Return the answer to a GET or FETCH with this payload, or 2.03 if the client has it already."""
    known = request.opt.etags
    if not known and len(payload) < _TAGGED:
        return aiocoap.Message(code=Code.CONTENT, payload=payload, content_format=content_format)
    etag = entity_tag(payload)
    if etag in known:
        return aiocoap.Message(code=Code.VALID, etag=etag)
    return aiocoap.Message(code=Code.CONTENT, payload=payload, content_format=content_format, etag=etag)


def observable_content(request: aiocoap.Message, payload: bytes, content_format: int) -> aiocoap.Message:
    """Return the answer to a GET of what can be observed. A notification is one datagram, so it is small.

    Raises InternalError if it is not: types of observable values promise their size.
    """
    if len(payload) > MAX_OBSERVABLE:
        path = "/".join(request.opt.uri_path)
        _logger.error("%s has %d bytes, too many for an observable value", path, len(payload))
        raise InternalError(f"the value has {len(payload)} bytes, more than {MAX_OBSERVABLE}")
    return content(request, payload, content_format)


def changed(payload: bytes | None, content_format: int) -> aiocoap.Message:
    """Return the answer to a PUT or POST: empty, or with the payload of what the resource answers."""
    if payload is None:
        return aiocoap.Message(code=Code.CHANGED)
    return aiocoap.Message(code=Code.CHANGED, payload=payload, content_format=content_format)


def failure(request: aiocoap.Message, error: Exception) -> aiocoap.Message:
    """Return the answer that says what went wrong. What is no PiccoloError is a fault of ours: it goes to the log."""
    if isinstance(error, Incomplete):
        return aiocoap.Message(code=Code.REQUEST_ENTITY_INCOMPLETE)
    if isinstance(error, BadOption):
        return _error_body(request, Code.BAD_OPTION, {"error": "BadOption", "message": str(error)})
    if not isinstance(error, PiccoloError):
        path = "/".join(request.opt.uri_path)
        _logger.error("%s of %s failed", request.code, path, exc_info=error)
        error = InternalError("internal error, the log of the server says more")
    message = _error_body(request, Code(code_of(error)), body_of(error))
    if isinstance(error, TooLarge):
        message.opt.size1 = MAX_PAYLOAD
    return message


def _error_body(request: aiocoap.Message, code: Code, body: dict[str, JsonValue]) -> aiocoap.Message:
    content_format = CBOR if request.opt.accept == CBOR else JSON
    payload = encode(body, content_format)
    if len(payload) > BLOCK_SIZE:  # errors are not sent in blocks
        short = {"error": body["error"], "message": str(body["message"])[:160]}
        payload = encode(short, content_format)
    return aiocoap.Message(code=code, payload=payload, content_format=content_format)
