"""One long-lived CoAP client: requests with a deadline, answers as JSON values, failures as typed errors."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping, Sequence

import aiocoap
import aiocoap.error
from aiocoap.numbers import codes

from piccolo3.client import failures
from piccolo3.client.address import Address
from piccolo3.client.exchanges import ClientContext
from piccolo3.client.known import Known
from piccolo3.client.link import Link
from piccolo3.client.stream import Stream, connections
from piccolo3.client.transfer import Transfers
from piccolo3.client.tuning import Tuning, profile
from piccolo3.errors import Conflict, ConnectionFailed, NotFound
from piccolo3.wire import JSON, JsonValue, decode, encode, error_from

__all__ = ["FETCH", "GET", "POST", "PUT", "Connection", "Path", "arguments"]

_logger = logging.getLogger(__name__)

FETCH, GET, POST, PUT = codes.FETCH, codes.GET, codes.POST, codes.PUT

Path = str | Sequence[str]  # "control/status", or its segments where one of them may have a slash in it

_PROBE = ("sysinfo", "version")
_STARTED = ("sysinfo", "started")
_READING = frozenset({GET, FETCH})
_USUAL = 6  # exponent of blocks of 1024 bytes
_CHANGED_RETRIES = 3  # a resource that changed while it was fetched block by block is fetched again


class Connection:
    """A CoAP client context for one server; `timeout` in seconds bounds the wait for an answer.

    `link` says what the network is like (piccolo3.client.tuning). What may be large is asked for over coap+tcp where
    the server can be reached by that, also if everything else goes over UDP.
    """

    def __init__(self, url: str, timeout: float | None = None, link: str = "normal") -> None:
        self.address = Address.parse(url)
        self.profile = profile(link)
        self.timeout = self.profile.timeout if timeout is None else timeout
        self._known = Known()
        self._context: aiocoap.Context | None = None
        self._remote: object | None = None  # where the server was found, in the words of aiocoap
        self._at = self.address  # the same, as a literal address
        self._finding = asyncio.Lock()
        self._stream = Stream(_PROBE)
        self.transfers = Transfers(min(self.profile.size_exponent, _USUAL))
        self.link = Link(str(self.address), self._identity, patience=self.profile.patience)

    @property
    def received(self) -> int:
        """Bytes of the answers to requests so far, as they came over the network; without headers."""
        return self.transfers.received

    async def open(self) -> None:
        """Find the server; ConnectionFailed with a sentence for people if it does not answer in time."""
        if self._context is None:
            self._context = await self._new_context()
            self.link.reopen()
        try:
            await self._find()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End everything that is under way; to be called before the event loop is closed."""
        context, self._context, self._remote = self._context, None, None
        self._stream.reset()
        await self.link.stop()
        if context is not None:
            streams = connections(context)
            await context.shutdown()
            for stream in streams:  # which aiocoap only says good-bye on
                stream.close()
            await asyncio.sleep(0)

    async def request(
        self,
        code: int,
        path: Path,
        value: JsonValue = None,
        *,
        seconds: float | None = None,
        accept: int | None = None,
        bulk: bool = False,
    ) -> JsonValue:
        """Send a request and return what the answer says, None if it is empty. GET has no `value`, the others do.

        `accept` is the content format that is wanted, JSON if None; `bulk` says that the answer may be large.
        """
        payload = b"" if code == GET else encode(value)
        answer = await self.fetch(code, path, payload, seconds=seconds, accept=accept, bulk=bulk)
        return decode(answer.payload, answer.opt.content_format, limit=None) if answer.payload else None

    async def fetch(
        self,
        code: int,
        path: Path,
        payload: bytes = b"",
        *,
        seconds: float | None = None,
        accept: int | None = None,
        bulk: bool = False,
    ) -> aiocoap.Message:
        """Send a request, return the answer as it came; a refusal by the server is raised as its typed error.

        What breaks off goes on where it was as long as more of it comes, and when it is asked for again later.
        """
        seconds = self.timeout if seconds is None else seconds
        changed = 0
        while changed < _CHANGED_RETRIES:
            message = await self.message(code, path, payload, seconds)
            streamed = bulk and code in _READING and await self._streamed(message)
            message.opt.accept = accept
            self._known.mention(message)
            before = len(self.transfers.part(message).payload)
            try:
                answer = await self._exchange(message, seconds)
            except ConnectionFailed:
                if streamed:
                    self._stream.give_up(self._open_context())
                    bulk = False
                elif len(self.transfers.part(message).payload) <= before:
                    raise
                continue
            if streamed:
                self._stream.heard()
            if answer is not None:
                return self._known.take(message, self._understood(answer, path))
            changed += 1
            _logger.debug("%s changed while it was read, attempt %d", path, changed)
        raise Conflict(f"{path} keeps changing while it is read")

    def _understood(self, answer: aiocoap.Message, path: Path) -> aiocoap.Message:
        """The answer if it is a successful one; where a server does not say what it does not have, we do."""
        try:
            return self.checked(answer)
        except NotFound:
            if answer.payload:
                raise
            name = path if isinstance(path, str) else "/".join(path)
            text = f"the server at {self.address} has no {name}: perhaps it is of another version"
            raise NotFound(text) from None

    async def message(
        self, code: int, path: Path, payload: bytes = b"", seconds: float | None = None
    ) -> aiocoap.Message:
        """A request to the server (which is looked for again if the last request failed), not sent yet."""
        if self._remote is None:
            await self._find()
        tuning = Tuning(self.profile, self.timeout if seconds is None else seconds, reads=code in _READING)
        message = aiocoap.Message(code=code, payload=payload, transport_tuning=tuning)
        if self.address.scheme == "coap":
            message.remote = self._remote
        else:
            message.set_request_uri(str(self._at))  # finds the open connection, or opens a new one
        message.opt.uri_path = tuple(path.split("/")) if isinstance(path, str) else tuple(path)
        if payload:
            message.opt.content_format = JSON
        if code in _READING and self.address.scheme == "coap" and self.profile.size_exponent < _USUAL:
            message.opt.block2 = (0, False, self.profile.size_exponent)
        return message

    async def _streamed(self, message: aiocoap.Message) -> bool:
        """Have the request go over coap+tcp, if there is more than that and the server can be reached by it."""
        if self.address.scheme != "coap":
            return False
        return await self._stream.take(self._open_context(), self._at, message, self.timeout, self.profile)

    def observe(self, message: aiocoap.Message) -> aiocoap.protocol.Request:
        """Register for a resource; the caller deals with the answers."""
        message.opt.observe = 0
        return self._open_context().request(message, handle_blockwise=False)

    @staticmethod
    def checked(answer: aiocoap.Message) -> aiocoap.Message:
        """Return a successful answer; raise what another one says."""
        if not answer.code.is_successful():
            raise error_from(int(answer.code), answer.payload, answer.opt.content_format)
        return answer

    def failed(self, problem: BaseException) -> ConnectionFailed:
        """Forget where the server was, it may come back elsewhere; return the error to raise."""
        self._forget()
        return failures.connection_failed(self.address, problem)

    def silent(self) -> ConnectionFailed:
        """The same for a server that did not answer in time."""
        self._forget()
        return failures.no_answer(self.address, self.timeout)

    def _forget(self) -> None:
        self._remote = None
        self.link.suspect()

    async def _identity(self) -> str | None:
        """When the server was started, if it says so."""
        try:
            return str(await self.request(GET, _STARTED))
        except NotFound:  # servers from before 0.6 don't
            return None

    async def _new_context(self) -> aiocoap.Context:
        # transports are named one by one: the default set depends on what else is installed
        if self.address.scheme == "coap+tcp":
            return await ClientContext.create_client_context(transports=["tcpclient"])
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a computer without IPv6
                return await ClientContext.create_client_context(transports=["udp6", "tcpclient"])
        return await ClientContext.create_client_context(transports=["simple6", "tcpclient"])

    def _open_context(self) -> aiocoap.Context:
        if self._context is None:
            raise ConnectionFailed(f"the connection to {self.address} is not open", url=str(self.address))
        return self._context

    async def _exchange(self, message: aiocoap.Message, seconds: float) -> aiocoap.Message | None:
        """Send and wait; None if the resource changed between its blocks."""
        try:
            answer = await self.transfers.answer(self._open_context(), message, seconds)
            self.link.heard()
            return answer
        except TimeoutError:
            self._forget()
            raise failures.no_answer(self.address, seconds) from None
        except aiocoap.error.ResourceChanged:
            return None
        except (aiocoap.error.Error, OSError) as problem:
            raise self.failed(problem) from problem

    async def _find(self) -> None:
        """Ask each address that the host name stands for, until one answers."""
        async with self._finding:
            if self._remote is not None:
                return
            self._open_context()
            deadline = asyncio.get_running_loop().time() + self.timeout
            hosts = await self._hosts()
            problem = failures.cannot_resolve(self.address)
            for index, host in enumerate(hosts):
                share = max(0.1, deadline - asyncio.get_running_loop().time()) / (len(hosts) - index)
                self._at = self.address.at(host)
                message = aiocoap.Message(code=GET, transport_tuning=Tuning(self.profile, share, reads=True))
                message.set_request_uri(str(self._at))
                message.opt.uri_host = None
                message.opt.uri_path = _PROBE
                try:
                    answer = await self._exchange(message, share)
                except ConnectionFailed as exc:
                    problem = exc
                    continue
                if answer is not None:  # any answer will do, also a refusal
                    self._remote = answer.remote
                    return
            raise problem

    async def _hosts(self) -> Sequence[str]:
        if self.address.is_literal:
            return [self.address.host]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout):
                found = await loop.getaddrinfo(self.address.host, self.address.port)
        except TimeoutError:  # a kind of OSError, so it comes first
            raise failures.no_answer(self.address, self.timeout) from None
        except (OSError, UnicodeError):
            raise failures.cannot_resolve(self.address) from None
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def arguments(args: Sequence[JsonValue], kwargs: Mapping[str, JsonValue]) -> JsonValue:
    """The payload of a call: `[[positional...], {name: value...}]`."""
    return [list(args), dict(kwargs)]
