"""`control/scheduler`: jobs, what came of them, what comes next, and quiet time."""

from __future__ import annotations

from dataclasses import replace

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Boolean, Integer, Json, JsonValue, Nullable, Number, SafeName, Text
from piccolo3.components.declaration import command, lookup, value
from piccolo3.components.entries import page_of
from piccolo3.components.jobs import JobMaker
from piccolo3.components.schedule_entries import coming_item, fitting, halt_item, job_item, old_row, run_item, short_run
from piccolo3.components.schedules import Schedules
from piccolo3.events import Broker
from piccolo3.origin import origin
from piccolo3.recording.recipes import Wanted
from piccolo3.recording.settings import MODES
from piccolo3.scheduling.events import HaltChanged, JobRunChanged, JobsChanged, QuietChanged
from piccolo3.store.schedule import Job, TaskKind
from piccolo3.wire import MAX_OBSERVABLE, parse_time_of_day, show_time_of_day

__all__ = ["SchedulerResources"]

_MOST = 100  # entries of a page
_FEW = 5  # starts that are observed
_LONGEST = 366 * 86_400.0  # s
_NUMBER = Integer(minimum=0)
_JID = Argument("jid", _NUMBER, text="number of the job")
_JOB = Json("id, task, parameters, when, name, description, status, next (start), failures, made, made_by, ...")
_WHEN = Json(
    "kind (once: at; every: start, seconds, end; cron: expression, timezone, start, end; "
    "sun: seconds, rise_offset, set_offset, elevation, start, end)"
)
_ENABLED = Boolean(lenient=True)
_TIME = Text(max_length=40)
_LIMIT = Argument("limit", Integer(minimum=1, maximum=_MOST), default=20, text="the most that are answered")
_CURSOR = Argument("cursor", Nullable(Text(max_length=500)), default=None, text="of the page before")
_LABELS = (
    Argument("name", Nullable(Text(max_length=64)), default=None),
    Argument("description", Nullable(Text(max_length=400)), default=None),
)
_PARAMETERS = (  # those of a batch (batches.BATCH), but strict: no old client sends them as something else
    Argument("recipe", Nullable(Text(max_length=64)), default=None, text="name of one in the configuration"),
    Argument("run", Nullable(SafeName()), default=None),
    Argument("nsequence", Nullable(Integer(minimum=1, maximum=1_000_000)), default=None),
    Argument("auto", Nullable(Integer(minimum=-1, maximum=1_000_000)), default=None),
    Argument("delay", Nullable(Number(minimum=0, maximum=86_400, unit="s")), default=None),
    Argument("target", Nullable(Number(minimum=10, maximum=90, unit="%")), default=None),
    Argument("mode", Nullable(Text(enum=MODES)), default=None),
    Argument("averages", Nullable(Integer(minimum=1, maximum=1000)), default=None),
    Argument("burst", Nullable(Boolean()), default=None),
    Argument("triggered", Nullable(Boolean()), default=None),
)
_RULES = (
    Argument(
        "grace",
        Nullable(Number(minimum=0, maximum=_LONGEST, unit="s")),
        default=None,
        text="what was due longer ago is skipped; null: as usual",
    ),
    Argument("ignore_quiet_time", Nullable(Boolean()), default=None, text="start it in the quiet time, too"),
)


class SchedulerResources(Component):
    """The scheduler, seen by clients."""

    def __init__(self, schedules: Schedules, maker: JobMaker, broker: Broker) -> None:
        super().__init__("scheduler", title="jobs")
        self._schedules = schedules
        self._maker = maker
        broker.subscribe(JobsChanged, lambda _: self._announce("jobs", "next"))
        broker.subscribe(QuietChanged, lambda _: self._announce(*_QUIET, "next"))
        broker.subscribe(HaltChanged, lambda _: self._announce("enabled", "halt", "next"))
        broker.subscribe(JobRunChanged, self._ran)
        self._last: JsonValue = None

    def _announce(self, *names: str) -> None:
        for name in names:
            self.announce(name)

    def _ran(self, event: JobRunChanged) -> None:
        self._last = short_run(event.run)
        self._announce("last_run", "next")

    # ---- jobs, as old clients know them ----

    @value(
        Json(
            "[id, [task, [arguments]], start, end, interval (s), status]; those that are done or deleted are left out"
        ),
        title="all jobs in short",
        text="see list and job for everything",
        observable=True,
        large=True,
    )
    def jobs(self) -> JsonValue:
        """Return those that are active or suspended."""
        return [old_row(job, self._maker.next_start) for job in self._schedules.jobs]

    @command(_JID, title="start a job no more")
    async def suspend(self, jid: int) -> None:
        """Suspend a job; NotFound."""
        await self._schedules.suspend(jid)

    @command(_JID, title="start a suspended job again")
    async def unsuspend(self, jid: int) -> None:
        """Activate a job; NotFound."""
        await self._schedules.unsuspend(jid)

    @command(_JID, title="delete a job")
    async def delete(self, jid: int) -> None:
        """Delete a job; NotFound."""
        await self._schedules.delete(jid)

    # ---- jobs ----

    @command(
        Argument("after", Nullable(_NUMBER), default=None, text="only those with higher numbers: the cursor"),
        _LIMIT,
        answer=Json("jobs, cursor"),
        title="jobs that are active or suspended",
        text="by their numbers; there are more while the answer has a cursor",
        name="list",
        safe=True,
    )
    async def list_jobs(self, after: int | None, limit: int) -> JsonValue:
        """Return a page of jobs."""
        found = [job for job in self._schedules.jobs if after is None or job.id > after][: limit + 1]
        cursor = found[limit - 1].id if len(found) > limit else None
        return {"jobs": [self._item(job) for job in found[:limit]], "cursor": cursor}

    @lookup(Argument("id", Text(pattern=r"[0-9]{1,18}"), text="number of the job"), _JOB, title="one job")
    async def job(self, number: str) -> JsonValue:
        """Return a job."""
        return self._item(self._schedules.job(int(number)))

    @command(
        Argument("when", _WHEN, text="an interval without a start begins now; times need an offset"),
        Argument("task", Text(enum=tuple(task.value for task in TaskKind)), default="record"),
        *_LABELS,
        *_PARAMETERS,
        *_RULES,
        answer=_JOB,
        title="add a job",
        text="null takes the recipe's or else the current setting, as it is now; the same job twice is one",
    )
    async def add(
        self,
        when: JsonValue,
        task: str,
        name: str | None,
        description: str | None,
        recipe: str | None,
        run: str | None,
        nsequence: int | None,
        auto: int | None,
        delay: float | None,
        target: float | None,
        mode: str | None,
        averages: int | None,
        burst: bool | None,
        triggered: bool | None,
        grace: float | None,
        ignore_quiet_time: bool | None,
    ) -> JsonValue:
        """Make a job; Conflict where there are too many."""
        job = self._maker.make(
            TaskKind(task),
            self._maker.when(when),
            _wanted(recipe, run, nsequence, auto, delay, target, mode, averages, burst, triggered),
            name=name or "",
            description=description or "",
            grace=grace,
            ignores_quiet_time=bool(ignore_quiet_time),
        )
        return self._item(await self._schedules.add(job))

    @command(
        _JID,
        Argument("when", Nullable(_WHEN), default=None),
        *_LABELS,
        *_PARAMETERS,
        *_RULES,
        answer=_JOB,
        title="change a job",
        text="null keeps what it has",
    )
    async def edit(
        self,
        jid: int,
        when: JsonValue,
        name: str | None,
        description: str | None,
        recipe: str | None,
        run: str | None,
        nsequence: int | None,
        auto: int | None,
        delay: float | None,
        target: float | None,
        mode: str | None,
        averages: int | None,
        burst: bool | None,
        triggered: bool | None,
        grace: float | None,
        ignore_quiet_time: bool | None,
    ) -> JsonValue:
        """Change a job; NotFound."""
        job = self._maker.changed(
            self._schedules.job(jid),
            None if when is None else self._maker.when(when),
            _wanted(recipe, run, nsequence, auto, delay, target, mode, averages, burst, triggered),
            name=name,
            description=description,
            grace=grace,
            ignores_quiet_time=ignore_quiet_time,
        )
        return self._item(await self._schedules.change(job))

    def _item(self, job: Job) -> dict[str, JsonValue]:
        return job_item(job, self._maker.next_start(job))

    # ---- runs ----

    @command(_JID, answer=Json("the run of the job"), title="do a job now")
    async def run_now(self, jid: int) -> JsonValue:
        """Start a job; NotFound, Busy while something is being done."""
        return run_item(await self._schedules.run_now(jid))

    @command(
        Argument("jid", Nullable(_NUMBER), default=None, text="null: of all jobs"),
        _LIMIT,
        _CURSOR,
        answer=Json("runs (job, planned, started, ended, outcome, reason, run, batch, late, coalesced), cursor"),
        title="what came of the times at which jobs were due",
        text="the last first; there are more while the answer has a cursor",
        safe=True,
    )
    async def runs(self, jid: int | None, limit: int, cursor: str | None) -> JsonValue:
        """Return a page of runs."""
        return page_of("runs", await self._schedules.runs(jid, limit=limit, cursor=cursor), run_item)

    @value(
        Json("as in runs; null before the first", size=MAX_OBSERVABLE),
        title="the run that began or ended last",
        text="since the daemon was started",
        observable=True,
    )
    def last_run(self) -> JsonValue:
        """Return the run of a job that something happened to last."""
        return self._last

    @value(
        Json("time, job, name, task, skipped (why nothing will be done then)", size=MAX_OBSERVABLE),
        title="what comes next",
        text="the next few starts, quiet time taken into account; see starts",
        observable=True,
    )
    def next(self) -> JsonValue:
        """Return as many starts as fit into one datagram, 5 at most."""
        return fitting(map(coming_item, self._schedules.next(_FEW)))

    @command(
        Argument("count", Integer(minimum=1, maximum=1000), default=20),
        answer=Json("list of: time, job, name, task, skipped (why nothing will be done then)"),
        title="the coming starts of all jobs",
        text="quiet time is taken into account: what falls into one is told once",
        safe=True,
    )
    async def starts(self, count: int) -> JsonValue:
        """Return starts by time and number of the job."""
        return [coming_item(start) for start in self._schedules.next(count)]

    # ---- all of it ----

    @value(Boolean(), title="whether jobs are started at all", text="make_safe ends that", observable=True)
    def enabled(self) -> bool:
        """Return whether they are."""
        return self._schedules.halted is None

    @enabled.setter(Argument("e", _ENABLED))
    async def set_enabled(self, e: bool) -> None:
        """Start no job any more, or start them again."""
        if e:
            await self._schedules.resume()
        else:
            self._schedules.halt("switched off", origin.get())

    @value(
        Json("since, reason, by; null if they are", size=MAX_OBSERVABLE),
        title="why jobs are not started",
        observable=True,
    )
    def halt(self) -> JsonValue:
        """Return since when and why no job is started."""
        return halt_item(self._schedules.halted)

    # ---- quiet time ----

    @value(Boolean(), name="quietTimeEnabled", title="whether there is a quiet time", observable=True)
    def quiet_time_enabled(self) -> bool:
        """Return whether jobs rest in the quiet time."""
        return self._schedules.quiet.enabled

    @quiet_time_enabled.setter(Argument("e", _ENABLED))
    async def set_quiet_time_enabled(self, e: bool) -> None:
        """Switch it."""
        await self._change_quiet(enabled=e)

    @value(Boolean(), name="powerOffEnabled", title="whether spectrometers are off in the quiet time", observable=True)
    def power_off_enabled(self) -> bool:
        """Return whether those with a power switch are switched off."""
        return self._schedules.quiet.power_off

    @power_off_enabled.setter(Argument("e", _ENABLED))
    async def set_power_off_enabled(self, e: bool) -> None:
        """Switch it."""
        await self._change_quiet(power_off=e)

    @value(
        Number(minimum=0, maximum=86_400, unit="s", whole_as_integer=True),
        name="powerDelay",
        title="how long before and after power-off time it is quiet",
        text="spectrometers are off from so long after the begin of the quiet time to so long before its end at least",
        observable=True,
    )
    def power_delay(self) -> float:
        """Return the delay."""
        return self._schedules.quiet.power_delay

    @power_delay.setter(Argument("delay", Number(minimum=0, maximum=86_400, unit="s", lenient=True)))
    async def set_power_delay(self, delay: float) -> None:
        """Set the delay."""
        await self._change_quiet(power_delay=delay)

    @value(_TIME, name="quietStart", title="begin of the quiet time", text="UTC", observable=True)
    def quiet_start(self) -> str:
        """Return it as %H:%M:%S%z."""
        return show_time_of_day(self._schedules.quiet.start)

    @quiet_start.setter(Argument("t", _TIME, text="HH:MM:SS, UTC unless it has an offset"))
    async def set_quiet_start(self, t: str) -> None:
        """Set it."""
        await self._change_quiet(start=parse_time_of_day(t, naive="utc"))

    @value(
        _TIME,
        name="quietEnd",
        title="end of the quiet time",
        text="UTC; over midnight if before the begin",
        observable=True,
    )
    def quiet_end(self) -> str:
        """Return it as %H:%M:%S%z."""
        return show_time_of_day(self._schedules.quiet.end)

    @quiet_end.setter(Argument("t", _TIME, text="HH:MM:SS, UTC unless it has an offset"))
    async def set_quiet_end(self, t: str) -> None:
        """Set it."""
        await self._change_quiet(end=parse_time_of_day(t, naive="utc"))

    async def _change_quiet(self, **changes: object) -> None:
        await self._schedules.set_quiet(replace(self._schedules.quiet, **changes))  # type: ignore[arg-type]


_QUIET = ("quietTimeEnabled", "powerOffEnabled", "powerDelay", "quietStart", "quietEnd")


def _wanted(
    recipe: str | None,
    run: str | None,
    sequences: int | None,
    auto: int | None,
    delay: float | None,
    target: float | None,
    mode: str | None,
    averages: int | None,
    burst: bool | None,
    triggered: bool | None,
) -> Wanted:
    return Wanted(
        recipe=recipe,
        run=run,
        sequences=sequences,
        autointegration=auto,
        delay=delay,
        target=target,
        mode=mode,
        averages=averages,
        burst=burst,
        triggered=triggered,
    )
