"""`piccolo config` and `piccolo log`."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from piccolo3.cli import logs
from piccolo3.cli.front.rigs import Body, complain, console, run_all
from piccolo3.client import Piccolo
from piccolo3.errors import ConnectionFailed, NotFound, PiccoloError
from piccolo3.wire import JsonValue

__all__ = ["run"]

_INTERVAL = 2.0  # s between two looks at the log
_PAGE = 200
_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red", "DEBUG": "dim"}


def run(options: Namespace) -> int:
    """Do it with all rigs."""
    if options.command == "config":
        return run_all(options, lambda rig: _configuration(rig, options.pattern), _show_configuration)
    if options.follow:
        logs.setup(bool(options.debug))
        return asyncio.run(_follow_all(options))
    return run_all(options, lambda rig: _tail(rig, options), _show_log)


async def _asked(rig: Piccolo, path: str, key: str, **wanted: JsonValue) -> tuple[Sequence[JsonValue], JsonValue]:
    """A page: its entries and what leads to the next one."""
    try:
        body = await rig.put(path, **wanted)
    except NotFound:
        raise NotFound(f"the server at {rig.url} (version {await rig.sysinfo.version()}) has no {path}") from None
    if not isinstance(body, Mapping) or not isinstance(body.get(key), list):
        raise NotFound(f"the server's {path} is nothing that can be shown")
    entries = body[key]
    return entries if isinstance(entries, list) else [], body.get("cursor")


async def _configuration(rig: Piccolo, pattern: str) -> Body:
    found: list[JsonValue] = []
    cursor: JsonValue = None
    while True:
        page, cursor = await _asked(rig, "sysinfo/configuration", "settings", limit=50, cursor=cursor)
        found += [row for row in page if isinstance(row, list) and pattern in f"{row[0]}.{row[1]}"]
        if cursor is None:
            return {"settings": found}


def _show_configuration(body: Body, screen: Console) -> None:
    rows = [row for row in body["settings"] if isinstance(row, list)] if isinstance(body["settings"], list) else []
    for section, key, setting, origin in rows:
        name = f"{section}.{key}" if section else str(key)
        screen.print(f"{escape(f'{name} = {setting}')}  [dim]# {escape(str(origin))}[/]")


async def _tail(rig: Piccolo, options: Namespace) -> Body:
    found: list[JsonValue] = []
    before: JsonValue = None
    while len(found) < options.lines:
        limit = min(_PAGE, options.lines - len(found))
        page, before = await _asked(rig, "sysinfo/log", "lines", limit=limit, before=before, level=options.level)
        found += page
        if before is None:
            break
    return {"lines": found[::-1]}


def _show_log(body: Body, screen: Console) -> None:
    lines = body["lines"]
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, Mapping):
            level = str(line["level"])
            style = _STYLES.get(level)
            said = escape(f"{line['source']}: {line['message']}")
            text = f"{str(line['time'])[:23]} {level:<7} {said}"
            screen.print(f"[{style}]{text}[/]" if style else text, soft_wrap=True)


async def _follow_all(options: Namespace) -> int:
    results = await asyncio.gather(*(_follow(url, options) for url in options.rigs))
    return max(results)


async def _follow(url: str, options: Namespace) -> int:
    """Show new lines for ever; a rig that is away for a while comes back with what it has logged since."""
    screen = console()
    try:
        async with Piccolo(url, options.timeout, link=options.link) as rig:
            last, started = -1, ""
            first = dict(await _tail(rig, options))
            while True:
                lines = first["lines"]
                for line in lines if isinstance(lines, list) else ():
                    if isinstance(line, Mapping) and isinstance(line["number"], int):
                        last = max(last, line["number"])
                        _show_line(options, rig.url, line, screen)
                await asyncio.sleep(_INTERVAL)
                try:
                    now = str(await rig.get("sysinfo/started"))
                    if now != started:  # numbers begin anew with each start
                        last = -1 if started else last
                        started = now
                    wanted: dict[str, JsonValue] = {"limit": _PAGE, "level": options.level}
                    if last >= 0:
                        wanted["after"] = last
                    page, _ = await _asked(rig, "sysinfo/log", "lines", **wanted)
                    first = {"lines": list(page)[::-1]}
                except ConnectionFailed as problem:
                    complain(options, problem, url)
                    first = {"lines": []}
    except PiccoloError as problem:
        complain(options, problem, url)
        return 1


def _show_line(options: Namespace, rig: str, line: Mapping[str, JsonValue], screen: Console) -> None:
    if options.json:
        sys.stdout.write(json.dumps({"rig": rig, **line}) + "\n")
        sys.stdout.flush()
    else:
        _show_log({"lines": [line]}, screen)
