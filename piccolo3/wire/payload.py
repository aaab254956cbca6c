"""Payloads: JSON, CBOR and the compact form, and the forms in which a client may give the arguments of a resource."""

from __future__ import annotations

import json
from typing import cast

import cbor2

from piccolo3.errors import InvalidValue, TooLarge, UnsupportedFormat
from piccolo3.jsonvalue import JsonValue, parse, plain
from piccolo3.wire.arrays import TypedArray, from_tag
from piccolo3.wire.cborscan import check_cbor
from piccolo3.wire.document import Document

__all__ = ["CBOR", "COMPACT", "FORMATS", "JSON", "MAX_OBSERVABLE", "MAX_PAYLOAD", "arguments", "decode", "encode"]

# Content formats, RFC 7252 12.3 and RFC 8949 9.5
JSON = 50
CBOR = 60
# application/vnd.piccolo3.compact, docs/reference/compact.md; of the numbers for experiments, RFC 7252 12.3
COMPACT = 65000

FORMATS = {JSON: "JSON", CBOR: "CBOR", COMPACT: "compact"}
"""The content formats of answers, by name; what is sent to a server is JSON or CBOR."""

MAX_PAYLOAD = 65536
"""Bytes of a request that a server takes."""

MAX_OBSERVABLE = 1024
"""Bytes of an observable value, because notifications over UDP are not sent in blocks."""


def decode(payload: bytes, content_format: int | None = None, *, limit: int | None = MAX_PAYLOAD) -> JsonValue:
    """The value of a payload; without a content format it is JSON. A client lifts the `limit` (bytes) for answers.

    Raises UnsupportedFormat, TooLarge or InvalidValue, never anything else.
    """
    if content_format is not None and content_format not in FORMATS:
        raise _unsupported(content_format)
    if limit is not None and len(payload) > limit:
        raise TooLarge(f"the payload has {len(payload)} bytes, more than {limit}", limit=limit)
    if not payload:
        raise InvalidValue("the payload is empty")
    if content_format == CBOR:
        return _decode_cbor(payload)
    if content_format == COMPACT:
        from piccolo3.wire.compact import unpack  # NumPy takes a while to be imported, and most do without

        return unpack(payload)
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidValue(f"not UTF-8: {error.reason} at byte {error.start}") from error
    return parse(text)


def _decode_cbor(payload: bytes) -> JsonValue:
    check_cbor(payload)
    try:
        return plain(cbor2.loads(payload, tag_hook=from_tag))
    except (cbor2.CBORDecodeError, ValueError) as error:  # text that is not UTF-8
        raise InvalidValue(f"not CBOR: {error}") from error


def encode(value: JsonValue, content_format: int = JSON) -> bytes:
    """The payload of a value, JSON as the original wrote it. Raises InvalidValue for what `decode` would refuse.

    There may be a `TypedArray` in it.
    """
    if content_format == JSON:
        return json.dumps(plain(value, special=_list), allow_nan=False).encode("ascii")
    if isinstance(value, Document):
        value = value.structure()
    if content_format == CBOR:
        return cbor2.dumps(plain(value, special=_tag))
    if content_format == COMPACT:
        from piccolo3.wire.compact import pack

        return pack(value)
    raise _unsupported(content_format)


def _list(value: object) -> JsonValue:
    return _array(value).as_list()


def _tag(value: object) -> JsonValue:
    return cast("JsonValue", _array(value).as_tag())


def _array(value: object) -> TypedArray:
    if not isinstance(value, TypedArray):
        raise InvalidValue(f"{type(value).__name__} is not a type of JSON")
    return value


def _unsupported(content_format: int) -> UnsupportedFormat:
    known = ", ".join(f"{number} ({name})" for number, name in FORMATS.items())
    return UnsupportedFormat(f"content format {content_format} is not understood, only {known}")


def arguments(value: JsonValue) -> tuple[list[JsonValue], dict[str, JsonValue]]:
    """Positional and named arguments of a decoded payload.

    `5`, `[5]`, `{"n": 5}`, `[[5], {}]` and `[[], {"n": 5}]` all say the same; `null` is one argument None. A list of
    exactly a list and an object is always read as positional and named arguments.
    """
    if isinstance(value, dict):
        return [], dict(value)
    if not isinstance(value, list):
        return [value], {}
    if len(value) == 2 and isinstance(value[0], list) and isinstance(value[1], dict):
        return list(value[0]), dict(value[1])
    return list(value), {}
