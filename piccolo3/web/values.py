"""Values of a rig: observed once, however many browsers look, and only while one does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from piccolo3.client.values import Value, keep
from piccolo3.errors import ConnectionFailed, NotAllowed, NotFound, PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.web.rigs import Rig

__all__ = ["Update", "Values"]

_logger = logging.getLogger(__name__)

_AGAIN = 2.0  # s after which a value that could not be observed is tried again
LONGEST = 200  # paths for one browser


@dataclass(frozen=True, slots=True)
class Update:
    """A value as it came last, or why there is none; `time` in ISO 8601."""

    path: str
    time: str
    value: JsonValue = None
    error: str | None = None
    missing: bool = False  # the rig has no such value, or it can't be observed

    def body(self) -> dict[str, JsonValue]:
        """As JSON."""
        rest: dict[str, JsonValue] = {"value": self.value}
        if self.error is not None:
            rest = {"error": self.error, "missing": self.missing}
        return {"path": self.path, "time": self.time, **rest}


Listener = Callable[[Update], None]


@dataclass(slots=True)
class _Watched:
    listeners: list[Listener] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    last: Update | None = None


class Values:
    """The values of one rig that somebody looks at. To be used inside of `rig.use`."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._watched: dict[str, _Watched] = {}

    def __len__(self) -> int:
        return len(self._watched)

    def subscribe(self, paths: Sequence[str], listener: Listener) -> Callable[[], None]:
        """Call `listener` with what is known, and then with every change; return the function that ends it."""
        for path in paths:
            watched = self._watched.setdefault(path, _Watched())
            watched.listeners.append(listener)
            if watched.last is not None:
                listener(watched.last)
            if watched.task is None:
                watched.task = asyncio.create_task(self._watch(path, watched), name=f"{path} of {self._rig.name}")

        def unsubscribe() -> None:
            for path in paths:
                self._release(path, listener)

        return unsubscribe

    async def close(self) -> None:
        """End."""
        tasks = [watched.task for watched in self._watched.values() if watched.task is not None]
        self._watched.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _release(self, path: str, listener: Listener) -> None:
        watched = self._watched.get(path)
        if watched is None or listener not in watched.listeners:
            return
        watched.listeners.remove(listener)
        if not watched.listeners:
            del self._watched[path]
            if watched.task is not None:
                watched.task.cancel()

    async def _watch(self, path: str, watched: _Watched) -> None:
        while True:
            try:
                client = await self._rig.found()
                value = Value(client.connection, tuple(path.split("/")), keep)
                async with value.observe() as changes:
                    async for item in changes:
                        self._tell(watched, Update(path, self._now(), item))
            except (NotFound, NotAllowed) as problem:  # until another version of the server is there
                self._tell(watched, Update(path, self._now(), error=str(problem), missing=True))
            except ConnectionFailed as problem:
                _logger.debug("%s of %s: %s", path, self._rig.name, problem)
            except PiccoloError as problem:
                self._tell(watched, Update(path, self._now(), error=str(problem)))
            await asyncio.sleep(_AGAIN)

    def _now(self) -> str:
        return self._rig.clock.utcnow().isoformat(timespec="milliseconds")

    @staticmethod
    def _tell(watched: _Watched, update: Update) -> None:
        before = watched.last
        if before is not None and (before.value, before.error) == (update.value, update.error):
            return
        watched.last = update
        for listener in tuple(watched.listeners):
            listener(update)
