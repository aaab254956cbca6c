from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.client.address import Address
from piccolo3.errors import InvalidValue


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("coap://localhost", "coap", "localhost", 5683),
        ("coap://localhost/", "coap", "localhost", 5683),
        ("coap+tcp://rig.example:5700", "coap+tcp", "rig.example", 5700),
        ("coap://192.0.2.1:5684", "coap", "192.0.2.1", 5684),
        ("coap://[2001:db8::1]", "coap", "2001:db8::1", 5683),
        ("coap://[fe80::1%25eth0]:5684", "coap", "fe80::1%eth0", 5684),
        ("rig", "coap", "rig", 5683),
        ("rig:5684", "coap", "rig", 5684),
    ],
)
def test_parse(url: str, scheme: str, host: str, port: int) -> None:
    address = Address.parse(url)
    assert address == Address(scheme, host, port)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://localhost", "has to start with coap://"),
        ("coap://", "names no host"),
        ("coap://:5683", "names no host"),
        ("", "names no host"),
        ("coap://localhost:0", "is not a number from 1 to 65535"),
        ("coap://localhost:65536", "is not a number from 1 to 65535"),
        ("coap://localhost:port", "is not a number from 1 to 65535"),
        ("coap://localhost/control", "more than"),
        ("coap://me@localhost", "more than"),
        ("coap://localhost?x", "more than"),
        ("coap://[::1", "not a URL"),
    ],
)
def test_refused(url: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        Address.parse(url)


@given(st.text(max_size=40))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        address = Address.parse(text)
    except InvalidValue:
        return
    assert address.host


def test_literals() -> None:
    assert Address.parse("coap://192.0.2.1").is_literal
    assert Address.parse("coap://[::1]").is_literal
    assert not Address.parse("coap://localhost").is_literal
    assert str(Address.parse("coap://rig:5684").at("::1")) == "coap://[::1]:5684"
