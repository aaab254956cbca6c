"""Show and change what a server does by itself: what `piccolo3-schedule` does."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, time
from typing import cast

from piccolo3.cli import schedule_tables as tables
from piccolo3.cli.options import connect
from piccolo3.cli.program import DONE, FAILED, complain
from piccolo3.cli.schedule_options import wanted
from piccolo3.client.schedule import ComingStart, Halt, Job, JobOptions, JobRun, Schedule
from piccolo3.errors import PiccoloError
from piccolo3.wire import JsonValue, show_time, show_time_of_day

__all__ = ["run"]


def _complain(text: str, status: int) -> int:
    return complain("piccolo3-schedule", text, status)


async def run(options: Namespace) -> int:
    """Do it; return the exit status."""
    async with connect(options) as rig:
        return await _COMMANDS[options.command](rig.schedule, options)


async def _list(schedule: Schedule, options: Namespace) -> int:
    found = [job async for job in schedule.jobs()]
    if options.json:
        return _print_json([_plain(job) for job in found])
    if found:
        tables.jobs(found)
    else:
        sys.stdout.write("there are no jobs\n")
    return await _warn_of_halt(schedule)


async def _show(schedule: Schedule, options: Namespace) -> int:
    job = await schedule.job(options.job)
    if options.json:
        return _print_json(_plain(job))
    tables.details(job)
    return DONE


async def _add(schedule: Schedule, options: Namespace) -> int:
    return await _tell(schedule, await schedule.add(options.when, **wanted(options)), options)


async def _edit(schedule: Schedule, options: Namespace) -> int:
    changes = cast("JobOptions", wanted(options))  # it has no option for the task
    return await _tell(schedule, await schedule.edit(options.job, options.when, **changes), options)


async def _tell(schedule: Schedule, job: Job, options: Namespace) -> int:
    if options.json:
        return _print_json(_plain(job))
    name = f" ({job.name})" if job.name else ""
    following = "never" if job.next is None else tables.moment(job.next)
    sys.stdout.write(f"job {job.id}{name}: {tables.shown_when(job.when)}; next: {following}\n")
    return await _warn_of_halt(schedule)


async def _next(schedule: Schedule, options: Namespace) -> int:
    starts = await schedule.next(min(options.count, 1000))
    if options.json:
        return _print_json([_plain(start) for start in starts])
    if starts:
        tables.coming(starts)
    else:
        sys.stdout.write("nothing comes\n")
    return DONE


async def _suspend(schedule: Schedule, options: Namespace) -> int:
    return await _each(options, schedule.suspend)


async def _unsuspend(schedule: Schedule, options: Namespace) -> int:
    return await _each(options, schedule.unsuspend)


async def _delete(schedule: Schedule, options: Namespace) -> int:
    return await _each(options, schedule.delete)


async def _each(options: Namespace, action: Callable[[int], Awaitable[None]]) -> int:
    """Do it with all of them, also if one is not there."""
    status = DONE
    for number in options.job:
        try:
            await action(number)
        except PiccoloError as problem:
            status = _complain(str(problem), FAILED)
    return status


async def _run_now(schedule: Schedule, options: Namespace) -> int:
    run = await schedule.run_now(options.job)
    if options.json:
        return _print_json(_plain(run))
    batch = "" if run.batch is None else f": batch {run.batch} of {run.run}"
    sys.stdout.write(f"job {run.job} has begun{batch}\n")
    return DONE


async def _runs(schedule: Schedule, options: Namespace) -> int:
    found = [run async for run in schedule.runs(options.job, options.count)]
    if options.json:
        return _print_json([_plain(run) for run in found])
    if found:
        tables.runs(found)
    else:
        sys.stdout.write("nothing was due yet\n")
    return DONE


async def _quiet(schedule: Schedule, options: Namespace) -> int:
    if options.start is not None:
        await schedule.quiet_start.set(options.start)
    if options.end is not None:
        await schedule.quiet_end.set(options.end)
    if options.power_delay is not None:
        await schedule.power_delay.set(options.power_delay)
    if options.power_off is not None:
        await schedule.power_off_enabled.set(options.power_off)
    if options.enabled is not None:
        await schedule.quiet_enabled.set(options.enabled)
    start, end = await schedule.quiet_start(), await schedule.quiet_end()
    enabled, off, delay = (
        await schedule.quiet_enabled(),
        await schedule.power_off_enabled(),
        await schedule.power_delay(),
    )
    if options.json:
        body = {"enabled": enabled, "start": show_time_of_day(start), "end": show_time_of_day(end)}
        return _print_json({**body, "power_off": off, "power_delay": delay})
    word = "on" if enabled else "off"
    sys.stdout.write(f"quiet time from {_shown(start)} to {_shown(end)} UTC is {word}\n")
    power = f"off from {tables.span(delay)} after its begin to as long before its end" if off else "not switched off"
    sys.stdout.write(f"spectrometers with a power switch are {power}\n")
    return DONE


def _shown(when: time) -> str:
    return when.strftime("%H:%M:%S").removesuffix(":00")


async def _halt(schedule: Schedule, _: Namespace) -> int:
    await schedule.enabled.set(False)
    return DONE


async def _resume(schedule: Schedule, _: Namespace) -> int:
    await schedule.enabled.set(True)
    return DONE


async def _warn_of_halt(schedule: Schedule) -> int:
    halt = await schedule.halt()
    if halt is not None:
        _complain(
            f"no job is started since {tables.moment(halt.since)} ({halt.reason}); piccolo3-schedule resume ends that",
            0,
        )
    return DONE


def _print_json(body: object) -> int:
    sys.stdout.write(json.dumps(body, indent=1) + "\n")
    return DONE


def _plain(value: Job | JobRun | ComingStart | Halt) -> dict[str, JsonValue]:
    return {name: _text(found) for name, found in asdict(value).items()}


def _text(value: object) -> JsonValue:
    return show_time(value) if isinstance(value, datetime) else cast("JsonValue", value)


_COMMANDS: Mapping[str, Callable[[Schedule, Namespace], Awaitable[int]]] = {
    "list": _list,
    "show": _show,
    "add": _add,
    "edit": _edit,
    "next": _next,
    "suspend": _suspend,
    "unsuspend": _unsuspend,
    "delete": _delete,
    "run": _run_now,
    "runs": _runs,
    "quiet": _quiet,
    "halt": _halt,
    "resume": _resume,
}
