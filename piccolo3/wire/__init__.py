"""What both ends of a connection agree on: names, payloads, and how errors travel."""

from __future__ import annotations

from piccolo3.jsonvalue import JsonValue
from piccolo3.wire.arrays import TypedArray
from piccolo3.wire.document import Document
from piccolo3.wire.errors import body_of, code_of, error_from
from piccolo3.wire.names import safe_name
from piccolo3.wire.payload import CBOR, COMPACT, FORMATS, JSON, MAX_OBSERVABLE, MAX_PAYLOAD, arguments, decode, encode
from piccolo3.wire.times import Naive, parse_time, parse_time_of_day, show_time, show_time_of_day

__all__ = [
    "CBOR",
    "COMPACT",
    "FORMATS",
    "JSON",
    "MAX_OBSERVABLE",
    "MAX_PAYLOAD",
    "Document",
    "JsonValue",
    "Naive",
    "TypedArray",
    "arguments",
    "body_of",
    "code_of",
    "decode",
    "encode",
    "error_from",
    "parse_time",
    "parse_time_of_day",
    "safe_name",
    "show_time",
    "show_time_of_day",
]
