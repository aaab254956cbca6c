"""Record a batch and follow it: what `piccolo3-record` does."""

from __future__ import annotations

import sys

from rich.console import Console

from piccolo3.cli import record_tables, table
from piccolo3.cli.follow import follow, summary
from piccolo3.cli.interrupt import Interrupts, Left
from piccolo3.cli.options import connect
from piccolo3.cli.program import DONE, FAILED, INTERRUPTED, complain
from piccolo3.cli.record_options import Options
from piccolo3.cli.times import set_times
from piccolo3.client import Piccolo
from piccolo3.client.plan import PlanOptions
from piccolo3.errors import NotFound

__all__ = ["run", "start_batch"]


def _complain(text: str) -> None:
    complain("piccolo3-record", text, FAILED)


async def run(options: Options) -> int:
    """Do it; return the exit status."""
    async with connect(options.given) as rig:
        if options.list_spectrometers:
            sys.stdout.write(await table.spectrometers(rig))
            return DONE
        if options.list_recipes:
            sys.stdout.write(record_tables.recipes(await rig.control.recipes()))
            return DONE
        if options.dry_run:
            sys.stdout.write(await _dry_run(rig, options))
            return DONE
        await set_times(rig, options.times)
        if options.scheduled:
            await start_batch(rig, options)
            sys.stdout.write("scheduled\n")
            return DONE
        return await _record(rig, options)


async def start_batch(rig: Piccolo, options: Options) -> None:
    """Start what the options ask for."""
    await rig.control.record_sequence(**_wanted(options))


async def _dry_run(rig: Piccolo, options: Options) -> str:
    return record_tables.plan(await rig.control.plan(**_wanted(options)))


def _wanted(options: Options) -> PlanOptions:
    """The same for a batch and for what would become of it."""
    return {
        "run": options.run,
        "sequences": options.sequences,
        "auto": options.auto,
        "delay": options.delay,
        "target": options.target,
        "mode": options.mode,
        "averages": options.averages,
        "burst": options.burst,
        "at_time": options.start,
        "interval": options.interval,
        "end_time": options.stop,
        "recipe": options.recipe,
    }


async def _record(rig: Piccolo, options: Options) -> int:
    with Interrupts() as interrupts:
        try:
            outcome = await follow(rig, lambda: start_batch(rig, options), Console(), "recording", interrupts)
        except Left:
            _complain("left the batch running; abort it with PUT control/abort")
            return INTERRUPTED
    sys.stdout.write(summary(outcome) + "\n")
    for loss in outcome.lost:
        _complain(f"lost: {loss}")
    for text in await _flagged(rig):
        sys.stdout.write(text + "\n")
    if interrupts.leave:
        return INTERRUPTED
    return DONE if outcome.result in ("complete", "ended") else FAILED


async def _flagged(rig: Piccolo) -> list[str]:
    """What there is to say against the last sequence, a line for each channel; nothing from servers before 0.6."""
    try:
        flags = await rig.control.flags()
    except NotFound:
        return []
    return [
        f"flagged in the last sequence: {name} {channel}: {', '.join(texts)}"
        for name, channels in flags.items()
        for channel, texts in channels.items()
        if texts
    ]
