"""`piccolo record`, `auto`, `dark` and `abort`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable

from rich.console import Console

from piccolo3.cli import logs
from piccolo3.cli.follow import summary
from piccolo3.cli.front.rigs import Answer, Body, as_json, complain, console, dump, run_all
from piccolo3.cli.interrupt import Interrupts, Left
from piccolo3.cli.progress import Reporter, describe
from piccolo3.client import Batch, Outcome, Piccolo
from piccolo3.clock import SystemClock
from piccolo3.errors import NotBusy, NotFound, PiccoloError
from piccolo3.wire import JsonValue

__all__ = ["run"]

_LEFT = "left running; `piccolo abort` ends it"


def run(options: Namespace) -> int:
    """Do it with all rigs; 0 if all that was begun is complete."""
    if options.command == "abort":
        return run_all(options, lambda rig: _abort(rig, safe=options.safe), _say)
    logs.setup(bool(options.debug))
    return asyncio.run(_all(options))


async def _abort(rig: Piccolo, *, safe: bool) -> Body:
    if safe:
        await rig.control.make_safe()
        return {"aborted": True, "safe": True}
    try:
        await rig.control.abort()
    except NotBusy:
        return {"aborted": False}
    return {"aborted": True}


def _say(body: Body, screen: Console) -> None:
    text = "aborted" if body["aborted"] else "nothing was being done"
    screen.print("all shutters were closed" if body.get("safe") else text)


def _starter(options: Namespace) -> Callable[[Piccolo], Awaitable[Batch]]:
    if options.command == "auto":
        return lambda rig: rig.control.auto(options.target)
    run = options.run
    if run == "TODAY":
        run = SystemClock().utcnow().astimezone().date().isoformat()
    if options.command == "dark":
        return lambda rig: rig.control.record_dark(run)
    return lambda rig: rig.control.record_sequence(
        run,
        sequences=options.sequences,
        auto=options.auto,
        delay=options.delay,
        target=options.target,
        mode=options.mode,
        averages=options.averages,
        burst=options.burst,
        triggered=options.triggered,
        recipe=options.recipe,
    )


async def _all(options: Namespace) -> int:
    start = _starter(options)
    screen = console()
    several = len(options.rigs) > 1

    async def one(url: str) -> int:
        try:
            async with Piccolo(url, options.timeout, link=options.link) as rig:
                batch = await start(rig)
                if options.detach:
                    return _begun(options, rig, batch, screen)
                return await _follow(options, rig, batch, screen, several=several)
        except PiccoloError as problem:
            if options.json:
                dump(Answer(url, None, problem))
            else:
                complain(options, problem, url)
            return 1
        except asyncio.CancelledError:  # before anything has begun
            return 130

    tasks = [asyncio.create_task(one(url)) for url in options.rigs]
    loop = asyncio.get_running_loop()

    def leave() -> None:
        for task in tasks:
            task.cancel()

    # with a bar there is a question instead; not in the main thread, Ctrl-C goes elsewhere
    with contextlib.suppress(RuntimeError, ValueError):
        loop.add_signal_handler(signal.SIGINT, leave)
    try:
        return max(await asyncio.gather(*tasks))
    finally:
        with contextlib.suppress(RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)


def _begun(options: Namespace, rig: Piccolo, batch: Batch, screen: Console) -> int:
    if options.json:
        dump(Answer(rig.url, {"run": batch.run, "batch": batch.number}))
    else:
        what = "automatic integration" if batch.number is None else f"batch {batch.number} of run {batch.run}"
        screen.print(f"{what} has begun, and was {_LEFT}", markup=False)
    return 0


async def _follow(options: Namespace, rig: Piccolo, batch: Batch, screen: Console, *, several: bool) -> int:
    title = rig.url if several else options.command
    try:
        if several or options.json or not screen.is_terminal:
            outcome = await _plainly(batch, title, screen, quiet=options.json)
        else:
            outcome = await _with_bar(rig, batch, title, screen)
    except (Left, asyncio.CancelledError):
        sys.stderr.write(f"piccolo: {rig.url}: {_LEFT}\n")
        return 130
    return _ended(options, rig, outcome, await _flags(rig), screen)


async def _plainly(batch: Batch, title: str, screen: Console, *, quiet: bool) -> Outcome:
    last = ""
    async for progress in batch.progress:
        text = describe(progress)
        if text != last and not quiet:
            screen.print(f"{title}: {text}", markup=False)
        last = text
    return await batch.outcome()


async def _with_bar(rig: Piccolo, batch: Batch, title: str, screen: Console) -> Outcome:
    async def watch(reporter: Reporter) -> Outcome:
        async for progress in batch.progress:
            reporter.show(progress)
        outcome = await batch.outcome()
        if outcome.complete:
            reporter.done("complete")
        return outcome

    with Interrupts() as interrupts, Reporter(screen, title) as reporter:
        watching = asyncio.create_task(watch(reporter))
        try:
            while not watching.done():
                await _pressed(rig, watching, reporter, interrupts)
            return await watching
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _pressed(rig: Piccolo, watching: asyncio.Task[Outcome], reporter: Reporter, interrupts: Interrupts) -> None:
    """Wait for the end or Ctrl-C; what is recorded belongs to the rig, so ask what is to become of it."""
    pressed = asyncio.create_task(interrupts.pressed())
    try:
        await asyncio.wait({watching, pressed}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            return
        pressed.result()
        if not interrupts.can_ask():
            raise Left
        reporter.pause()
        if await interrupts.ask("\nabort it?"):
            interrupts.leave = True
            with contextlib.suppress(NotBusy):
                await rig.control.abort()
        reporter.resume()
    finally:
        pressed.cancel()
        await asyncio.gather(pressed, return_exceptions=True)


async def _flags(rig: Piccolo) -> dict[str, JsonValue]:
    try:
        flags = await rig.control.flags()
    except NotFound:
        return {}
    return {f"{name} {channel}": list(texts) for name, of in flags.items() for channel, texts in of.items() if texts}


def _ended(options: Namespace, rig: Piccolo, outcome: Outcome, flags: dict[str, JsonValue], screen: Console) -> int:
    if options.json:
        dump(Answer(rig.url, {**as_json(outcome), "flags": flags}))
    else:
        where = f"{rig.url}: " if len(options.rigs) > 1 else ""
        screen.print(where + summary(outcome), markup=False)
        for loss in outcome.lost:
            sys.stderr.write(f"piccolo: {where}lost: {loss}\n")
        if outcome.kind != "auto":
            for name, texts in flags.items():
                found = ", ".join(str(text) for text in texts) if isinstance(texts, list) else ""
                screen.print(f"{where}flagged in the last sequence: {name}: {found}", markup=False)
    return 0 if outcome.result in ("complete", "ended") else 1
