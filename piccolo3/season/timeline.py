"""A season as a picture on a web page: a line for each day, a mark for each time that was planned."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from piccolo3.season.faults import DAY, FaultKind
from piccolo3.season.season import Outcome
from piccolo3.season.verdict import Fate, Verdict

__all__ = ["page"]

_WIDTH, _ROW, _LEFT, _TOP = 960, 12, 70, 30  # px
_COLOURS = {
    Fate.RECORDED: "#2a9d4e",
    Fate.LATE: "#b8b800",
    Fate.UNTIMELY: "#e08a00",
    Fate.COALESCED: "#5577dd",
    Fate.MISSED: "#c9a0a0",
    Fate.QUIET: "#dddddd",
}
_UNEXPLAINED = "#ff0000"
_FAULTS = {
    FaultKind.POWER_CUT: "#444444",
    FaultKind.CLOCK_STEP: "#e0b0ff",
    FaultKind.SPECTROMETER_GONE: "#ffe0b0",
    FaultKind.DISK_FULL: "#b0d8ff",
    FaultKind.RESTART: "#888888",
}
_UNTRUSTED = "#eeddee"


def page(outcome: Outcome) -> str:
    """The page."""
    days = int(outcome.plan.days + 0.999)
    height = _TOP + (days + 1) * _ROW
    marks = "\n".join([*_legend(), *_axis(outcome, days), *_bars(outcome), *_marks(outcome)])
    title = f"{outcome.plan.days:g} days from {outcome.plan.begin:%Y-%m-%d}, seed {outcome.plan.seed}"
    return (
        f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title><h1>{escape(title)}</h1>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 20}" height="{height}" '
        f'font-family="sans-serif" font-size="9">\n{marks}\n</svg>\n'
    )


def _legend() -> Iterator[str]:
    names = {fate.value: colour for fate, colour in _COLOURS.items()} | {"unexplained": _UNEXPLAINED}
    names |= {kind.value: colour for kind, colour in _FAULTS.items()}
    names["clock not trusted"] = _UNTRUSTED
    left = _LEFT
    for name, colour in names.items():
        yield f'<rect x="{left}" y="2" width="9" height="9" fill="{colour}"/><text x="{left + 12}" y="10">{name}</text>'
        left += 26 + 5 * len(name)


def _axis(outcome: Outcome, days: int) -> Iterator[str]:
    for hour in range(0, 25, 3):
        yield f'<text x="{_LEFT + _WIDTH * hour / 24 - 5:.0f}" y="{_TOP - 6}">{hour:02d}</text>'
    for day in range(0, days, 5):
        when = outcome.plan.begin.timestamp() + day * DAY
        label = outcome.plan.begin.fromtimestamp(when, outcome.plan.begin.tzinfo)
        yield f'<text x="2" y="{_TOP + day * _ROW + 9}">{label:%Y-%m-%d}</text>'


def _bars(outcome: Outcome) -> Iterator[str]:
    for fault in outcome.faults:
        if fault.untrusted:
            yield from _bar(outcome, fault.end, fault.end + fault.untrusted, "clock not trusted", _UNTRUSTED)
        yield from _bar(outcome, fault.start, fault.end, fault.kind.value, _FAULTS[fault.kind])


def _bar(outcome: Outcome, begin: float, end: float, name: str, colour: str) -> Iterator[str]:
    """Over as many lines as it takes."""
    while begin < min(end, outcome.plan.days * DAY):
        day = int(begin // DAY)
        until = min(end, (day + 1) * DAY)
        left, width = _LEFT + _WIDTH * (begin - day * DAY) / DAY, max(1.0, _WIDTH * (until - begin) / DAY)
        yield (
            f'<rect x="{left:.1f}" y="{_TOP + day * _ROW}" width="{width:.1f}" height="{_ROW - 1}" '
            f'fill="{colour}"><title>{name}</title></rect>'
        )
        begin = until


def _marks(outcome: Outcome) -> Iterator[str]:
    for verdict in outcome.verdicts:
        since = (verdict.due.moment - outcome.plan.begin).total_seconds()
        day = int(since // DAY)
        left = _LEFT + _WIDTH * (since - day * DAY) / DAY
        colour = _COLOURS[verdict.fate] if verdict.explained else _UNEXPLAINED
        yield (
            f'<rect x="{left:.1f}" y="{_TOP + day * _ROW + 2}" width="3" height="{_ROW - 5}" fill="{colour}">'
            f"<title>{escape(_said(verdict))}</title></rect>"
        )


def _said(verdict: Verdict) -> str:
    cause = "" if verdict.cause is None else f": {verdict.cause}"
    return f"{verdict.due.moment:%Y-%m-%d %H:%M:%S} {verdict.job.name}, {verdict.fate.value}{cause}"
