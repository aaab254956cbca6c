"""What the scheduler needs of others: somebody who does the jobs, the store, the power, the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from piccolo3.jsonvalue import JsonValue
from piccolo3.store.schedule import Job, RunOutcome, ScheduleStore

__all__ = ["AsksStore", "Begun", "Notes", "Power", "RunResult", "Runner"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run of a job ended; `reason` is a sentence where it is not complete."""

    outcome: RunOutcome
    reason: str | None = None
    run: str | None = None
    batch: int | None = None


class Begun(Protocol):
    """To be called once when a job has begun; the run and batch as far as they are known then."""

    def __call__(self, run: str | None = None, batch: int | None = None) -> None: ...


class Runner(Protocol):
    """Does what jobs say. All of it belongs to the event loop's thread."""

    @property
    def busy(self) -> bool:
        """Whether something is under way that has to end before a job can begin."""

    async def idle(self) -> None:
        """Wait until nothing is."""

    async def run(self, job: Job, begun: Begun) -> RunResult:
        """Do it, and wait for its end. Busy where it could not begin; other errors are those of the job."""


class Power(Protocol):
    """All spectrometers that have a power switch. What goes wrong is raised, and tried again later."""

    @property
    def warm_up(self) -> float:
        """How long (s) it takes from switching them on until they are ready and their detectors settled."""

    async def switch_off(self) -> None:
        """Switch them off; those that are off stay so."""

    async def switch_on(self) -> None:
        """Switch them on, and begin to connect and to cool."""


class AsksStore(Protocol):
    """Calls a function with the store, in the store's thread, one at a time. StoreError and whatever it raises."""

    async def __call__(self, function: Callable[[ScheduleStore], T], /) -> T: ...


class Notes(Protocol):
    """The journal, `Journal.note`."""

    def __call__(
        self,
        kind: str,
        message: str,
        *,
        level: str = "info",
        source: str = "",
        details: Mapping[str, JsonValue] | None = None,
    ) -> None: ...
