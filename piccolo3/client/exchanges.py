"""Requests that were given up hold up no others.

aiocoap sends one confirmable message at a time to each server (NSTART, RFC 7252 4.7). One whose request nobody waits
for any more is sent again until its retransmissions are exhausted; until then all others wait, and then they fail with
it. Here it is forgotten instead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiocoap
from aiocoap.messagemanager import MessageManager
from aiocoap.numbers.types import CON
from aiocoap.tokenmanager import TokenManager

__all__ = ["ClientContext"]


class _Exchanges(MessageManager):  # type: ignore[misc]
    def __init__(self, tokens: TokenManager) -> None:
        super().__init__(tokens)
        self._sent: dict[tuple[object, int], aiocoap.Message] = {}

    def send_message(self, message: aiocoap.Message, messageerror_monitor: Callable[[], object]) -> object:
        self._forget(message.remote)
        return super().send_message(message, messageerror_monitor)

    def _add_exchange(self, message: aiocoap.Message, messageerror_monitor: Callable[[], object]) -> None:
        self._sent = {key: sent for key, sent in self._sent.items() if key in self._active_exchanges}
        self._sent[message.remote, message.mid] = message
        super()._add_exchange(message, messageerror_monitor)

    def _retransmit(self, message: aiocoap.Message, timeout: float, retransmission_counter: int) -> None:
        if self._is_abandoned(message):
            self._forget(message.remote)
        else:
            super()._retransmit(message, timeout, retransmission_counter)

    def _continue_backlog(self, remote: object) -> None:
        waiting = self._backlogs.get(remote)
        if waiting:
            self._backlogs[remote] = [entry for entry in waiting if not self._is_abandoned(entry[0])]
        super()._continue_backlog(remote)

    def _is_abandoned(self, message: aiocoap.Message) -> bool:
        wanted = self.token_manager.outgoing_requests
        return bool(
            wanted is not None
            and message.mtype is CON
            and message.code.is_request()
            and (message.token, message.remote) not in wanted
        )

    def _forget(self, remote: object) -> None:
        """End what nobody waits for, and go on with what waits behind it."""
        active = self._active_exchanges
        if not active or remote not in self._backlogs:
            return
        given_up = [
            key for key in active if key[0] == remote and key in self._sent and self._is_abandoned(self._sent[key])
        ]
        for key in given_up:
            _, retransmission = active.pop(key)
            retransmission.cancel()
        if given_up:
            self._continue_backlog(remote)


class ClientContext(aiocoap.Context):  # type: ignore[misc]
    """A context for clients; to be made by `create_client_context`."""

    async def _append_tokenmanaged_messagemanaged_transport(
        self, message_interface_constructor: Callable[[MessageManager], Awaitable[object]]
    ) -> None:
        tokens = TokenManager(self)
        messages = _Exchanges(tokens)
        messages.message_interface = await message_interface_constructor(messages)
        tokens.token_interface = messages
        self.request_interfaces.append(tokens)
