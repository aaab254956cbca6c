"""Which steps a batch consists of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from piccolo3.recording.settings import BatchSettings

__all__ = ["Action", "Step", "count_measurements", "plan"]


class Action(Enum):
    """What is done in a step, with all channels one after the other."""

    AUTOINTEGRATE = "autointegrate"
    DARK = "dark"
    LIGHT = "light"
    DELAY = "waiting"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; spectra get the number `sequence`."""

    action: Action
    sequence: int


def plan(settings: BatchSettings, *, clobber: bool) -> Iterator[Step]:
    """The steps of a batch, in order.

    A dark comes first and, after more than one sequence, last. With `autointegration` 0 the integration times are
    found once, before everything; with n > 0 before every n-th sequence, each time followed by a dark. The last
    dark has the number of the last sequence. Where that one has a dark of its own, the last dark overwrites it if
    files may be overwritten (`clobber`), and has the next number otherwise.
    """
    every, last = settings.autointegration, settings.sequences - 1
    if every == 0:
        yield Step(Action.AUTOINTEGRATE, 0)
    if every <= 0:
        yield Step(Action.DARK, 0)
    for sequence in range(settings.sequences):
        if every > 0 and sequence % every == 0:
            yield Step(Action.AUTOINTEGRATE, sequence)
            yield Step(Action.DARK, sequence)
        yield Step(Action.LIGHT, sequence)
        if settings.delay > 0:
            yield Step(Action.DELAY, sequence)
    if last > 0:
        taken = every > 0 and last % every == 0
        yield Step(Action.DARK, last + 1 if taken and not clobber else last)


def count_measurements(settings: BatchSettings) -> int:
    """How many steps of `plan` are not delays."""
    sequences, every = settings.sequences, settings.autointegration
    end = 1 if sequences > 1 else 0
    if every > 0:
        return 2 * -(-sequences // every) + sequences + end
    return (2 if every == 0 else 1) + sequences + end
