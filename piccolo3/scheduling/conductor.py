"""One job at a time is done, and whatever happens in it ends as its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from piccolo3.clock import Clock
from piccolo3.errors import Busy, InternalError, PiccoloError
from piccolo3.scheduling.keeper import Row
from piccolo3.scheduling.needs import Runner, RunResult
from piccolo3.store.schedule import Job, RunOutcome

__all__ = ["STOPPED", "Conductor", "Performance"]

STOPPED = "the daemon was stopped"
_PAUSE = 1.0  # s after somebody else was quicker
_logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Performance:
    """A job that is being done. `begun` tells whether it could begin; it carries the error where it could not.

    `job` is as it was before, and has waited for its turn `since` then; None: this is beside its times.
    """

    job: Job
    row: Row
    begun: asyncio.Future[None]
    since: datetime | None


class Conductor:
    """Hands jobs to the runner, and tells what becomes of them.

    `told` is called when one has begun; `ended` with its result, or with None where it could not begin because
    something else was under way. `wake` is called when there is room for the next one.
    """

    def __init__(
        self,
        runner: Runner,
        clock: Clock,
        *,
        told: Callable[[Performance], None],
        ended: Callable[[Performance, RunResult | None], None],
        wake: Callable[[], None],
    ) -> None:
        self._runner = runner
        self._clock = clock
        self._told = told
        self._ended = ended
        self._wake = wake
        self._current: Performance | None = None
        self._task: asyncio.Task[None] | None = None
        self._idling: asyncio.Task[None] | None = None

    @property
    def current(self) -> Performance | None:
        """What is being done."""
        return self._current

    @property
    def free(self) -> bool:
        """Whether a job could begin now."""
        return self._current is None and self._idling is None and not self._runner.busy

    def perform(self, job: Job, row: Row, since: datetime | None) -> Performance:
        """Begin; only where nothing is being done."""
        performance = Performance(job, row, asyncio.get_running_loop().create_future(), since)
        self._current = performance
        self._task = asyncio.create_task(self._perform(performance), name=f"job {job.id}")
        return performance

    def await_idle(self) -> None:
        """Wake the scheduler when whatever else is under way has ended."""
        if self._current is None and self._idling is None:
            self._idling = asyncio.create_task(self._await_idle(), name="waiting for the rig")

    async def stop(self) -> None:
        """Give up what is under way, which ends as aborted."""
        tasks = {task for task in (self._task, self._idling) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _await_idle(self) -> None:
        try:
            while self._runner.busy:
                await self._runner.idle()
                if self._runner.busy:  # somebody was quicker; never a storm
                    await self._clock.asleep(_PAUSE)
        except Exception:
            _logger.exception("nobody can tell when the rig is idle, by an error in the program")
            await self._clock.asleep(_PAUSE)
        finally:
            self._idling = None
        self._wake()

    async def _perform(self, performance: Performance) -> None:
        result = await self._result(performance)
        if result is None:
            self._idling = asyncio.create_task(self._pause(), name="waiting for the rig")
        self._current = None
        try:
            self._ended(performance, result)
        finally:
            if not performance.begun.done():
                performance.begun.set_result(None)
            self._wake()

    async def _pause(self) -> None:
        try:
            await self._clock.asleep(_PAUSE)
        finally:
            self._idling = None
        self._wake()

    async def _result(self, performance: Performance) -> RunResult | None:
        """What came of it, None where it could not begin; raises nothing."""
        begun = performance.begun

        def tell(run: str | None = None, batch: int | None = None) -> None:
            performance.row.change(run=run, batch=batch)
            if not begun.done():
                begun.set_result(None)
                self._told(performance)

        try:
            return await self._runner.run(performance.job, tell)
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                return RunResult(outcome=RunOutcome.ABORTED, reason=STOPPED)
            return _failed(performance, cancelled)
        except BaseException as error:  # noqa: BLE001 - nothing that a job does may end the scheduler
            if isinstance(error, Busy) and not begun.done():
                _refuse(begun, error)
                return None
            return _failed(performance, error)


def _failed(performance: Performance, error: BaseException) -> RunResult:
    if not isinstance(error, PiccoloError):
        _logger.error("job %d ended by an error in the program", performance.job.id, exc_info=error)
    if not performance.begun.done():
        _refuse(performance.begun, error if isinstance(error, PiccoloError) else InternalError(_sentence(error)))
    return RunResult(outcome=RunOutcome.FAILED, reason=_sentence(error))


def _refuse(begun: asyncio.Future[None], error: PiccoloError) -> None:
    begun.set_exception(error)
    begun.exception()  # whether anybody asks or not


def _sentence(error: BaseException) -> str:
    if isinstance(error, PiccoloError):
        return str(error) or type(error).__name__
    return f"error in the program: {type(error).__name__}: {error}"
