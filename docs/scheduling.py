"""The page about what the scheduler does in which situation."""

from __future__ import annotations

from docs import situations_jobs, situations_time
from docs.scenario import Situation

__all__ = ["SITUATIONS", "page"]

SITUATIONS = (*situations_jobs.SITUATIONS, *situations_time.SITUATIONS)

_HEAD = """\
# What the scheduler does

[How it works](../explanations/scheduling.md) is another page; this is what happens in which situation. Each of them is
played by the tests, with the real scheduler on a clock that is theirs, as it is written under
[Scenarios](#scenarios): this page can't be wrong without a test that fails. All times are UTC.

| situation | what happens |
|---|---|
{rows}

## Words

A job is due at its *planned* times. Each of them has a row in the table of runs (`control/scheduler/runs`), with when
it *started* and *ended*, and its *outcome*; times that were done, or missed, together have one row, that of the last of
them.

| outcome | |
|---|---|
| `complete` | It was done. |
| `aborted` | Somebody aborted it, or the daemon was stopped. |
| `failed` | It was refused, or ended by an error; the reason says which. |
| `missed` | It was not begun: the daemon was down, the clock not trusted, all was halted, or it waited too long. |
| `quiet` | It was not begun because of quiet time. |

*Late* is what began more than a second after its time. The *grace* of a job is how long after its time it is still
begun when the daemon was not able to; it is 10 min unless the job or the configuration says otherwise. Some seconds are
never too late.

## Scenarios

{scenarios}
<!-- Written by `python -m docs.generate`; the situations are in docs/situations_jobs.py and situations_time.py. -->
"""


def page() -> str:
    """The page, in Markdown."""
    rows = "\n".join(f"| [{one.name}](#{_anchor(one.name)}) | {one.happens} |" for one in SITUATIONS)
    return _HEAD.format(rows=rows, scenarios="\n".join(map(_scenario, SITUATIONS)))


def _anchor(name: str) -> str:
    return "".join(letter for letter in name.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def _scenario(situation: Situation) -> str:
    width = max(len(step.at) for step in situation.steps)
    lines = [f"{step.at:{width}}  {step.text}" for step in situation.steps]
    results = [*situation.runs, *situation.said] or ["nothing"]
    text = "\n".join([*lines, *(f"{'->':{width}}  {line}" for line in results)])
    return f"### {situation.name}\n\n```\n{text}\n```\n"
