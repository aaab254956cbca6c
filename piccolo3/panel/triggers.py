"""Record a batch for each trigger: what `piccolo3-triggered` does."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime

from rich.console import Console

from piccolo3.cli import table
from piccolo3.cli.follow import follow, summary
from piccolo3.cli.interrupt import Left
from piccolo3.cli.options import connect
from piccolo3.cli.record_options import Options
from piccolo3.cli.recording import start_batch
from piccolo3.cli.times import set_times
from piccolo3.client import Outcome, Piccolo
from piccolo3.clock import Clock
from piccolo3.errors import Conflict, PiccoloError
from piccolo3.pins.here import watched

__all__ = ["run"]


class _Triggers:
    """When triggers came. `end` says that no more will come, `leave` that nobody wants to wait for anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fired: asyncio.Queue[float | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()

    def fire(self, moment: float) -> None:
        """One came, at that time (monotonic, s); from any thread."""
        self._loop.call_soon_threadsafe(self._fired.put_nowait, moment)

    def end(self) -> None:
        self._fired.put_nowait(None)

    def leave(self) -> None:
        self.end()
        self._leave.set()

    async def next(self) -> datetime | None:
        """When the next one came (aware, UTC); None after the last one."""
        moment = await self._fired.get()
        return None if moment is None else self._clock.utc_of(moment)

    def drop(self) -> int:
        """Forget those that have come meanwhile; their number."""
        dropped = 0
        while not self._fired.empty():
            if self._fired.get_nowait() is None:
                self.end()
                break
            dropped += 1
        return dropped

    async def unless_left(self, doing: Awaitable[Outcome]) -> Outcome:
        """What comes of it. Left if nobody wants to wait for that."""
        task = asyncio.ensure_future(doing)
        leaving = asyncio.create_task(self._leave.wait())
        try:
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Left
            return task.result()
        finally:
            for each in (task, leaving):
                each.cancel()
            await asyncio.gather(task, leaving, return_exceptions=True)


def _complain(text: str) -> None:
    sys.stderr.write(f"piccolo3-triggered: {text}\n")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def run(given: argparse.Namespace, options: Options, clock: Clock) -> int:
    """Record until a signal comes; return the exit status."""
    async with connect(given) as rig:
        if options.list_spectrometers:
            sys.stdout.write(await table.spectrometers(rig))
            return 0
        await set_times(rig, options.times)
        triggers = _Triggers(clock)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, triggers.leave)
        try:
            async with _listening(given, triggers, clock):
                await _record_each(rig, options, triggers)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
        return 0


async def _record_each(rig: Piccolo, options: Options, triggers: _Triggers) -> None:
    recorded = 0
    while (fired := await triggers.next()) is not None:
        _say(f"trigger at {fired.isoformat(timespec='milliseconds')}")
        try:
            outcome = await triggers.unless_left(
                follow(rig, lambda: start_batch(rig, options), Console(), "recording", None)
            )
        except Left:
            _complain("left the batch running; abort it with PUT control/abort")
        except Conflict as problem:
            _complain(f"ignored: {problem}")
        except PiccoloError as problem:  # the server may be back at the next one
            _complain(str(problem))
        else:
            recorded += 1
            _say(summary(outcome))
            for loss in outcome.lost:
                _complain(f"lost: {loss}")
        if dropped := triggers.drop():
            _complain(f"ignored {dropped} trigger{'s' if dropped > 1 else ''} that came while that was done")
    _say(f"{recorded} batch{'' if recorded == 1 else 'es'} recorded")


@asynccontextmanager
async def _listening(given: argparse.Namespace, triggers: _Triggers, clock: Clock) -> AsyncIterator[None]:
    """Listen to the pin, or to the lines of the standard input. Raises DeviceError."""
    if given.simulate_trigger:
        _say("each line (Enter) is a trigger, the end of the input (Ctrl-D) the end")
        loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

        def readable() -> None:
            data = os.read(descriptor, 4096)
            for _ in range(data.count(b"\n")):
                triggers.fire(clock.monotonic())
            if not data:
                loop.remove_reader(descriptor)
                triggers.end()

        try:
            loop.add_reader(descriptor, readable)
        except PermissionError:  # a plain file: all of it is there
            for _ in sys.stdin:
                triggers.fire(clock.monotonic())
            loop.call_soon(triggers.end)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)
        return
    with watched(
        given.pin_factory,
        given.pin,
        lambda edge: triggers.fire(edge.time),
        active=given.edge == "rising",
        debounce=given.debounce / 1000,
        reset=given.reset_pin if given.reset_pin >= 0 else None,
    ):
        _say(f"waiting for a {given.edge} edge on GPIO {given.pin}")
        yield
