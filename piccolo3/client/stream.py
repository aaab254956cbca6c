"""Large answers over coap+tcp, beside a connection by UDP: there they need no block-by-block questions and answers."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import replace

import aiocoap
import aiocoap.error
from aiocoap.numbers import codes

from piccolo3.client.address import Address
from piccolo3.client.tuning import Profile

__all__ = ["Stream", "connections"]

_logger = logging.getLogger(__name__)

LONGEST = 5.0  # s to get a connection, at most
FRESH = 20.0  # s for which a connection that has answered is believed to work
AWAY = 120.0  # s for which UDP does it where there was no connection


class Stream:
    """Whether a server can be reached by coap+tcp: asked when it matters, with a request for `probe`."""

    def __init__(self, probe: Sequence[str]) -> None:
        self._probe = probe
        self._asking = asyncio.Lock()
        self.reset()

    def reset(self) -> None:
        """Nothing is known."""
        self._heard = self._away = -math.inf

    def heard(self) -> None:
        """It works."""
        self._heard = asyncio.get_running_loop().time()

    def give_up(self, context: aiocoap.Context) -> None:
        """It does not work: UDP does it for a while."""
        self._heard = -math.inf
        self._away = asyncio.get_running_loop().time() + AWAY
        for connection in connections(context):
            connection.abort()

    async def take(
        self, context: aiocoap.Context, server: Address, message: aiocoap.Message, seconds: float, profile: Profile
    ) -> bool:
        """Have the message go over coap+tcp; False, and it stays as it is, where that does not work.

        A firewall may swallow it, or a network forget it: what was not heard of for long is asked first, for `seconds`.
        """
        loop = asyncio.get_running_loop()
        async with self._asking:
            if loop.time() < self._away:
                return False
            if loop.time() - self._heard > FRESH:
                probe = aiocoap.Message(code=codes.GET)
                probe.opt.uri_path = self._probe
                _address(probe, server)
                try:
                    async with asyncio.timeout(min(seconds, LONGEST * profile.patience)):
                        await context.request(probe).response
                except (TimeoutError, aiocoap.error.Error, OSError) as problem:
                    _logger.debug("no coap+tcp to %s: %s", server, problem)
                    self.give_up(context)
                    return False
                self.heard()
        _address(message, server)
        return True


def _address(message: aiocoap.Message, server: Address) -> None:
    path = message.opt.uri_path
    message.remote = None
    message.opt.block2 = None
    message.set_request_uri(str(replace(server, scheme="coap+tcp")))
    message.opt.uri_path = path


def connections(context: aiocoap.Context) -> list[asyncio.Transport]:
    """The open ones of coap+tcp."""
    pools = [getattr(interface.token_interface, "_pool", {}) for interface in context.request_interfaces]
    return [stream._transport for pool in pools for stream in pool.values()]  # noqa: SLF001 - there is no other way
