"""The yield of a season, as tables for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from piccolo3.jsonvalue import JsonValue
from piccolo3.season.faults import DAY, FaultKind
from piccolo3.season.season import Outcome
from piccolo3.season.verdict import DONE, Fate, Verdict

__all__ = ["as_dict", "markdown", "show"]

_COLUMNS = ("planned", "recorded", "late", "untimely", "coalesced", "missed", "unexplained")
_MOST = 20  # sentences of a kind that are shown
_HOUR = 3600.0


def _counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """By column; `recorded` has the late and the untimely, too. What fell into quiet time was not planned."""
    some = [verdict for verdict in verdicts if verdict.fate is not Fate.QUIET]
    fates = Counter(verdict.fate for verdict in some)
    return {
        "planned": len(some),
        "recorded": sum(fates[fate] for fate in DONE),
        "late": fates[Fate.LATE],
        "untimely": fates[Fate.UNTIMELY],
        "coalesced": fates[Fate.COALESCED],
        "missed": fates[Fate.MISSED],
        "unexplained": sum(not verdict.explained for verdict in some),
    }


def _by_job(outcome: Outcome) -> dict[str, dict[str, int]]:
    names = dict.fromkeys(verdict.job.name for verdict in sorted(outcome.verdicts, key=lambda one: one.job.id))
    return {name: _counts(one for one in outcome.verdicts if one.job.name == name) for name in names}


def _by_cause(outcome: Outcome) -> dict[str, dict[str, int]]:
    causes = Counter(one.cause or "nobody knows" for one in outcome.verdicts if one.cause or not one.explained)
    causes.pop("quiet time", None)
    return {
        cause: _counts(one for one in outcome.verdicts if (one.cause or "nobody knows") == cause and _is_special(one))
        for cause, _ in causes.most_common()
    }


def _is_special(verdict: Verdict) -> bool:
    return verdict.cause is not None or not verdict.explained


def as_dict(outcome: Outcome, seconds: float) -> dict[str, JsonValue]:
    """Everything for programs; `seconds` is how long it took."""
    total = _counts(outcome.verdicts)
    possible = total["planned"] - sum(
        verdict.fate in (Fate.COALESCED, Fate.MISSED) and verdict.explained for verdict in outcome.verdicts
    )
    plan, watched = outcome.plan, outcome.watched
    return {
        "begin": plan.begin.isoformat(),
        "days": plan.days,
        "seed": plan.seed,
        "total": dict[str, JsonValue](total),
        "possible": possible,
        "yield_percent": 100.0 if not possible else round(100 * total["recorded"] / possible, 3),
        "quiet": sum(verdict.fate is Fate.QUIET for verdict in outcome.verdicts),
        "by_job": {name: dict[str, JsonValue](counts) for name, counts in _by_job(outcome).items()},
        "by_cause": {name: dict[str, JsonValue](counts) for name, counts in _by_cause(outcome).items()},
        "faults": _faults(outcome),
        "batches": watched.batches,
        "sequences": watched.sequences,
        "longest_lateness": round(max((one.lateness for one in outcome.verdicts if one.fate in DONE), default=0.0), 3),
        "unexplained": [_sentence(verdict) for verdict in outcome.unexplained],
        "broken": list(outcome.broken),
        "seconds": round(seconds, 3),
        "speed": round(plan.days * DAY / max(seconds, 1e-9), 1),
    }


def _faults(outcome: Outcome) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for kind in FaultKind:
        some = [fault for fault in outcome.faults if fault.kind is kind]
        if some:
            found[kind.value] = {"number": len(some), "hours": round(sum(one.duration for one in some) / _HOUR, 2)}
    return found


def _sentence(verdict: Verdict) -> str:
    reason = "" if verdict.reason is None else f": {verdict.reason}"
    return (
        f"{verdict.job.name} (job {verdict.job.id}), planned at {verdict.due.moment.isoformat(timespec='seconds')}, "
        f"is {verdict.fate.value}{reason}"
    )


def show(outcome: Outcome, seconds: float, console: Console) -> None:
    """Print it."""
    said = as_dict(outcome, seconds)
    console.print(_table("What was planned", "job", _by_job(outcome), _counts(outcome.verdicts)))
    console.print(_table("What was not as planned, and why", "cause", _by_cause(outcome), None))
    for name, numbers in _faults(outcome).items():
        assert isinstance(numbers, Mapping)
        console.print(f"{name}: {numbers['number']} times, {numbers['hours']} h")
    console.print(
        f"yield: {said['yield_percent']} % of the {said['possible']} that were possible; "
        f"{outcome.watched.sequences} sequences in {outcome.watched.batches} batches; "
        f"{outcome.plan.days:g} days in {timedelta(seconds=round(seconds))}, {said['speed']} times real time"
    )
    for title, sentences in (
        ("unexplained", [_sentence(one) for one in outcome.unexplained]),
        ("broken", outcome.broken),
    ):
        for sentence in sentences[:_MOST]:
            console.print(f"{title}: {sentence}", style="bold red", markup=False)
        if len(sentences) > _MOST:
            console.print(f"{title}: and {len(sentences) - _MOST} more", style="bold red")


def _table(title: str, first: str, rows: Mapping[str, Mapping[str, int]], total: Mapping[str, int] | None) -> Table:
    table = Table(first, title=title, title_justify="left", show_footer=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for name, counts in rows.items():
        table.add_row(name, *(str(counts[column]) for column in _COLUMNS))
    if total is not None:
        table.add_section()
        table.add_row("all", *(str(total[column]) for column in _COLUMNS), style="bold")
    return table


def markdown(outcome: Outcome) -> str:
    """The two tables for a page of the documentation."""
    lines = []
    everything = {**_by_job(outcome), "**all**": _counts(outcome.verdicts)}
    for first, rows in (("job", everything), ("cause", _by_cause(outcome))):
        lines += ["", f"| {first} | {' | '.join(_COLUMNS)} |", f"|---|{'---:|' * len(_COLUMNS)}"]
        lines += [f"| {name} | {' | '.join(str(row[column]) for column in _COLUMNS)} |" for name, row in rows.items()]
    return "\n".join(lines[1:]) + "\n"
