"""Block-wise transfers (RFC 7959) with limits, for one server.

aiocoap's own keep every upload for minutes, whatever its size, and answer with plain text.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

import aiocoap
from aiocoap.numbers.optionnumbers import OptionNumber

from piccolo3.errors import InvalidValue, TooLarge
from piccolo3.wire import MAX_PAYLOAD

__all__ = ["BLOCK_SIZE", "Downloads", "Incomplete", "Uploads", "entity_tag"]

BLOCK_SIZE = 1024
"""Bytes that an answer over UDP has at most, if the client does not want smaller ones."""

_BERT = 7  # size exponent of blocks of several kB over TCP, RFC 8323 6
_LARGEST = 6  # size exponent of 1024 bytes
_MAX_UPLOADS = 64
_MAX_DOWNLOADS = 16 << 20  # bytes
_LIFETIME = 93.0  # s, MAX_TRANSMIT_WAIT of RFC 7252: a client that still repeats a request does so within this time

Key: TypeAlias = Hashable


class Incomplete(Exception):
    """A block of something of which the blocks before are not here (any more), 4.08."""


def entity_tag(payload: bytes) -> bytes:
    """Return the ETag of a representation: the first 8 bytes of its SHA-1."""
    return hashlib.sha1(payload, usedforsecurity=False).digest()[:8]


def _key(request: aiocoap.Message) -> Key:
    """Return what is equal for all blocks of one transfer."""
    ignored = [OptionNumber.BLOCK1, OptionNumber.BLOCK2, OptionNumber.OBSERVE, OptionNumber.ETAG]
    return (request.remote.blockwise_key, request.code, request.get_cache_key(ignored))


@dataclass(slots=True)
class _Upload:
    payload: bytearray = field(default_factory=bytearray)
    touched: float = 0.0


class Uploads:
    """Payloads that come in blocks. At most 64 at a time; the one that waited longest is dropped for a new one.

    `now` gives seconds on a monotonic scale.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._uploads: OrderedDict[Key, _Upload] = OrderedDict()

    def __len__(self) -> int:
        return len(self._uploads)

    def feed(self, request: aiocoap.Message) -> bytes | None:
        """Take a block; return the payload if it was the last one, None if more are to come.

        Raises TooLarge as soon as the payload is known to be larger than 64 KiB, Incomplete if the blocks before are
        missing, InvalidValue if the block is not of the size it says. The upload is forgotten then.
        """
        block = request.opt.block1
        if block is None:
            check_size(len(request.payload))
            return bytes(request.payload)
        key = _key(request)
        upload = self._uploads.pop(key, None)
        if block.block_number == 0:
            upload = _Upload()
        elif upload is None or len(upload.payload) != block.start or self._now() - upload.touched > _LIFETIME:
            raise Incomplete
        if not block.is_valid_for_payload_size(len(request.payload)):
            raise InvalidValue(f"a block of {len(request.payload)} bytes is not what its option says")
        check_size(max(len(upload.payload) + len(request.payload) + block.more, request.opt.size1 or 0))
        upload.payload += request.payload
        if not block.more:
            return bytes(upload.payload)
        self._keep(key, upload)
        return None

    def _keep(self, key: Key, upload: _Upload) -> None:
        now = upload.touched = self._now()
        self._uploads[key] = upload
        while len(self._uploads) > _MAX_UPLOADS or now - next(iter(self._uploads.values())).touched > _LIFETIME:
            self._uploads.popitem(last=False)


def check_size(size: int) -> None:
    """Raise TooLarge if a payload of this size in bytes is not taken."""
    if size > MAX_PAYLOAD:
        raise TooLarge(f"the payload has more than {MAX_PAYLOAD} bytes", limit=MAX_PAYLOAD)


class Downloads:
    """Answers that go out in blocks, kept until the client must have got them; 16 MiB of them at most."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._answers: OrderedDict[Key, tuple[float, aiocoap.Message]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._answers)

    def later_block(self, request: aiocoap.Message) -> aiocoap.Message | None:
        """Return the block that is asked for of an answer whose first block was given; None if it's not a later one.

        Raises Incomplete if there is no such answer (any more), InvalidValue if it has no such block.
        """
        wanted = request.opt.block2
        if wanted is None or wanted.block_number == 0:
            return None
        key = _key(request)
        now = self._now()
        since, answer = self._answers.get(key, (-math.inf, None))
        if answer is None or now - since > _LIFETIME:
            raise Incomplete
        # a whole transfer may take minutes on a bad link: what counts is the time from block to block
        self._answers[key] = (now, answer)
        self._answers.move_to_end(key)
        return _cut(answer, request)

    def first_block(self, request: aiocoap.Message, answer: aiocoap.Message) -> aiocoap.Message:
        """Return the answer, or its first block if it is too large for one message or for what the client wants."""
        wanted = request.opt.block2
        bert = request.remote.maximum_block_size_exp >= _BERT
        limit = request.remote.maximum_payload_size if bert else BLOCK_SIZE
        if wanted is not None and not wanted.is_bert:
            limit = wanted.size
        later = wanted is not None and wanted.block_number > 0  # of an answer that was begun somewhere else
        if len(answer.payload) <= limit and not later:
            return answer
        answer.opt.etag = entity_tag(answer.payload)
        self._keep(_key(request), answer)
        return _cut(answer, request)

    def _keep(self, key: Key, answer: aiocoap.Message) -> None:
        now = self._now()
        self._drop(key)
        self._answers[key] = (now, answer)
        self._size += len(answer.payload)
        for old, (since, _) in tuple(self._answers.items()):
            if old == key or (self._size <= _MAX_DOWNLOADS and now - since <= _LIFETIME):
                break
            self._drop(old)

    def _drop(self, key: Key) -> None:
        dropped = self._answers.pop(key, None)
        if dropped is not None:
            self._size -= len(dropped[1].payload)


def _cut(answer: aiocoap.Message, request: aiocoap.Message) -> aiocoap.Message:
    """Return the message with the block that the request asks for, or the first one."""
    largest = min(request.remote.maximum_block_size_exp, _BERT)
    wanted = request.opt.block2
    number, exponent = (0, largest) if wanted is None else (wanted.block_number, wanted.size_exponent)
    exponent = min(exponent, largest)
    size = 1 << (min(exponent, _LARGEST) + 4)
    start = number * size
    if exponent == _BERT:
        size = max(1, request.remote.maximum_payload_size // BLOCK_SIZE) * BLOCK_SIZE
    if start >= len(answer.payload):
        raise InvalidValue(f"there is no block {number} of {size} bytes, there are {len(answer.payload)} bytes")
    end = start + size
    block = aiocoap.Message(code=answer.code, payload=answer.payload[start:end])
    block.opt.content_format = answer.opt.content_format
    block.opt.etag = answer.opt.etag
    block.opt.block2 = (number, end < len(answer.payload), exponent)
    if number == 0:
        block.opt.size2 = len(answer.payload)
    return block
