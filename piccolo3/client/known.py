"""Answers that were received, so that the server need not send them again if they are still right."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

import aiocoap
from aiocoap.numbers import codes

__all__ = ["Key", "Known", "key_of"]

Key: TypeAlias = tuple[int, tuple[str, ...], bytes, int | None]  # code, path, payload, format that is wanted

_MOST = 4 << 20  # bytes of payload that are kept
_CACHED = frozenset({codes.GET, codes.FETCH})


class Known:
    """The last large answers to GET and FETCH that have an ETag; those that were not used for long are dropped."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, aiocoap.Message] = OrderedDict()
        self._size = 0

    def mention(self, request: aiocoap.Message) -> None:
        """Say in the request what is known already."""
        answer = self._answers.get(key_of(request))
        if answer is not None:
            request.opt.etags = [answer.opt.etag]

    def take(self, request: aiocoap.Message, answer: aiocoap.Message) -> aiocoap.Message:
        """The answer, which is kept; or the one that is known, where the server says that it is still right."""
        key = key_of(request)
        known = self._answers.pop(key, None)
        if known is not None:
            self._size -= len(known.payload)
            if answer.code == codes.VALID:
                answer = known
        if request.code in _CACHED and answer.code == codes.CONTENT and answer.opt.etag is not None:
            self._keep(key, answer)
        return answer

    def _keep(self, key: Key, answer: aiocoap.Message) -> None:
        if len(answer.payload) > _MOST:
            return
        kept = aiocoap.Message(code=codes.CONTENT, payload=answer.payload, etag=answer.opt.etag)
        kept.opt.content_format = answer.opt.content_format
        self._answers[key] = kept
        self._size += len(kept.payload)
        while self._size > _MOST:
            _, dropped = self._answers.popitem(last=False)
            self._size -= len(dropped.payload)


def key_of(request: aiocoap.Message) -> Key:
    """What is equal for requests with the same answer."""
    accept = request.opt.accept
    return int(request.code), tuple(request.opt.uri_path), request.payload, None if accept is None else int(accept)
