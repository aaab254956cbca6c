"""Answers that come in blocks; one that broke off goes on where it was, as long as it is still the same."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

import aiocoap
import aiocoap.error
from aiocoap.numbers import codes
from aiocoap.transports import tcp

from piccolo3.client.known import Key, key_of

__all__ = ["Part", "Transfers"]

_MOST = 4 << 20  # bytes of what broke off that are kept
_USUAL = 6  # size exponent of blocks of 1024 bytes
_BERT = 7  # the same over TCP, where a message has as many of these blocks as the server likes (RFC 8323 6)
_UPLOAD = 1024  # bytes of a payload that is sent in one message


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a representation."""

    etag: bytes | None
    content_format: int | None
    payload: bytes


_NOTHING = Part(None, None, b"")


class Transfers:
    """Gets answers block by block (RFC 7959), and keeps what has come of those to GET that broke off.

    `received` counts bytes of payload, as they came over the network. Blocks have the size with that exponent.
    """

    def __init__(self, size_exponent: int) -> None:
        self._size_exponent = size_exponent
        self._parts: OrderedDict[Key, Part] = OrderedDict()
        self.received = 0

    def part(self, request: aiocoap.Message) -> Part:
        """What there is of the answer to a request that broke off."""
        return self._parts.get(key_of(request), _NOTHING)

    def unfinished(self) -> list[tuple[Key, Part]]:
        """What has broken off, the last at the end; to be given to `resume` of another one."""
        return list(self._parts.items())

    def resume(self, key: Key, part: Part) -> None:
        """Go on with it when that is asked for."""
        self._parts[key] = part

    def _keep(self, request: aiocoap.Message, part: Part) -> None:
        if request.code == codes.GET and part.etag is not None and part.payload:
            self._parts[key_of(request)] = part
            while sum(len(one.payload) for one in self._parts.values()) > _MOST:
                self._parts.popitem(last=False)

    async def answer(self, context: aiocoap.Context, message: aiocoap.Message, seconds: float) -> aiocoap.Message:
        """Send a request, return the whole answer.

        Raises TimeoutError where nothing came for `seconds`, ResourceChanged where it has to be asked for from its
        beginning, and other errors of aiocoap.
        """
        if len(message.payload) > _UPLOAD:  # aiocoap sends it in blocks
            return await self._one(context, message, seconds, in_blocks=True)
        part = self._parts.pop(key_of(message), _NOTHING)
        request = message
        if part is not _NOTHING:
            part, request = self._going_on(message, part)
        try:
            while True:
                answer = await self._one(context, request, seconds)
                if part.payload and not answer.code.is_successful():  # it does not have the rest
                    raise aiocoap.error.ResourceChanged
                block = answer.opt.block2
                if block is None:
                    return answer
                part = _longer(part, answer)
                if not block.more:
                    answer.payload, answer.opt.block2 = part.payload, None
                    return answer
                request = _asking_for(message, len(part.payload) // block.size, block.size_exponent, answer.remote)
        except aiocoap.error.ResourceChanged:
            raise
        except BaseException:
            self._keep(message, self._with_the_rest(part, request))
            raise

    async def _one(
        self, context: aiocoap.Context, request: aiocoap.Message, seconds: float, *, in_blocks: bool = False
    ) -> aiocoap.Message:
        async with asyncio.timeout(seconds):
            answer: aiocoap.Message = await context.request(request, handle_blockwise=in_blocks).response
        self.received += len(answer.payload)
        return answer

    def _going_on(self, message: aiocoap.Message, part: Part) -> tuple[Part, aiocoap.Message]:
        """Ask for the first block that did not come; what there is of it already is thrown away."""
        exponent = _BERT if message.remote.scheme == "coap+tcp" else self._size_exponent
        size = _size(exponent)
        number = len(part.payload) // size
        if not number:
            return _NOTHING, message
        whole = Part(part.etag, part.content_format, part.payload[: number * size])
        return whole, _asking_for(message, number, exponent)

    def _with_the_rest(self, part: Part, request: aiocoap.Message) -> Part:
        """Add what came over TCP of an answer that is not complete."""
        answer = _unfinished(request)
        if answer is None or answer.opt.etag is None:
            return part
        self.received += len(answer.payload)
        start = 0 if answer.opt.block2 is None else answer.opt.block2.start
        if start != len(part.payload) or (start and answer.opt.etag != part.etag):
            return part
        return Part(answer.opt.etag, answer.opt.content_format, part.payload + answer.payload)


def _size(exponent: int) -> int:
    return 1 << (min(exponent, _USUAL) + 4)


def _longer(part: Part, answer: aiocoap.Message) -> Part:
    """The part with another block; ResourceChanged where that belongs to something else."""
    block, etag = answer.opt.block2, answer.opt.etag
    if block.start != len(part.payload) or (part.payload and etag != part.etag):
        raise aiocoap.error.ResourceChanged
    if not block.is_valid_for_payload_size(len(answer.payload)):
        raise aiocoap.error.UnexpectedBlock2("a block is not of the size that it says")
    return Part(etag, answer.opt.content_format, part.payload + answer.payload)


def _asking_for(message: aiocoap.Message, number: int, exponent: int, remote: object | None = None) -> aiocoap.Message:
    """The same request for a later block of the answer."""
    where = message.remote if remote is None else remote
    return message.copy(payload=b"", mid=None, token=b"", remote=where, block2=(number, False, exponent), observe=None)


def _unfinished(request: aiocoap.Message) -> aiocoap.Message | None:
    """What has come of the answer to a request over TCP, if its end is missing."""
    spool: bytes = getattr(request.remote, "_spool", b"")
    size = tcp._extract_message_size(spool)  # noqa: SLF001 - there is no other way
    if size is None or len(spool) < size[0] + size[1]:
        return None
    try:
        answer = tcp._decode_message(spool)  # noqa: SLF001 - it does not mind the end
    except aiocoap.error.UnparsableMessage:
        return None
    return answer if answer.code == codes.CONTENT and answer.token == request.token else None
