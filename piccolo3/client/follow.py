"""Follow a batch from before its start to its end, on servers of any version."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType

from piccolo3.client import answers
from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.connection import GET, Connection
from piccolo3.client.observation import Observation
from piccolo3.errors import NotAllowed, NotFound, PiccoloError
from piccolo3.wire import JsonValue

__all__ = ["Follower"]

_AT_REST = ("idle", "")
_GRACE = 2.0  # s in which a batch on an old server has to show in its status after it was asked for
_Item = Progress | Outcome | Exception


class Follower(AsyncIterator[Progress]):
    """Subscribes on entry, so that nothing is missed; then iterate for Progress until the batch has ended.

    ::

        async with rig.control.follow() as batch:
            await rig.control.record_sequence("morning", sequences=3)
            async for progress in batch:
                ...
        print(batch.outcome)

    Servers from before 0.6 have neither control/progress nor control/outcome: there control/status is followed, and
    the result of the outcome is "ended".
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._items: asyncio.Queue[_Item] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._observations: list[Observation] = []
        self._status: Observation | None = None
        self.outcome: Outcome | None = None

    async def __aenter__(self) -> Follower:
        try:
            await self._subscribe()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    async def __anext__(self) -> Progress:
        if self.outcome is not None:
            raise StopAsyncIteration
        if self._status is not None and not self._tasks:
            self._start(self._follow_status(self._status))
        item = await self._items.get()
        if isinstance(item, Exception):
            raise item
        if isinstance(item, Outcome):
            self.outcome = item
            raise StopAsyncIteration
        return item

    async def _subscribe(self) -> None:
        try:
            outcomes, before = await self._observe("control/outcome")
        except (NotFound, NotAllowed):
            self._status, _ = await self._observe("control/status")
            return
        progress, _ = await self._observe("control/progress")  # that of the batch before
        self._start(self._pump(progress, lambda value: None if value is None else Progress.of(value)))
        self._start(self._pump(outcomes, lambda value: None if value == before else Outcome.of(value)))

    async def _observe(self, path: str) -> tuple[Observation, JsonValue]:
        observation = Observation(self._connection, path)
        self._observations.append(observation)
        return observation, await anext(observation)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except PiccoloError as problem:  # goes to whoever iterates
                self._items.put_nowait(problem)

        self._tasks.append(asyncio.create_task(guarded(), name="following a batch"))

    async def _pump(self, values: Observation, read: Callable[[JsonValue], _Item | None]) -> None:
        async for value in values:
            item = read(value)
            if item is not None:
                self._items.put_nowait(item)

    async def _follow_status(self, status: Observation) -> None:
        started = False
        steps = answers.integer(await self._get("control/numSequences"), "control/numSequences")
        while True:
            try:
                async with asyncio.timeout(None if started else _GRACE):
                    phase = answers.text(await anext(status), "control/status")
            except TimeoutError:  # it was over before it could show
                break
            if phase not in _AT_REST:
                started = True
                sequence = answers.integer(await self._get("control/current_sequence"), "control/current_sequence")
                self._items.put_nowait(Progress(max(0, sequence), steps, phase, sequence=sequence, sequences=steps))
            elif started:
                break
        self._items.put_nowait(Outcome("ended"))

    async def _get(self, path: str) -> JsonValue:
        return await self._connection.request(GET, path)

    async def _end(self) -> None:
        for observation in self._observations:
            observation.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
