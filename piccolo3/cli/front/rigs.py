"""One command for several rigs at once: ask all of them, show what each has answered."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Generic, TypeVar

from rich.console import Console

from piccolo3.cli import logs
from piccolo3.client import Piccolo, Reading, Spectrometer
from piccolo3.errors import ConnectionFailed, InvalidValue, NotAllowed, NotFound, PiccoloError, Unavailable
from piccolo3.jsonvalue import plain
from piccolo3.wire import JsonValue

__all__ = ["Answer", "Body", "as_json", "ask_all", "chosen", "complain", "console", "dump", "maybe", "run_all"]

T = TypeVar("T")

Body = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of one rig: a value or a problem."""

    rig: str
    value: T | None
    problem: PiccoloError | None = None


async def ask_all(options: Namespace, work: Callable[[Piccolo], Awaitable[T]]) -> list[Answer[T]]:
    """Do the same with all rigs at the same time; a problem of one is no problem of the others."""

    async def one(url: str) -> Answer[T]:
        try:
            async with Piccolo(url, options.timeout, link=options.link) as rig:
                return Answer(rig.url, await work(rig))
        except PiccoloError as problem:
            return Answer(url, None, problem)

    return list(await asyncio.gather(*(one(url) for url in options.rigs)))


def run_all(
    options: Namespace, work: Callable[[Piccolo], Awaitable[Body]], show: Callable[[Body, Console], None]
) -> int:
    """Do it, show what came of it; 1 if anything failed."""
    logs.setup(bool(options.debug))
    answers = asyncio.run(ask_all(options, work))
    screen = console()
    for answer in answers:
        if options.json:
            dump(answer)
        elif answer.problem is not None:
            complain(options, answer.problem, answer.rig)
        elif answer.value is not None:
            if len(answers) > 1:
                screen.print(f"[bold]{answer.rig}[/]", highlight=False)
            show(answer.value, screen)
    return int(any(answer.problem is not None for answer in answers))


def dump(answer: Answer[Body]) -> None:
    """A line of JSON."""
    body: dict[str, JsonValue] = {"rig": answer.rig}
    if answer.problem is not None:
        body |= {"error": type(answer.problem).__name__, "message": str(answer.problem)}
    sys.stdout.write(json.dumps(body | dict(answer.value or {})) + "\n")
    sys.stdout.flush()


def as_json(values: object) -> dict[str, JsonValue]:
    """A dataclass as JSON."""
    found: dict[str, JsonValue] = {}
    for field in fields(values):  # type: ignore[arg-type]
        item = getattr(values, field.name)
        found[field.name] = item.isoformat() if isinstance(item, datetime) else plain(item)
    return found


def complain(options: Namespace, problem: PiccoloError, rig: str) -> None:
    """Say what went wrong, and where if that is not plain."""
    where = f"{rig}: " if len(options.rigs) > 1 and not isinstance(problem, ConnectionFailed) else ""
    sys.stderr.write(f"piccolo: {where}{problem}\n")


def console() -> Console:
    """Colours on a terminal; plain text, never folded, elsewhere."""
    screen = Console(highlight=False, markup=True, emoji=False)
    return screen if screen.is_terminal else Console(highlight=False, emoji=False, width=1000, no_color=True)


async def maybe(reading: Reading[T]) -> T | None:
    """The value, or None where the server does not have it or can't say."""
    try:
        return await reading.get()
    except (NotFound, NotAllowed, Unavailable, InvalidValue):
        return None


async def chosen(rig: Piccolo, name: str | None) -> Sequence[Spectrometer]:
    """The spectrometer of that name or serial number, or all of them. NotFound with those that are there."""
    everybody = await rig.spectrometers.all()
    if name is None or name == "all":
        return everybody
    found = [one for one in everybody if name in (one.name, one.serial_number)]
    if not found:
        names = ", ".join(one.name for one in everybody) or "none"
        raise NotFound(f"there is no spectrometer {name}; the rig has {names}")
    return found
