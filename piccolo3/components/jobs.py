"""Jobs are made and changed here: everything is resolved and looked at, so that what can't work is refused at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from piccolo3.clock import Clock
from piccolo3.components.starts import when_of
from piccolo3.errors import InvalidValue, Unavailable
from piccolo3.jsonvalue import JsonValue
from piccolo3.origin import origin
from piccolo3.position import Position
from piccolo3.recording import Recorder
from piccolo3.recording.estimate import expected_seconds
from piccolo3.recording.order import Kind, Order
from piccolo3.recording.recipes import Wanted
from piccolo3.scheduling import triggers
from piccolo3.store.schedule import BySun, Every, Job, Once, TaskKind, When
from piccolo3.store.schedule.coding import when_from_dict
from piccolo3.wire import show_time

__all__ = ["DAY", "JobMaker", "order_of"]

DAY = 86_400.0  # s, between two times that old clients have spectrometers switched
_KINDS: Mapping[TaskKind, Kind] = {TaskKind.RECORD: "record", TaskKind.DARK: "dark", TaskKind.AUTO: "auto"}
_SETTINGS = ("sequences", "autointegration", "delay", "target", "mode", "averages")


def order_of(job: Job) -> Order | None:
    """What a job does, None where it switches spectrometers."""
    kind = _KINDS.get(job.task)
    return None if kind is None else Order.of_parameters(kind, job.parameters)


class JobMaker:
    """Makes jobs from what is asked for, and the present settings where nothing is. InvalidValue for what can't be."""

    def __init__(self, recorder: Recorder, clock: Clock, position: Callable[[], Position | None]) -> None:
        self._recorder = recorder
        self._clock = clock
        self._position = position

    def make(
        self,
        task: TaskKind,
        when: When,
        wanted: Wanted,
        *,
        name: str = "",
        description: str = "",
        grace: float | None = None,
        ignores_quiet_time: bool = False,
    ) -> Job:
        """A new job, with all parameters as they are now. Unavailable where the sun is wanted, but not the place."""
        job = Job(
            task=task,
            parameters=self._parameters(task, wanted),
            when=when,
            name=name,
            description=description,
            grace=grace,
            ignores_quiet_time=ignores_quiet_time,
            made=self._clock.utcnow(),
            made_by=origin.get(),
        )
        self._check(job)
        return job

    def changed(self, job: Job, when: When | None, wanted: Wanted, **others: object) -> Job:
        """The job with what is not None replaced."""
        given = {key: value for key, value in others.items() if value is not None}
        new = replace(job, **given)  # type: ignore[arg-type]
        if any(value is not None for value in wanted.values()):
            new = replace(new, parameters=self._changed_parameters(job, wanted))
        if when is not None:
            new = replace(new, when=when)
        if new.when != job.when or new.parameters != job.parameters:
            self._check(new)
        return new

    def when(self, value: JsonValue) -> When:
        """When a job is due, from what a client says; an interval without a start begins now."""
        if isinstance(value, Mapping) and value.get("kind") == "every" and value.get("start") is None:
            value = {**value, "start": show_time(self._soon())}
        return when_from_dict(value)

    def old_when(self, at_time: str | None, interval: float | None, end_time: str | None) -> When | None:
        """The same as old clients say it, None for now and never again; see `when_of`."""
        when = when_of(at_time, interval, end_time, self._clock.utcnow())
        return replace(when, start=self._soon()) if at_time is None and isinstance(when, Every) else when

    def next_start(self, job: Job) -> datetime | None:
        """When a job is due next, whatever there is then."""
        return triggers.next_after(job.when, self._clock.utcnow(), self._position())

    def _soon(self) -> datetime:
        """The next whole second."""
        return self._clock.utcnow().astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)

    def _parameters(self, task: TaskKind, wanted: Wanted) -> dict[str, JsonValue]:
        given = sorted(name for name, value in wanted.items() if value is not None)
        known = _known_parameters(task)
        if strange := [name for name in given if name not in known]:
            raise InvalidValue(f"a job that does {task.value} has no {strange[0]}", argument=strange[0])
        kind = _KINDS.get(task)
        if kind is None:
            return {}
        order = replace(self._recorder.resolve(**wanted), kind=kind)
        run = None if kind == "auto" else order.run or self._recorder.run
        return replace(order, run=run).parameters()

    def _changed_parameters(self, job: Job, wanted: Wanted) -> dict[str, JsonValue]:
        """What is not given stays as it was when the job was made; with a recipe that is resolved anew."""
        run = job.parameters.get("run")
        if wanted.get("recipe") is not None:
            new = self._parameters(job.task, wanted)
            return new if wanted.get("run") is not None or not isinstance(run, str) else {**new, "run": run}
        self._parameters(job.task, wanted)  # refuses what there is not
        given = {name: value for name, value in wanted.items() if value is not None}
        merged: dict[str, JsonValue] = {**job.parameters, **given}  # type: ignore[dict-item]
        return Order.of_parameters(_KINDS[job.task], merged).parameters()

    def _check(self, job: Job) -> None:
        triggers.check(job.when)
        now = self._clock.utcnow()
        self._check_times(job, now)
        order = order_of(job)
        if order is None:
            return
        order.steps(self._recorder.channels, clobber=False)
        gap = triggers.shortest_gap(job.when, now)
        seconds = 0.0 if order.triggered else expected_seconds(order, self._recorder.rig)
        if gap is not None and gap < seconds:
            raise InvalidValue(
                f"it takes about {seconds:.1f} s, but is to be done every {gap:g} s",
                argument="interval",
                expected=round(seconds, 1),
                interval=gap,
            )

    def _check_times(self, job: Job, now: datetime) -> None:
        when = job.when
        if isinstance(when, Once):
            if when.at <= now:
                raise InvalidValue(
                    f"the time {show_time(when.at)} is in the past: it is {self._shown_now()}", argument="at_time"
                )
            return
        if when.end is not None and when.end <= now:
            raise InvalidValue(
                f"the end {show_time(when.end)} is in the past: it is {self._shown_now()}", argument="end_time"
            )
        if isinstance(when, BySun) and self._position() is None:
            raise Unavailable("nobody knows where the rig is: say it in the configuration, or let it have GPS")
        if self.next_start(job) is None and not isinstance(when, BySun):
            raise InvalidValue("there is no such time before the end", argument="end_time")

    def _shown_now(self) -> str:
        return show_time(self._clock.utcnow().replace(microsecond=0))


def _known_parameters(task: TaskKind) -> frozenset[str]:
    """What can be asked of a task."""
    if task is TaskKind.RECORD:
        return frozenset(Wanted.__annotations__) | frozenset(_SETTINGS)
    return {TaskKind.DARK: frozenset({"run", "averages"}), TaskKind.AUTO: frozenset({"target"})}.get(task, frozenset())
