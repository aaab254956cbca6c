"""Errors on their way from the server to the client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3 import errors
from piccolo3.errors import (
    Busy,
    ConfigurationError,
    Conflict,
    ConnectionFailed,
    DeviceError,
    DeviceTimeout,
    InternalError,
    InvalidValue,
    NotAcceptable,
    NotAllowed,
    NotBusy,
    NotFound,
    PiccoloError,
    SpectrumRejected,
    StoreError,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
)
from piccolo3.wire import CBOR, JSON, body_of, code_of, encode, error_from


def tree(kind: type[PiccoloError] = PiccoloError) -> Iterator[type[PiccoloError]]:
    if kind.__module__ == errors.__name__:
        yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


CLASSES = sorted(tree(), key=lambda kind: kind.__name__)


def make(kind: type[PiccoloError], message: str) -> PiccoloError:
    return ConfigurationError(message.split("\n")) if kind is ConfigurationError else kind(message)


def test_the_whole_tree_is_looked_at() -> None:
    assert {kind.__name__ for kind in CLASSES} == set(errors.__all__)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InvalidValue, 0x80),
        (NotFound, 0x84),
        (NotAllowed, 0x85),
        (NotAcceptable, 0x86),
        (Conflict, 0x89),
        (Busy, 0x89),
        (NotBusy, 0x89),
        (TooLarge, 0x8D),
        (UnsupportedFormat, 0x8F),
        (InternalError, 0xA0),
        (PiccoloError, 0xA0),
        (ConnectionFailed, 0xA0),
        (Unavailable, 0xA3),
        (DeviceError, 0xA3),
        (DeviceTimeout, 0xA3),
        (SpectrumRejected, 0xA3),
        (StoreError, 0xA3),
    ],
)
def test_codes(kind: type[PiccoloError], code: int) -> None:
    assert code_of(kind("x")) == code


def test_what_is_not_ours_is_an_internal_error() -> None:
    assert code_of(ZeroDivisionError("x")) == 0xA0
    assert code_of(ConfigurationError(["x"])) == 0xA0
    assert body_of(KeyError("spam")) == {"error": "InternalError", "message": "internal error: KeyError: 'spam'"}
    assert body_of(ValueError("a\ud800"))["message"] == "internal error: ValueError: a?"


@pytest.mark.parametrize("content_format", [JSON, CBOR])
@pytest.mark.parametrize("kind", CLASSES)
def test_the_same_class_comes_out(kind: type[PiccoloError], content_format: int) -> None:
    error = make(kind, "first line\nsecond line: é")
    error.details = {"limit": 3, "names": ["a", "b"]}
    body = body_of(error)
    again = error_from(code_of(error), encode(body, content_format), content_format)
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.details == error.details
    assert body == {"error": kind.__name__, "message": str(error), "limit": 3, "names": ["a", "b"]}


def test_the_problems_of_a_configuration_survive() -> None:
    again = error_from(0xA0, encode(body_of(ConfigurationError(["one", "two"]))))
    assert isinstance(again, ConfigurationError)
    assert again.problems == ("one", "two")


@given(st.sampled_from(CLASSES), st.text(max_size=50))
def test_any_message_travels(kind: type[PiccoloError], message: str) -> None:
    error = make(kind, message)
    again = error_from(code_of(error), encode(body_of(error)))
    assert type(again) is kind
    assert again.message == message.encode(errors="replace").decode()


def test_details_that_are_not_json_become_text() -> None:
    body = body_of(NotFound("x", path=Path("/a"), value=float("nan"), name="\ud800"))
    assert body == {"error": "NotFound", "message": "x", "path": "/a", "value": "nan", "name": "?"}


def test_details_cannot_hide_what_went_wrong() -> None:
    assert body_of(Busy("text", error="NotFound")) == {"error": "Busy", "message": "text"}


def test_long_messages_are_cut() -> None:
    body = body_of(InvalidValue("x" * 100_000))
    assert body["message"] == "x" * 999 + "…"


def test_a_class_from_elsewhere_is_named_after_its_ancestor() -> None:
    class Private(DeviceTimeout):
        pass

    assert code_of(Private("x")) == 0xA3
    assert body_of(Private("x"))["error"] == "DeviceTimeout"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x80, InvalidValue),
        (0x84, NotFound),
        (0x85, NotAllowed),
        (0x86, NotAcceptable),
        (0x89, Conflict),
        (0x8D, TooLarge),
        (0x8F, UnsupportedFormat),
        (0xA0, InternalError),
        (0xA3, Unavailable),
        (0x82, PiccoloError),
    ],
)
@pytest.mark.parametrize("payload", [b"piccolo system is busy", b'{"error": "NoSuchClass", "message": "m"}', b"[1]"])
def test_texts_and_unknown_classes_go_by_the_code(code: int, kind: type[PiccoloError], payload: bytes) -> None:
    error = error_from(code, payload)
    assert type(error) is kind
    assert str(error) == ("m" if b"NoSuchClass" in payload else payload.decode())


def test_an_empty_answer_still_says_something() -> None:
    assert str(error_from(0x84, b"")) == "the server answered 4.04"
    assert str(error_from(0xA3, b" \n")) == "the server answered 5.03"


@given(st.integers(0, 255), st.binary(max_size=100), st.sampled_from([None, 0, JSON, CBOR]))
def test_any_answer_becomes_an_error(code: int, payload: bytes, content_format: int | None) -> None:
    assert str(error_from(code, payload, content_format))


@given(st.dictionaries(st.sampled_from(["error", "message", "self", "args", "details"]), st.text(max_size=5)))
def test_any_object_becomes_an_error(body: dict[str, str]) -> None:
    assert isinstance(error_from(0x80, json.dumps(body).encode()), PiccoloError)
