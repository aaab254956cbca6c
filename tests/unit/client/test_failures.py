from __future__ import annotations

import errno

import aiocoap.error
import pytest

from piccolo3.client.address import Address
from piccolo3.client.failures import cannot_resolve, connection_failed, no_answer

ADDRESS = Address.parse("coap://rig")


def network_error(cause: BaseException | None) -> aiocoap.error.NetworkError:
    error = aiocoap.error.NetworkError("x")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (network_error(ConnectionRefusedError(errno.ECONNREFUSED, "refused")), "nothing listens at coap://rig"),
        (network_error(OSError(errno.EHOSTUNREACH, "x")), "the host can't be reached"),
        (network_error(OSError(errno.ENETUNREACH, "x")), "no route to that network"),
        (network_error(OSError(errno.EPERM, "x")), "firewall of this computer"),
        (network_error(OSError(errno.EIO, "broken")), "the connection to coap://rig failed: .*broken"),
        (network_error(None), "the connection to coap://rig failed"),
        (aiocoap.error.ConRetransmitsExceeded(), "no answer from coap://rig"),
        (aiocoap.error.LibraryShutdown(), "has been closed"),
        (aiocoap.error.ResolutionError("x"), "the host name 'rig'"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "nothing listens"),
    ],
)
def test_sentences(problem: BaseException, sentence: str) -> None:
    failure = connection_failed(ADDRESS, problem)
    assert failure.details == {"url": "coap://rig"}
    with pytest.raises(type(failure), match=sentence):
        raise failure


def test_waiting_and_names() -> None:
    assert "within 5 s" in str(no_answer(ADDRESS, 4.998))
    assert "within 120 s" in str(no_answer(ADDRESS, 120.0))
    assert "'rig'" in str(cannot_resolve(ADDRESS))
