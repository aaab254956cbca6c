"""`piccolo data`: list, get, sync, export and plot what rigs have recorded."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from piccolo3.cli.front.rigs import Body, console, run_all
from piccolo3.client import Copied, Piccolo
from piccolo3.errors import InvalidValue, NotAllowed, NotFound, PiccoloError, Unavailable
from piccolo3.spectrum import parse_file_name
from piccolo3.wire import JsonValue, safe_name

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Do it with all rigs."""
    if options.action == "list":
        if options.run is None:
            return run_all(options, _runs, _show_runs)
        return run_all(options, lambda rig: _batches(rig, options.run), _show_batches)
    if options.action == "get":
        return run_all(options, lambda rig: _get(rig, options, _folder(options, rig, options.output)), _show_got)
    if options.action == "plot":
        return run_all(options, lambda rig: _plot(rig, options), _show_plot)
    if options.action == "sync":
        return run_all(options, lambda rig: _sync(rig, options), _show_nothing if options.quiet else _show_synced)
    return _export(options)


def _folder(options: Namespace, rig: Piccolo, folder: Path) -> Path:
    """Of several rigs each has its own."""
    return folder / (urlsplit(rig.url).netloc.replace(":", "_")) if len(options.rigs) > 1 else folder


async def _runs(rig: Piccolo) -> Body:
    current = (await rig.data_dir.current_run()).name
    names = sorted(await rig.data_dir.runs())
    rows: list[JsonValue] = [
        {"run": name, "batches": await rig.data_dir.run(name).current_batch() + 1} for name in names
    ]
    return {"current_run": current, "runs": rows}


def _show_runs(body: Body, screen: Console) -> None:
    rows = [row for row in body["runs"] if isinstance(row, Mapping)] if isinstance(body["runs"], list) else []
    table = _table("run", "batches")
    for row in rows:
        table.add_row(escape(str(row["run"])), str(row["batches"]))
    screen.print(table if rows else "there are no runs")


async def _batches(rig: Piccolo, run: str) -> Body:
    try:
        rows: list[JsonValue] = [
            {
                "run": one.run,
                "batch": one.batch,
                "kind": one.kind,
                "started": one.started.isoformat(),
                "ended": None if one.ended is None else one.ended.isoformat(),
                "result": one.result,
                "reason": one.reason,
                "sequences": one.sequences_done,
                "lost": one.lost_spectra,
            }
            async for one in rig.data_dir.batches(run)
        ]
    except (NotFound, NotAllowed):  # servers from before 0.6
        names = await rig.data_dir.run(run).files()
        numbers = sorted({parsed.batch for name in names if (parsed := parse_file_name(name))}, reverse=True)
        rows = [{"run": run, "batch": number} for number in numbers]
    if not rows:
        await rig.data_dir.run(run).current_batch()  # NotFound where there is no such run
    return {"run": run, "batches": rows}


def _show_batches(body: Body, screen: Console) -> None:
    rows = [row for row in body["batches"] if isinstance(row, Mapping)] if isinstance(body["batches"], list) else []
    table = _table("batch", "kind", "started", "result", "sequences", "lost", "reason")
    for row in rows:
        started = str(row.get("started", ""))[:19].replace("T", " ")
        cells = (row["batch"], row.get("kind", ""), started, row.get("result") or "under way")
        more = (row.get("sequences", ""), row.get("lost", ""), row.get("reason") or "")
        table.add_row(*(escape(str(cell)) for cell in (*cells, *more)))
    screen.print(table if rows else "there are no batches")


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table


async def _names(rig: Piccolo, run: str, batch: int | None) -> Sequence[str]:
    names = await rig.data_dir.run(run).files()
    found = [name for name in names if batch is None or ((one := parse_file_name(name)) and one.batch == batch)]
    if not found:
        raise NotFound(f"there are no files of {f'batch {batch} of ' if batch is not None else ''}run {run}")
    return sorted(found)


async def _get(rig: Piccolo, options: Namespace, folder: Path) -> Body:
    """Copy what is not there yet. A file under its name is whole."""
    target = folder / safe_name(options.run)
    names = await _names(rig, options.run, options.batch)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Unavailable(f"{target} can't be made: {problem.strerror}") from None
    copied = 0
    for name in names:
        path = target / name
        if parse_file_name(name) is None or path.exists():
            continue
        text = await rig.data_dir.run(options.run).read(name)
        temporary = target / f".{name}.part"
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except OSError as problem:
            temporary.unlink(missing_ok=True)
            raise Unavailable(f"{path} can't be written: {problem.strerror}") from None
        copied += 1
    return {"run": options.run, "folder": str(target), "files": len(names), "copied": copied}


def _show_got(body: Body, screen: Console) -> None:
    screen.print(f"{body['folder']}: {body['files']} files, {body['copied']} of them new", markup=False)


async def _sync(rig: Piccolo, options: Namespace) -> Body:
    folder = _folder(options, rig, options.output)
    rate = None if options.rate is None else options.rate * 1000
    tell = None if options.quiet or options.json or not sys.stdout.isatty() else _show_copied
    done = await rig.data_dir.sync(folder, options.runs or (), rate=rate, on_file=tell)
    counted = {"files": done.files, "copied": done.copied, "gone": done.gone, "received": done.received}
    return {"folder": str(done.folder), **counted}


def _show_copied(copied: Copied) -> None:
    sys.stdout.write(f"{copied.run}/{copied.file} ({copied.number} of {copied.total})\n")


def _show_synced(body: Body, screen: Console) -> None:
    copied = f"{body['copied']} of them new, {body['received']} bytes received"
    screen.print(f"{body['folder']}: {body['files']} files, {copied}", markup=False)


def _show_nothing(_body: Body, _screen: Console) -> None:
    """For cron."""


def _export(options: Namespace) -> int:
    """Fetch into a folder that is thrown away, then let `piccolo3-data` do it."""
    with tempfile.TemporaryDirectory(prefix="piccolo-") as temporary:

        async def fetch(rig: Piccolo) -> Body:
            source = _folder(options, rig, Path(temporary))
            got = await _get(rig, options, source)
            output = _folder(options, rig, options.output)
            command = [sys.executable, "-m", "piccolo3.data.main", "export", "-d", str(source), "-o", str(output)]
            command += ["-f", options.format, "-l", options.level, options.run]
            process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
            _, said = await process.communicate()
            if process.returncode:
                raise PiccoloError(said.decode(errors="replace").replace("piccolo3-data: ", "").strip())
            return {"run": options.run, "folder": str(output), "files": got["files"]}

        return run_all(options, fetch, _show_exported)


def _show_exported(body: Body, screen: Console) -> None:
    screen.print(f"{body['folder']}: run {body['run']} exported from {body['files']} files", markup=False)


async def _plot(rig: Piccolo, options: Namespace) -> Body:
    from piccolo3.cli.recorded import fetch, measured

    batch = await _last_with_light(rig, options.run) if options.batch is None else options.batch
    spectra = measured(await fetch(rig, options.run, batch))
    if not spectra:
        raise NotFound(f"batch {batch} of run {options.run} has no light spectra with a dark")
    body: dict[str, JsonValue] = {"run": options.run, "batch": batch, "spectrometers": list(spectra)}
    if options.output is not None:
        if importlib.util.find_spec("matplotlib") is None:
            raise Unavailable("matplotlib is not installed: pip install 'piccolo3[plot]'")
        from piccolo3.cli import figure

        path = options.output
        if len(options.rigs) > 1:
            path = path.with_name(f"{urlsplit(rig.url).hostname}_{path.name}")
        try:
            figure.save(path, f"Run {options.run}, batch {batch}", spectra)
        except (OSError, ValueError) as problem:
            raise InvalidValue(f"{path} can't be written: {problem}") from None
        return {**body, "file": str(path)}
    if not options.json:
        _draw(spectra)
    return body


async def _last_with_light(rig: Piccolo, run: str) -> int:
    try:
        async for found in rig.data_dir.query(run=run, dark=False, page=1):
            return found.batch
    except (NotFound, NotAllowed):  # servers from before 0.6
        pass
    return await rig.data_dir.run(run).current_batch()


def _draw(spectra: Mapping[str, Mapping[str, object]]) -> None:
    from piccolo3.cli.plot import Curve, draw
    from piccolo3.cli.recorded import Measured

    screen = console()
    styles = ("blue", "green", "magenta", "yellow", "cyan", "red")
    for serial, channels in spectra.items():
        measured = {name: one for name, one in channels.items() if isinstance(one, Measured)}
        curves = [
            Curve(name, styles[number % len(styles)], one.wavelengths, one.counts)
            for number, (name, one) in enumerate(measured.items())
        ]
        top = max(1.0, *(float(curve.y.max()) for curve in curves))
        width = min(screen.width, 100) if screen.is_terminal else 80
        screen.print(draw(f"{serial}, light minus dark in counts", curves, top, width))


def _show_plot(body: Body, screen: Console) -> None:
    if "file" in body:
        screen.print(str(body["file"]), markup=False)
