"""A batch that was started: its progress, its end and what it has brought."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from piccolo3.client import answers
from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.catalogue import BatchInfo, batch_info
from piccolo3.client.changes import Changes
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.client.failures import TimedOut
from piccolo3.client.fetch import fetch
from piccolo3.client.follow import Follower
from piccolo3.client.result import Result
from piccolo3.errors import Conflict, ConnectionFailed, NotAllowed, NotFound, PiccoloError
from piccolo3.wire import JsonValue

__all__ = ["Batch", "BatchFailed", "start"]

T = TypeVar("T")

_LATER = ("at_time", "interval", "end_time")


class BatchFailed(PiccoloError):
    """A batch has failed; `outcome` has the reason and what was lost."""

    def __init__(self, outcome: Outcome) -> None:
        what = "automatic integration" if outcome.kind == "auto" else f"batch {outcome.batch} of run {outcome.run}"
        super().__init__(f"{what} failed: {outcome.reason or 'the server gives no reason'}")
        self.outcome = outcome


class Batch:
    """What was started at the server, where it goes on without us: nothing here ends it but `abort`.

    `run` and `number` say where its files go; both are None for an automatic integration, and for what the scheduler
    of the server will start later (`scheduled`).
    """

    def __init__(
        self,
        connection: Connection,
        *,
        run: str | None,
        number: int | None,
        before: Outcome | None = None,
        scheduled: bool = False,
        old: bool = False,
    ) -> None:
        self._connection = connection
        self.run = run
        self.number = number
        self.scheduled = scheduled
        self._before = None if before is None else before.started
        self._old = old
        self._outcome: Outcome | None = None

    def __repr__(self) -> str:
        if self.scheduled:
            return "<Batch, to be started by the scheduler>"
        return f"<Batch {self.number} of run {self.run}>" if self.number is not None else "<Batch>"

    @property
    def progress(self) -> AsyncIterator[Progress]:
        """Where it is, until it ends; also through restarts of the network."""
        return _OldSteps(self) if self._old else _Steps(self)

    async def outcome(self, timeout: float | None = None) -> Outcome:  # noqa: ASYNC109
        """Wait until it ends; how it ended. TimedOut after `timeout` seconds (None: never), and it goes on."""
        try:
            async with asyncio.timeout(timeout):
                async for _ in self.progress:
                    pass
        except TimeoutError:
            what = "the batch" if self.number is None else f"batch {self.number} of run {self.run}"
            raise TimedOut(
                f"{what} at {self._connection.address} did not end within {timeout:g} s; it goes on"
            ) from None
        if self._outcome is not None and self.number is None:
            self.run, self.number = self._outcome.run, self._outcome.batch
        if self._outcome is None:
            raise ConnectionFailed(f"the connection to {self._connection.address} has been closed")
        return self._outcome

    async def result(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109
        """Wait until it ends; what it has recorded. BatchFailed where it failed, TimedOut as of `outcome`.

        An aborted batch gives what it has recorded until then; so does `spectra` for one that failed.
        """
        outcome = await self.outcome(timeout)
        if outcome.result == "failed":
            raise BatchFailed(outcome)
        return await self.spectra()

    async def spectra(self) -> Result:
        """What it has recorded so far."""
        outcome = self._outcome or Outcome("running", run=self.run, batch=self.number)
        if self.run is None or self.number is None:
            return Result(outcome, ())
        return Result(outcome, await fetch(self._connection, self.run, self.number))

    async def abort(self) -> None:
        """End it. NotBusy if it has ended already."""
        try:
            await self._connection.request(PUT, ("control", "abort"), arguments([], {}))
        except NotAllowed:  # servers from before 0.6
            await self._connection.request(GET, ("control", "abort"))

    def _check(self) -> None:
        if self.scheduled:
            raise Conflict("the batch was left to the scheduler of the server, it has not begun")

    def _owns(self, progress: Progress) -> bool:
        return self.number is None or (progress.run, progress.batch) == (self.run, self.number)

    def _ended_with(self, outcome: Outcome | None) -> bool:
        if outcome is None:
            return False
        if self._before is not None and outcome.started == self._before:
            return False
        return self.number is None or (outcome.run, outcome.batch) == (self.run, self.number)

    async def _look_up(self) -> Outcome | None:
        """How it ended, from the catalogue: something else was recorded since, or the server was restarted."""
        cursor: JsonValue = None
        while True:
            asked = arguments([], {"run": self.run, "limit": 20, "cursor": cursor})
            body = answers.mapping(await self._connection.request(PUT, ("data_dir", "batches"), asked), "batches")
            entries = body.get("batches")
            for entry in entries if isinstance(entries, list) else ():
                found = batch_info(entry)
                if found.batch == self.number:
                    return _outcome_of(found)
            cursor = body.get("cursor")
            if cursor is None:
                return Outcome("failed", reason="the server knows nothing of it", run=self.run, batch=self.number)


def _outcome_of(found: BatchInfo) -> Outcome:
    return Outcome(
        result=found.result or "failed",
        kind=found.kind,
        reason=found.reason if found.result else "the server was restarted while it was recorded",
        lost=found.lost,
        run=found.run,
        batch=found.batch,
        sequences_done=found.sequences_done,
        started=found.started,
        ended=found.ended,
    )


class _Steps(AsyncIterator[Progress]):
    """Progress of a batch, until its outcome is known."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        connection = batch._connection  # noqa: SLF001 - a part of it
        self._steps: Changes[Progress] = Changes(connection, "control/progress", Progress.of)
        self._outcomes: Changes[Outcome | None] = Changes(connection, "control/outcome", Outcome.of)
        self._step: asyncio.Task[Progress] | None = None
        self._end: asyncio.Task[Outcome | None] | None = None

    async def __anext__(self) -> Progress:
        batch = self._batch
        batch._check()  # noqa: SLF001
        while batch._outcome is None:  # noqa: SLF001
            self._step = self._step or asyncio.create_task(_next(self._steps), name="next progress")
            self._end = self._end or asyncio.create_task(_next(self._outcomes), name="next outcome")
            await asyncio.wait({self._step, self._end}, return_when=asyncio.FIRST_COMPLETED)
            try:
                if self._end.done():
                    end, self._end = self._end, None
                    self._take(end.result())
                elif (progress := await self._progressed(self._step)) is not None:
                    return progress
            except BaseException:
                self.close()
                raise
        self.close()
        raise StopAsyncIteration

    def _take(self, outcome: Outcome | None) -> None:
        if self._batch._ended_with(outcome):  # noqa: SLF001
            self._batch._outcome = outcome  # noqa: SLF001

    async def _progressed(self, step: asyncio.Task[Progress]) -> Progress | None:
        """The progress, if it is that of our batch; where it is not, that has ended."""
        self._step = None
        progress, batch = step.result(), self._batch
        if batch._owns(progress):  # noqa: SLF001
            return progress
        body = await batch._connection.request(GET, "control/outcome")  # noqa: SLF001
        self._take(Outcome.of(body))
        if batch._outcome is None:  # noqa: SLF001
            batch._outcome = await batch._look_up()  # noqa: SLF001
        return None

    def close(self) -> None:
        for task in (self._step, self._end):
            if task is not None:
                task.cancel()
        self._step = self._end = None
        self._steps.close()
        self._outcomes.close()

    def __del__(self) -> None:
        for task in (self._step, self._end):
            if task is not None and not task.get_loop().is_closed():
                task.cancel()


class _OldSteps(AsyncIterator[Progress]):
    """The same at a server from before 0.6, of which only the status can be followed."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._follower = Follower(batch._connection)  # noqa: SLF001
        self._entered = False

    async def __anext__(self) -> Progress:
        self._batch._check()  # noqa: SLF001
        if self._batch._outcome is not None:  # noqa: SLF001
            raise StopAsyncIteration
        if not self._entered:
            await self._follower.__aenter__()
            self._entered = True
        try:
            return await anext(self._follower)
        except BaseException:
            self._batch._outcome = self._follower.outcome  # noqa: SLF001
            self._entered = False
            await self._follower.__aexit__(None, None, None)
            raise


async def _next(changes: AsyncIterator[T]) -> T:
    try:
        return await anext(changes)
    except StopAsyncIteration:  # can't leave a task
        raise ConnectionFailed("the connection has been closed") from None


async def start(connection: Connection, name: str, given: Mapping[str, JsonValue]) -> Batch:
    """Start what `control` can record, and tell it from what was before and comes after."""
    scheduled = any(key in given for key in _LATER)
    path = ("control", name)
    if scheduled:
        await connection.request(PUT, path, arguments([], given))
        return Batch(connection, run=None, number=None, scheduled=True)
    try:
        before = Outcome.of(await connection.request(GET, "control/outcome"))
    except NotFound:
        return await _start_old(connection, path, given)
    await connection.request(PUT, path, arguments([], given))
    if name == "auto":
        return Batch(connection, run=None, number=None, before=before)
    try:
        progress = Progress.of(await connection.request(GET, "control/progress"))
    except ConnectionFailed:  # it has begun, and who it is will be told by its outcome
        return Batch(connection, run=None, number=None, before=before)
    return Batch(connection, run=progress.run, number=progress.batch, before=before)


async def _start_old(connection: Connection, path: tuple[str, ...], given: Mapping[str, JsonValue]) -> Batch:
    """The same at a server from before 0.6, of which only the status can be followed."""
    await connection.request(PUT, path, arguments([], given))
    if path[-1] == "auto":
        return Batch(connection, run=None, number=None, old=True)
    run = answers.text(await connection.request(GET, "data_dir/current_run"), "current run")
    try:
        number = await connection.request(GET, ("data_dir", "runs", run, "current_batch"))
    except NotFound:
        number = None
    return Batch(connection, run=run, number=number if isinstance(number, int) else None, old=True)
