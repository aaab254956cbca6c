"""Observation: of a changed value everybody is told, and it is read and encoded once for all of them."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import aiocoap
from aiocoap.pipe import Pipe

from piccolo3.coap.answers import accepted_format, failure
from piccolo3.coap.pace import Pace
from piccolo3.components.resource import Resource

__all__ = ["Observers"]

_logger = logging.getLogger(__name__)

_HEAD = struct.Struct("!BBH")
_NUMBERS = 1 << 24  # of notifications, before they begin again (RFC 7641 3.4)

Render: TypeAlias = Callable[[Resource, aiocoap.Message], Awaitable[aiocoap.Message]]
"""Returns the answer to a GET of what is observed."""


class Observers:
    """Those who observe something, and what they are told.

    They are told one after the other, at their `pace`, what is true when it is their turn: of several changes of a
    value, the last. `cut` makes what goes out to one of them of an answer that may be large.
    """

    def __init__(
        self, pace: Pace, render: Render, cut: Callable[[aiocoap.Message, aiocoap.Message], aiocoap.Message]
    ) -> None:
        self._pace = pace
        self._render = render
        self._cut = cut
        self._topics: dict[Hashable, _Topic] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def observe(self, resource: Resource, pipe: Pipe) -> None:
        """Answer with the value, then with every new one, until nobody is interested any more.

        Raises what reading the value raises, if that is the first thing to be told.
        """
        request = pipe.request
        key = (resource.component, resource.member.name, accepted_format(request), tuple(request.opt.etags))
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = _Topic(self._pace, resource, request, self._render, self._cut)
        unsubscribe = resource.subscribe(topic.changed)
        topic.expected += 1
        try:
            await topic.join(pipe)
            await asyncio.get_running_loop().create_future()  # until it is cancelled
        finally:
            unsubscribe()
            topic.expected -= 1
            if not topic.expected and self._topics.get(key) is topic:
                del self._topics[key]
                self._ending.add(topic.task)
                topic.task.add_done_callback(self._ending.discard)
                topic.task.cancel()

    async def close(self) -> None:
        """Wait for the end of what nobody observes any more."""
        await asyncio.gather(*self._ending, return_exceptions=True)


@dataclass(slots=True, eq=False)
class _Observer:
    pipe: Pipe
    seen: int  # the number of the last state it was told of


class _Topic:
    """One value in one format, and its observers: those who wait for longest come first."""

    def __init__(
        self,
        pace: Pace,
        resource: Resource,
        request: aiocoap.Message,
        render: Render,
        cut: Callable[[aiocoap.Message, aiocoap.Message], aiocoap.Message],
    ) -> None:
        self._pace = pace
        self._resource = resource
        self._request = request
        self._render = render
        self._cut = cut
        self._observers: OrderedDict[_Observer, None] = OrderedDict()
        self._number = 0
        self._stale = False
        self._wake = asyncio.Event()
        self.expected = 0  # observers, with those who have not got their first answer yet
        self.task = asyncio.create_task(self._tell_all(), name=f"observers of {'/'.join(resource.path)}")

    def changed(self) -> None:
        """There is another value."""
        self._stale = True
        self._wake.set()

    async def join(self, pipe: Pipe) -> None:
        """Answer for the first time, and tell of changes from now on."""
        observer = _Observer(pipe, self._number)
        answer = await self._render(self._resource, pipe.request)
        pipe.on_interest_end(lambda: self._observers.pop(observer, None))
        self._send(observer, answer)
        self._observers[observer] = None
        if observer.seen != self._number:
            self._observers.move_to_end(observer, last=False)
            self._wake.set()

    async def _tell_all(self) -> None:
        answer = aiocoap.Message()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._observers and (self._stale or self._first().seen != self._number):
                await self._pace.turn()
                with self._pace.spending():
                    if self._stale:
                        self._stale = False
                        try:
                            answer = await self._render(self._resource, self._request)
                        except Exception as error:  # noqa: BLE001 - it is the last notification; failure() logs it
                            self._fail(error)
                            break
                        self._number += 1
                        if not self._resource.large:
                            answer = _Notification(answer, self._number % _NUMBERS)
                    if self._observers:
                        self._tell(self._first(), answer)

    def _first(self) -> _Observer:
        return next(iter(self._observers))

    def _tell(self, observer: _Observer, answer: aiocoap.Message) -> None:
        observer.seen = self._number
        self._observers.move_to_end(observer)
        try:
            if isinstance(answer, _Notification):
                observer.pipe.add_response(answer.again(), is_last=False)
            else:
                self._send(observer, answer)
        except Exception:
            _logger.exception("a notification of %s failed", "/".join(self._resource.path))

    def _send(self, observer: _Observer, answer: aiocoap.Message) -> None:
        """Send an answer of any size. Of a large one that is the first block: the rest is fetched (RFC 7959 3.4)."""
        message = aiocoap.Message(code=answer.code, payload=answer.payload)
        message.opt.content_format, message.opt.etag = answer.opt.content_format, answer.opt.etag
        if self._resource.large:
            message = self._cut(observer.pipe.request, message)
        message.opt.observe = observer.seen % _NUMBERS
        observer.pipe.add_response(message, is_last=False)

    def _fail(self, error: Exception) -> None:
        for observer in tuple(self._observers):
            observer.pipe.add_response(failure(observer.pipe.request, error), is_last=True)


class _Notification(aiocoap.Message):  # type: ignore[misc]
    """An answer that goes to many; its options and its payload are encoded once."""

    def __init__(self, answer: aiocoap.Message, number: int) -> None:
        super().__init__(code=answer.code, payload=answer.payload)
        self.opt = answer.opt
        self.opt.observe = number

    def again(self) -> _Notification:
        """The same for another observer."""
        tail = self._tail  # encoded here, if it is not yet
        other = _Notification.__new__(_Notification)
        other.__dict__.update(self.__dict__)
        other.__dict__["_tail"] = tail
        return other

    @cached_property
    def _tail(self) -> bytes:
        return bytes(self.opt.encode()) + (b"\xff" + self.payload if self.payload else b"")

    def encode(self) -> bytes:
        """The datagram (RFC 7252 3)."""
        first = self.version << 6 | self.mtype << 4 | len(self.token)
        return b"".join((_HEAD.pack(first, self.code, self.mid), self.token, self._tail))
