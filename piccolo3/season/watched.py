"""What was seen of a season from outside: the entries of the black boxes, put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from piccolo3.jsonvalue import JsonValue
from piccolo3.season.box import Entry
from piccolo3.store.schedule import JobRun, RunOutcome

__all__ = ["Seen", "Watched", "run_details"]

_NAMES = ("job", "reason", "run", "batch", "late", "coalesced")


def run_details(run: JobRun) -> dict[str, JsonValue]:
    """A run of a job, for the black box."""
    details: dict[str, JsonValue] = {name: getattr(run, name) for name in _NAMES}
    details["planned"] = run.planned.isoformat()
    details["started"] = None if run.started is None else run.started.isoformat()
    details["outcome"] = None if run.outcome is None else run.outcome.value
    return details


@dataclass(slots=True, kw_only=True)
class Seen:
    """A run of a job: `began` and `ended` are the true times, s since the season began; what else is as in `JobRun`.

    One that was skipped began and ended when that was noted.
    """

    life: int
    job: int
    planned: datetime
    began: float
    ended: float | None = None
    outcome: RunOutcome | None = None
    reason: str | None = None
    run: str | None = None
    batch: int | None = None
    coalesced: int = 0
    started: str | None = None


@dataclass(slots=True)
class Watched:
    """Everything that the black boxes say; `trouble` are sentences on what must never be."""

    runs: list[Seen] = field(default_factory=list)
    files: set[tuple[str, str]] = field(default_factory=set)
    batches: int = 0
    sequences: int = 0
    lives: int = 0
    restarts: int = 0
    busy: list[tuple[float, float]] = field(default_factory=list)
    power: list[tuple[float, frozenset[str]]] = field(default_factory=list)  # since when (s) which are off
    trouble: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _settings: JsonValue = None
    _off: set[str] = field(default_factory=set)
    _busy_since: float | None = None
    _open: dict[tuple[int, str, str | None], Seen] = field(default_factory=dict)

    def watch(self, entries: Iterable[Entry]) -> tuple[float, int]:
        """One life, to its end: when that was, and the exit status of its process."""
        self.lives += 1
        self._open.clear()
        self._off = set()
        self._busy_since = None
        time, status = 0.0, -1
        for entry in entries:
            if entry["what"] == "end":
                status = _number(entry["status"])
            else:
                time = _seconds(entry["time"])
                self._look(str(entry["what"]), entry, time)
        self._see_status("idle", time)
        return time, status

    def _look(self, what: str, entry: Entry, time: float) -> None:
        if what == "job run":
            self._see_run(entry, time)
        elif what == "stored":
            files = entry["files"]
            assert isinstance(files, list)
            self.files |= {(str(entry["run"]), str(name)) for name in files}
            self.sequences += 1
        elif what == "status":
            self._see_status(str(entry["status"]), time)
        elif what == "batch ended":
            self.batches += 1
        elif what == "settings":
            self._see_settings(entry["settings"], time)
        elif what in ("power", "start"):
            self._see_power(entry, time)
        elif what == "scheduler restarted":
            self.trouble.append(f"at {time:.3f} s the scheduler was restarted: {entry['reason']}")
        elif what == "start failed":
            self.restarts += 1
        elif what == "log":
            self._see_log(entry, time)

    def _see_status(self, status: str, time: float) -> None:
        if status != "idle" and self._busy_since is None:
            self._busy_since = time
        elif status == "idle" and self._busy_since is not None:
            self.busy.append((self._busy_since, time))
            self._busy_since = None

    def _see_power(self, entry: Entry, time: float) -> None:
        if entry["what"] == "power":
            name = str(entry["spectrometer"])
            (self._off.discard if entry["on"] else self._off.add)(name)
        else:
            self._off.clear()
            self.trouble += [f"at {time:.3f} s the run of job {seen.job} is still open" for seen in self._open.values()]
            self._open.clear()
        self.power.append((time, frozenset(self._off)))

    def _see_settings(self, settings: JsonValue, time: float) -> None:
        if self._settings is not None and settings != self._settings:
            self.trouble.append(f"at {time:.3f} s the settings of the operator are {settings}, not {self._settings}")
        self._settings = settings

    def _see_log(self, entry: Entry, time: float) -> None:
        line = f"{time:.3f} s: {entry['logger']}: {entry['text']}"
        if entry["level"] in ("ERROR", "CRITICAL") and "Traceback" in line:
            self.trouble.append(line)
        else:
            self.warnings.append(line)

    def _see_run(self, entry: Entry, time: float) -> None:
        key = (
            _number(entry["job"]),
            str(entry["planned"]),
            None if entry["started"] is None else str(entry["started"]),
        )
        outcome = None if entry["outcome"] is None else RunOutcome(entry["outcome"])
        seen = self._open.get(key)
        if seen is None:
            seen = Seen(life=self.lives, job=key[0], planned=datetime.fromisoformat(key[1]), began=time, started=key[2])
            if outcome is None or entry["started"] is not None:
                self._begin(seen, time)
            self.runs.append(seen)
            self._open[key] = seen
        seen.reason = None if entry["reason"] is None else str(entry["reason"])
        seen.run = None if entry["run"] is None else str(entry["run"])
        seen.batch = None if entry["batch"] is None else _number(entry["batch"])
        seen.coalesced = _number(entry["coalesced"])
        if outcome is not None:
            seen.outcome, seen.ended = outcome, time
            del self._open[key]

    def _begin(self, seen: Seen, time: float) -> None:
        for other in self._open.values():
            self.trouble.append(f"at {time:.3f} s job {seen.job} began while job {other.job} was running")


def _number(value: JsonValue) -> int:
    assert isinstance(value, int)
    return value


def _seconds(value: JsonValue) -> float:
    assert isinstance(value, int | float)
    return float(value)
