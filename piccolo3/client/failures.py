"""Failures of the network as sentences that say what to check."""

from __future__ import annotations

import errno

import aiocoap.error

from piccolo3.client.address import Address
from piccolo3.errors import ConnectionFailed, PiccoloError

__all__ = ["TimedOut", "cannot_resolve", "connection_failed", "no_answer"]


class TimedOut(PiccoloError, TimeoutError):
    """What was waited for has not come in time; the message says what it was, and how things were then."""


_REASONS = {
    errno.EHOSTUNREACH: "the host can't be reached: check that it is switched on and on this network",
    errno.ENETUNREACH: "there is no route to that network: check the network connection of this computer",
    errno.EACCES: "the operating system does not allow to send there",
    errno.EPERM: "the operating system does not allow to send there: check the firewall of this computer",
}


def no_answer(address: Address, seconds: float) -> ConnectionFailed:
    """Nothing came back in time."""
    return ConnectionFailed(
        f"no answer from {address} within {round(seconds, 1):g} s: check that piccolo3-server is running there, "
        "that the host and the port are right, and that no firewall is in between",
        url=str(address),
    )


def cannot_resolve(address: Address) -> ConnectionFailed:
    """The name of the host is unknown."""
    return ConnectionFailed(
        f"the host name {address.host!r} in {address} is not known: check how it is spelt, or use the address instead",
        url=str(address),
    )


def connection_failed(address: Address, problem: BaseException) -> ConnectionFailed:
    """What aiocoap or the operating system reported, in plain words."""
    cause: BaseException | None = problem
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    if isinstance(problem, aiocoap.error.ResolutionError):
        return cannot_resolve(address)
    if isinstance(problem, aiocoap.error.LibraryShutdown):
        return ConnectionFailed(f"the connection to {address} has been closed", url=str(address))
    if isinstance(cause, ConnectionRefusedError):
        reason = "check that piccolo3-server is running there, and that the port is right"
        return ConnectionFailed(f"nothing listens at {address} (connection refused): {reason}", url=str(address))
    if cause is not None and cause.errno in _REASONS:
        return ConnectionFailed(f"can't talk to {address}: {_REASONS[cause.errno]}", url=str(address))
    if isinstance(problem, aiocoap.error.TimeoutError):
        return ConnectionFailed(
            f"no answer from {address}: check that piccolo3-server is running there and that the network works",
            url=str(address),
        )
    reason = str(cause or problem) or type(problem).__name__
    return ConnectionFailed(f"the connection to {address} failed: {reason}", url=str(address))
