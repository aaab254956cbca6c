"""Whether the server can be reached: watched as long as somebody depends on it, and said when it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from piccolo3.clock import SystemClock
from piccolo3.errors import ConnectionFailed, PiccoloError

__all__ = ["Link", "LinkChange", "Probe"]

_logger = logging.getLogger(__name__)

WATCH = 4.0  # s of silence after which the server is asked for a sign of life
_PAUSE = 0.5  # s between two attempts to reach a server that has gone


@dataclass(frozen=True, slots=True)
class LinkChange:
    """The server could not be reached any more, or again; `restarted` says that it began anew meanwhile."""

    connected: bool
    restarted: bool
    sentence: str
    time: datetime


class Probe(Protocol):
    """A cheap request: what tells one run of the server from the next, None if it does not say."""

    async def __call__(self) -> str | None: ...


class Link:
    """Knows whether the server answers, and counts in `epoch` how often everything had to be asked anew.

    CoAP has no sign of life, so the server is asked for one when nothing was heard of it for `watch` seconds. Nothing
    is asked before `start`. To be used in one event loop.
    """

    def __init__(self, name: str, probe: Probe, watch: float | None = None, *, patience: float = 1.0) -> None:
        self._name = name
        self._probe = probe
        self._watch = WATCH * patience if watch is None else watch
        self._heard = 0.0
        self._identity: str | None = None
        self._listeners: list[Callable[[LinkChange], None]] = []
        self._changed = asyncio.Event()
        self._suspicion = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = self._looked = False
        self.connected = False
        self.epoch = 0

    @property
    def tells_restarts(self) -> bool:
        """Whether the server says when it was started, so that a restart can't be missed."""
        return self._identity is not None

    def start(self) -> None:
        """Watch from now on."""
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._keep_watch(), name=f"link to {self._name}")

    async def stop(self) -> None:
        """End; who waits gets ConnectionFailed."""
        self._closed, self.connected = True, False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._announce()

    def reopen(self) -> None:
        """Begin anew after `stop`."""
        self._closed = self._looked = False

    def subscribe(self, listener: Callable[[LinkChange], None]) -> Callable[[], None]:
        """Call `listener` at every change; return the function that ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def heard(self) -> None:
        """Something came from the server."""
        self._heard = asyncio.get_running_loop().time()
        if not self.connected and self._task is None:
            self.connected = True

    def suspect(self) -> None:
        """A request failed: look now."""
        if self._task is None:
            self.connected = False
        self._suspicion.set()

    async def up(self) -> int:
        """Wait until the server can be reached; return the epoch. ConnectionFailed when the connection is closed."""
        self.start()
        while True:
            if self._closed:
                raise ConnectionFailed(f"the connection to {self._name} has been closed")
            if self.connected and self._looked and not self._suspicion.is_set():
                return self.epoch
            await self._changed.wait()

    async def changed(self, epoch: int) -> None:
        """Wait until that epoch is over, or the server can't be reached."""
        while self.connected and self.epoch == epoch and not self._closed:
            await self._changed.wait()

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _keep_watch(self) -> None:
        loop = asyncio.get_running_loop()
        self._identity = await self._first()
        while True:
            try:
                async with asyncio.timeout(max(0.0, self._heard + self._watch - loop.time())):
                    await self._suspicion.wait()
            except TimeoutError:
                if loop.time() < self._heard + self._watch:
                    continue
            await self._look()

    async def _first(self) -> str | None:
        try:
            identity = await self._probe()
        except PiccoloError as problem:
            self._lost(problem)
            return None
        self._suspicion.clear()
        self.connected = self._looked = True
        self._announce()
        return identity

    async def _look(self) -> None:
        suspected = self._suspicion.is_set()
        try:
            identity = await self._probe()
        except ConnectionFailed as problem:
            self._lost(problem)
            await asyncio.sleep(_PAUSE)
            self._suspicion.set()  # look again
            return
        except PiccoloError:  # any answer is a sign of life
            identity = self._identity
        self._suspicion.clear()
        self._looked = True
        restarted = self._identity is not None and identity != self._identity
        self._identity = identity
        if restarted or suspected or not self.connected:
            self._found(restarted)

    def _lost(self, problem: PiccoloError) -> None:
        if self.connected:
            self._tell(connected=False, restarted=False, sentence=str(problem))

    def _found(self, restarted: bool) -> None:
        self.epoch += 1
        why = "the server was restarted" if restarted else "the network was interrupted"
        if restarted or not self.connected:
            self._tell(connected=True, restarted=restarted, sentence=f"connected to {self._name} again: {why}")
        else:  # something was lost on the way, nothing to speak of
            self._announce()

    def _tell(self, *, connected: bool, restarted: bool, sentence: str) -> None:
        self.connected = connected
        _logger.warning("%s", sentence)
        self._announce()
        change = LinkChange(connected, restarted, sentence, SystemClock().utcnow())
        for listener in tuple(self._listeners):
            try:
                listener(change)
            except Exception:
                _logger.exception("a listener to the connection failed")
