"""`piccolo status`: one screen about each rig."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from piccolo3.cli import logs
from piccolo3.cli.front.rigs import Answer, Body, as_json, ask_all, complain, console, dump, maybe
from piccolo3.cli.progress import describe
from piccolo3.cli.table import milliseconds
from piccolo3.client import Piccolo, Progress, Spectrometer
from piccolo3.errors import NotFound
from piccolo3.wire import JsonValue

__all__ = ["gather", "run"]

_EXIT = {"ok": 0, "warn": 3, "alarm": 4}
_COLOURS = {"ok": "green", "warn": "yellow", "alarm": "red", "unknown": "dim"}


def run(options: Namespace) -> int:
    """Show it once, or again and again until Ctrl-C."""
    logs.setup(bool(options.debug))
    if options.watch is None:
        return _show(options, asyncio.run(ask_all(options, gather)), console())
    return _watch(options)


def _watch(options: Namespace) -> int:
    interval = max(0.2, options.watch)
    screen = console()
    if options.json or not screen.is_terminal:
        while True:
            _show(options, asyncio.run(ask_all(options, gather)), screen)
            time.sleep(interval)
    with Live(console=screen, auto_refresh=False, screen=True) as live:
        while True:
            answers = asyncio.run(ask_all(options, gather))
            live.update(Group(*[_rendered(answer) for answer in answers]), refresh=True)
            time.sleep(interval)


def _show(options: Namespace, answers: Sequence[Answer[Body]], screen: Console) -> int:
    worst = 0
    for number, answer in enumerate(answers):
        if options.json:
            dump(answer)
        elif answer.problem is not None:
            complain(options, answer.problem, answer.rig)
        else:
            if number:
                screen.print()
            screen.print(_rendered(answer))
        worst = max(worst, _status_of(answer), key=_badness)
    sys.stdout.flush()
    return worst


def _status_of(answer: Answer[Body]) -> int:
    if answer.value is None:
        return 1
    return _EXIT.get(_health(answer.value), 0)


def _badness(status: int) -> int:
    return (0, 3, 4, 1).index(status)


def _health(body: Body) -> str:
    health = body.get("health")
    return str(health.get("status")) if isinstance(health, Mapping) else "unknown"


async def gather(rig: Piccolo) -> Body:
    """Everything that is shown, as JSON; null is what the server does not have."""
    started = await maybe(rig.sysinfo.started)
    outcome = await maybe(rig.control.outcome)
    progress = await maybe(rig.control.progress)
    channels = await rig.spectrometers.channels()
    return {
        "version": await rig.sysinfo.version(),
        "host": await rig.sysinfo.host(),
        "clock": (await rig.sysinfo.clock()).isoformat(),
        "started": None if started is None else started.isoformat(),
        "health": await maybe(rig.sysinfo.health),
        "status": await rig.control.status(),
        "progress": None if progress is None else as_json(progress),
        "outcome": None if outcome is None else as_json(outcome),
        "run": (await rig.data_dir.current_run()).name,
        "data_dir": await rig.data_dir.path(),
        "channels": list(channels),
        "shutters": {one: await _shutter(rig, one) for one in channels},
        "spectrometers": [await spectrometer(one, channels) for one in await rig.spectrometers.all()],
        "jobs": await _jobs(rig),
    }


async def _shutter(rig: Piccolo, channel: str) -> str | None:
    state = await maybe(rig.shutters[channel].status)
    return None if state is None else str(state.value)


async def _jobs(rig: Piccolo) -> int | None:
    try:
        jobs = await rig.get("control/scheduler/jobs")
    except NotFound:
        return None
    return len(jobs) if isinstance(jobs, list) else None


async def spectrometer(one: Spectrometer, channels: Sequence[str]) -> dict[str, JsonValue]:
    """A spectrometer: times in ms, temperature in degrees C."""
    info = await maybe(one.info)
    cooler = await maybe(one.cooler)
    reason = await maybe(one.reason)
    return {
        "name": one.name,
        "model": None if info is None else info.get("model"),
        "status": (await one.status()).name,
        "reason": reason,
        "min_time": await one.min_time(),
        "max_time": await one.max_time(),
        "times": {channel: await one.current_time(channel) for channel in channels},
        "temperature": None if cooler is None else cooler.get("temperature"),
        "cooler": None if cooler is None else cooler.get("enabled"),
        "target": None if cooler is None else cooler.get("target"),
    }


def _rendered(answer: Answer[Body]) -> RenderableType:
    body = answer.value
    if body is None:
        return Text(str(answer.problem), style="red")
    health = _health(body)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    since = f", up since {_short(body['started'])}" if body["started"] else ""
    grid.add_row("rig", escape(f"{answer.rig} ({body['host']}), piccolo3 {body['version']}{since}"))
    grid.add_row("health", Text(health, style=_COLOURS.get(health, "red")))
    found = body.get("health")
    sentences = found.get("sentences") if isinstance(found, Mapping) else None
    for sentence in sentences if isinstance(sentences, list) else ():
        grid.add_row("", escape(str(sentence)))
    grid.add_row("doing", escape(_doing(body)))
    if body["outcome"] is not None:
        grid.add_row("before", escape(_before(body["outcome"])))
    grid.add_row("data", escape(f"run {body['run']} in {body['data_dir']}"))
    shutters = body["shutters"]
    if isinstance(shutters, Mapping):
        grid.add_row("shutters", escape(", ".join(f"{name} {state or '?'}" for name, state in shutters.items())))
    if body["jobs"]:
        grid.add_row("schedule", f"{body['jobs']} jobs")
    return Group(grid, table(body))


def _short(when: JsonValue) -> str:
    return str(when)[:16].replace("T", " ")


def _doing(body: Body) -> str:
    progress = body["progress"]
    if body["status"] == "idle" or not isinstance(progress, Mapping):
        return str(body["status"])
    shown = describe(Progress.of(progress))
    error = f"; {progress['last_error']}" if progress.get("last_error") else ""
    return f"{shown}, batch {progress.get('batch')} of run {progress.get('run')} ({body['status']}){error}"


def _before(outcome: JsonValue) -> str:
    if not isinstance(outcome, Mapping):
        return str(outcome)
    what = "automatic integration" if outcome["kind"] == "auto" else f"batch {outcome['batch']} of run {outcome['run']}"
    reason = f": {outcome['reason']}" if outcome.get("reason") else ""
    return f"{what} {outcome['result']} at {_short(outcome['ended'])}{reason}"


def table(body: Body) -> Table:
    """The spectrometers, a row for each."""
    shown = Table(box=None, padding=(0, 2), header_style="dim", pad_edge=False)
    channels = body["channels"] if isinstance(body["channels"], list) else []
    shown.add_column("spectrometer")
    shown.add_column("model")
    for name in ("min ms", *(f"{channel} ms" for channel in channels), "max ms", "°C"):
        shown.add_column(name, justify="right")
    shown.add_column("state")
    rows = body["spectrometers"]
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            shown.add_row(*_row(row, channels))
    return shown


def _row(row: Mapping[str, JsonValue], channels: Sequence[JsonValue]) -> list[RenderableType]:
    times = row["times"]
    found = [_ms(times.get(str(channel))) for channel in channels] if isinstance(times, Mapping) else []
    temperature = row["temperature"]
    state = str(row["status"]) + (f": {row['reason']}" if row["reason"] else "")
    style = "green" if row["status"] in ("IDLE", "RECORDING", "AUTOINTEGRATING") else "red"
    degrees = f"{temperature:.1f}" if isinstance(temperature, int | float) else ""
    head = [escape(str(row["name"])), escape(str(row["model"] or ""))]
    return [*head, _ms(row["min_time"]), *found, _ms(row["max_time"]), degrees, Text(state, style=style)]


def _ms(value: JsonValue) -> str:
    return milliseconds(value) if isinstance(value, int | float) else ""
