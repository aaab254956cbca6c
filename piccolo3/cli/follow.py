"""Start something on a server and follow it to its end, with a bar and with Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from rich.console import Console

from piccolo3.cli.interrupt import Interrupts, Left
from piccolo3.cli.progress import Reporter
from piccolo3.client import Follower, Outcome, Piccolo
from piccolo3.errors import NotBusy

__all__ = ["follow", "summary"]


def summary(outcome: Outcome) -> str:
    """How a batch ended, in a line."""
    what = {"record": "batch", "dark": "dark batch", "auto": "automatic integration"}.get(outcome.kind, "batch")
    if outcome.batch is not None and outcome.batch >= 0 and outcome.kind != "auto":
        what += f" {outcome.batch}"
        what += f" of run {outcome.run}" if outcome.run else ""
    text = f"{what} {outcome.result}"
    if outcome.kind == "record" and outcome.sequences_done is not None:
        text += f", {outcome.sequences_done} sequence{'' if outcome.sequences_done == 1 else 's'}"
    return f"{text}: {outcome.reason}" if outcome.reason else text


async def follow(
    rig: Piccolo, start: Callable[[], Awaitable[object]], console: Console, title: str, interrupts: Interrupts | None
) -> Outcome:
    """Call `start`, show the progress and return the outcome. Left if the user left the batch to itself."""
    async with rig.control.follow() as batch:
        await start()
        with Reporter(console, title) as reporter:
            watching = asyncio.create_task(_watch(batch, reporter))
            try:
                if interrupts is not None:
                    await _until_done(rig, watching, reporter, interrupts)
                outcome = await watching
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            return outcome


async def _watch(batch: Follower, reporter: Reporter) -> Outcome:
    async for progress in batch:
        reporter.show(progress)
    outcome = batch.outcome
    if outcome is None:
        raise RuntimeError("a batch has to end with an outcome")
    if outcome.complete:
        reporter.done("complete")
    return outcome


async def _until_done(
    rig: Piccolo, watching: asyncio.Task[Outcome], reporter: Reporter, interrupts: Interrupts
) -> None:
    while not watching.done():
        pressed = asyncio.create_task(interrupts.pressed())
        try:
            await asyncio.wait({watching, pressed}, return_when=asyncio.FIRST_COMPLETED)
            if pressed.done() and not watching.done():
                pressed.result()
                await _interrupted(rig, reporter, interrupts)
        finally:
            pressed.cancel()
            await asyncio.gather(pressed, return_exceptions=True)


async def _interrupted(rig: Piccolo, reporter: Reporter, interrupts: Interrupts) -> None:
    if not interrupts.can_ask():
        raise Left
    reporter.pause()
    if await interrupts.ask("\nabort the batch?"):
        interrupts.leave = True  # the next Ctrl-C is for those who don't want to wait for the end
        with contextlib.suppress(NotBusy):  # it has just ended by itself
            await rig.control.abort()
    reporter.resume()
