"""The export of one run: interrupted at any moment, it goes on where it was; a final name stands for a whole file."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from piccolo3 import __version__
from piccolo3.data.export.formats import Format, make_sink
from piccolo3.data.export.sink import Place, Sink
from piccolo3.data.levels import Level
from piccolo3.data.reader import Findings, RunReader
from piccolo3.data.source import Source
from piccolo3.errors import Conflict, InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.store.atomic import sync_directory, write_files
from piccolo3.store.failures import store_errors

__all__ = ["HIDDEN", "Progress", "RunResult", "export_run"]

_logger = logging.getLogger(__name__)
HIDDEN = ".piccolo3-export"
_EVERY = 200  # files between two points that an interrupted export can go on from


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the export of a run is: files of `total` are done; then the results are put together."""

    run: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run: its files (paths from the output directory), and whether they had been there before."""

    run: str
    files: tuple[str, ...]
    findings: Findings
    up_to_date: bool


@dataclass(frozen=True, slots=True)
class Job:
    """What to export, and where to."""

    source: Source
    run: str
    form: Format
    level: Level
    out: Path
    force: bool

    @property
    def key(self) -> str:
        """A short name for this run, format and level."""
        return hashlib.sha256(f"{self.form} {self.level} ".encode() + os.fsencode(self.run)).hexdigest()[:16]

    @property
    def identity(self) -> dict[str, JsonValue]:
        """What has to be the same for old results or parts of them to be of use."""
        return {"software": __version__, "fingerprint": self.source.fingerprint(self.run)}


def export_run(job: Job, report: Callable[[Progress], None]) -> RunResult:
    """Export one run, or what is left to do of it. Conflict where files are in the way that are not of this export."""
    hidden = job.out / HIDDEN
    work, state_file, done_file = hidden / job.key, hidden / f"{job.key}.state", hidden / f"{job.key}.done"
    identity = job.identity
    done = _read(done_file)
    state = _read(state_file)
    if job.force:
        state = {}
    elif done.get("identity") == identity and _are_there(job, done):
        return RunResult(job.run, tuple(_files(done)), _findings(done), up_to_date=True)
    if state.get("identity") != identity:
        state = {}
    if "publish" not in state:
        state = _make(job, identity, work, state_file, state, report)
    files = _publish(job, state, _files(done))
    finished: dict[str, JsonValue] = {
        "identity": identity,
        "files": files,
        "findings": state["findings"],
        "run": job.run,
    }
    _write(done_file, finished)
    with store_errors("cleaning up", work):
        state_file.unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)
    return RunResult(job.run, tuple(files), _findings(finished), up_to_date=False)


def _make(
    job: Job,
    identity: Mapping[str, JsonValue],
    work: Path,
    state_file: Path,
    state: Mapping[str, JsonValue],
    report: Callable[[Progress], None],
) -> dict[str, JsonValue]:
    """Go through the run from where it was left; return the state in which only the files have to be named."""
    place = Place(job.run, job.level, work, job.out)
    try:
        sink = make_sink(job.form, place, _mapping(state.get("sink")))
    except InvalidValue as error:
        _logger.warning("the export of %s starts again from the beginning: %s", job.run, error)
        state = {}
        sink = make_sink(job.form, place, {})
    reader = RunReader(job.source, job.run, _findings(state))
    first = _number(state.get("next"))
    if first:
        _logger.info("%s: going on with file %d of %d", job.run, first + 1, len(reader.names))
    position = first

    def snapshot() -> dict[str, JsonValue]:
        kept = dict(sink.checkpoint())
        return {"identity": identity, "next": position, "sink": kept, "findings": _as_json(reader.findings)}

    try:
        for number, name, spectra in reader.files(first):
            report(Progress(job.run, number, len(reader.names)))
            # what is under way is taken back by an interruption: all of a file or nothing
            items = [] if spectra is None else list(sink.items(reader, name, spectra))
            for item in items:
                sink.add(item)
            position = number + 1
            if position % _EVERY == 0:
                _write(state_file, snapshot())
        state = snapshot()
        _write(state_file, state)
        report(Progress(job.run, len(reader.names), len(reader.names)))
        made = _relative(sink, work)
    finally:
        sink.close()
    finished = {**state, "publish": made}
    _write(state_file, finished)
    return finished


def _relative(sink: Sink[object], work: Path) -> dict[str, JsonValue]:
    made = sink.finish()
    for path in made.values():
        with store_errors("writing", path), path.open("rb") as file:
            os.fsync(file.fileno())
    return {name: str(path.relative_to(work)) for name, path in made.items()}


def _publish(job: Job, state: Mapping[str, JsonValue], ours: list[str]) -> list[str]:
    """Give the complete files their final names; return them, from the output directory."""
    folder = job.out / job.run
    work = job.out / HIDDEN / job.key
    waiting = {name: work / str(path) for name, path in _mapping(state["publish"]).items()}
    files = [f"{job.run}/{name}" for name in waiting]
    for name, path in waiting.items():
        target = folder / name
        if path.exists() and target.exists() and f"{job.run}/{name}" not in ours and not job.force:
            raise Conflict(f"{target} is in the way: it was not made by this export; use another directory, or --force")
    folders = set()
    for name, path in waiting.items():
        target = folder / name
        with store_errors("naming", target):
            target.parent.mkdir(parents=True, exist_ok=True)
            # after an interruption those that have their names already are not there any more
            if path.exists():
                path.replace(target)
        folders.add(target.parent)
    for one in folders:
        sync_directory(one)
    for old in ours:
        if old not in files:  # of a spectrometer, say, whose files are gone
            with suppress(OSError):
                (job.out / old).unlink()
    return files


def _are_there(job: Job, done: Mapping[str, JsonValue]) -> bool:
    return all((job.out / name).is_file() for name in _files(done))


def _files(done: Mapping[str, JsonValue]) -> list[str]:
    files = done.get("files")
    return [str(name) for name in files] if isinstance(files, list) else []


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _as_json(findings: Findings) -> dict[str, JsonValue]:
    return {"unreadable": dict(findings.unreadable), "remarks": dict(findings.remarks)}


def _findings(state: Mapping[str, JsonValue]) -> Findings:
    found = _mapping(state.get("findings"))
    unreadable, remarks = _mapping(found.get("unreadable")), _mapping(found.get("remarks"))
    return Findings({name: str(why) for name, why in unreadable.items()}, {k: _number(v) for k, v in remarks.items()})


def _read(path: Path) -> dict[str, JsonValue]:
    """What an earlier export left; nothing where that is of no use."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, value: Mapping[str, JsonValue]) -> None:
    # the order of the keys is part of it, and so are names with any bytes (json escapes lone surrogates)
    write_files({path: json.dumps(value).encode()}, clobber=True)
