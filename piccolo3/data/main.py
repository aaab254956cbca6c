"""`piccolo3-data`: the tools for a data directory from the command line."""

from __future__ import annotations

import json
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from piccolo3.data.catalogue import check, mark_exported, outcomes, rebuild
from piccolo3.data.directory import Directory, find_directory, find_run
from piccolo3.data.export import Progress, RunResult, export
from piccolo3.data.housekeeping import samples, write_csv, write_json
from piccolo3.data.listing import BatchEntry, RunEntry, list_batches, list_runs
from piccolo3.data.options import parse
from piccolo3.data.plot import plot
from piccolo3.data.reader import Findings
from piccolo3.data.report import report
from piccolo3.errors import InvalidValue, PiccoloError, StoreError

__all__ = ["main"]

Report = Callable[[str, int, int], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    options = parse(argv)
    level = logging.DEBUG if options.debug else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="piccolo3-data: %(message)s", stream=sys.stderr)
    logging.getLogger("piccolo3").setLevel(level)
    if not options.debug:
        logging.getLogger("piccolo3.store.comparison").setLevel(logging.ERROR)  # it is all in the report
    try:
        return _COMMANDS[options.command](options)
    except PiccoloError as problem:
        if options.debug:
            logging.getLogger(__name__).exception("failed")
        _say(str(problem))
        return 1
    except BrokenPipeError:  # the reader of a list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _say("interrupted; the same command goes on where it was" if options.command == "export" else "interrupted")
        return 130


def _say(text: str) -> None:
    sys.stderr.write(f"piccolo3-data: {_printable(text)}\n")


def _printable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode()


def _list(options: Namespace) -> int:
    entries: list[RunEntry] | list[BatchEntry]
    columns: tuple[str, ...]
    datadir, runs = find_directory(options.datadir, options.runs)
    if runs:
        found = [find_run(datadir, run) for run in runs]
        entries = [entry for source, run in found for entry in list_batches(source, run)]
        columns = ("run", "batch", "dark", "light", "last sequence", "size")
    else:
        entries = list(list_runs(Directory(datadir)))
        columns = ("run", "batches", "files", "size")
    if options.json:
        for entry in entries:
            sys.stdout.write(json.dumps(entry.as_json()) + "\n")
        return 0
    if not entries:
        _say("there are no runs")
        return 0
    rows = [["" if value is None else _cell(value) for value in entry.as_json().values()] for entry in entries]
    widths = [max(len(row[place]) for row in [list(columns), *rows]) for place in range(len(columns))]
    for row in [list(columns), *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    return 0


def _cell(value: object) -> str:
    return _printable(str(value))


def _export(options: Namespace) -> int:
    datadir, wanted = find_directory(options.datadir, options.runs)
    found = [find_run(datadir, run) for run in wanted]
    names = [run for _, run in found]
    if len(set(names)) < len(names):
        raise InvalidValue("two runs have the same name: export them into different directories")
    whole = [] if wanted else [Directory(datadir)]
    chosen = [(source, [run]) for source, run in found] + [(source, source.runs()) for source in whole]
    failed = False
    with _bar() as tell:

        def progress(now: Progress) -> None:
            tell(now.run, now.done, now.total)

        for source, runs in chosen:
            result = export(
                source,
                options.output,
                format=options.format,
                level=options.level,
                runs=runs,
                force=options.force,
                progress=progress,
            )
            for run in result.runs:
                files = f"{len(run.files)} file" + ("" if len(run.files) == 1 else "s")
                _say(f"{run.run}: {files}{', up to date' if run.up_to_date else ''}")
                failed |= _tell(run.run, run.findings)
                if options.mark:
                    _mark(source, run, options.catalogue)
    return 1 if failed else 0


def _mark(source: Directory, run: RunResult, url: str | None) -> None:
    if source.is_single:
        raise InvalidValue("--mark needs a data directory (-d) and names of runs: there is no catalogue of one run")
    names = [(run.run, name) for name in source.names(run.run) if name not in run.findings.unreadable]
    mark_exported(source.path, names, url=url)


def _check(options: Namespace) -> int:
    with _bar() as tell:

        def progress(done: int, total: int) -> None:
            tell(options.command, done, total)

        if options.command == "check":
            found = check(options.directory, url=options.catalogue, deep=options.deep, progress=progress)
        else:
            found = rebuild(options.directory, url=options.catalogue, progress=progress)
    for kind in ("missing", "damaged", "changed", "leftovers"):
        for what in getattr(found, kind):
            _say(f"{kind}: {what}")
    _say(found.sentence())
    return 0 if found.sound else 1


def _tell(run: str, findings: Findings) -> bool:
    """Tell what was found on the way; return whether files could not be read."""
    for remark, count in findings.remarks.items():
        _say(f"{run}: {remark} ({count})")
    for name, why in findings.unreadable.items():
        _say(f"{run}/{name} is left out: {why}")
    return bool(findings.unreadable)


def _housekeeping(options: Namespace) -> int:
    found = samples(options.directory, options.since, options.until, options.quantity)
    write = write_json if options.json else write_csv
    try:
        with ExitStack() as stack:
            file = stack.enter_context(options.output.open("w", encoding="utf-8")) if options.output else sys.stdout
            count = write(found, file)
    except OSError as error:
        if options.output is None:
            raise
        raise StoreError(f"writing {options.output} failed: {error.strerror}") from error
    if not count:
        _say("there is no housekeeping of that time")
    return 0


def _plot(options: Namespace) -> int:
    source, run = find_run(options.datadir, options.run)
    path = options.output or Path(f"{run}.png")
    findings = plot(source, run, path, batch=options.batch, level=options.level)
    _say(f"{run}: {path}")
    return 1 if _tell(run, findings) else 0


def _report(options: Namespace) -> int:
    source, run = find_run(options.datadir, options.run)
    path = options.output or Path(f"{run}.html")
    with _bar() as tell:
        known = {} if source.is_single else outcomes(source.path, run)
        findings = report(source, run, path, outcomes=known, progress=lambda done, total: tell(run, done, total))
    _say(f"{run}: {path}")
    return 1 if _tell(run, findings) else 0


@contextmanager
def _bar() -> Iterator[Report]:
    """A progress bar on the standard error output, if somebody is there to see it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks = {}

        def tell(run: str, done: int, total: int) -> None:
            if run not in tasks:
                tasks[run] = bar.add_task(_printable(run), total=total)
            bar.update(tasks[run], completed=done)

        yield tell


_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "list": _list,
    "check": _check,
    "rebuild": _check,
    "export": _export,
    "plot": _plot,
    "report": _report,
    "housekeeping": _housekeeping,
}

if __name__ == "__main__":
    sys.exit(main())
