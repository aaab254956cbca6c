"""Which steps a batch consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from piccolo3.errors import InvalidValue
from piccolo3.recording.settings import BatchSettings

__all__ = ["Action", "Step", "count_measurements", "plan"]

DOWNWELLING, UPWELLING = "downwelling", "upwelling"


class Action(Enum):
    """What is done in a step; but for waiting, with one channel after the other."""

    AUTOINTEGRATE = "autointegrate"
    DARK = "dark"
    LIGHT = "light"
    DELAY = "waiting"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; spectra get the number `sequence`.

    `channels` are in the order they are measured. What is measured is written together with that of the next step
    unless it `completes` the files.
    """

    action: Action
    sequence: int
    channels: tuple[str, ...] = ()
    completes: bool = True

    @property
    def first_view(self) -> str | None:
        """The channel whose shutter has to be open first, None if all have to be closed."""
        return self.channels[0] if self.action in (Action.LIGHT, Action.AUTOINTEGRATE) else None


def plan(
    settings: BatchSettings, channels: Sequence[str], *, clobber: bool, burst: bool = False, triggered: bool = False
) -> Iterator[Step]:
    """The steps of a batch, in order. InvalidValue where the mode needs channels that there are not.

    With `autointegration` 0 the integration times are found once, before everything; with n > 0 before every n-th
    sequence (once with `burst`). The modes:

    * classic: a dark first, after each automatic integration and, after more than one sequence, last. The last dark
      has the number of the last sequence. Where that one has a dark of its own, the last dark overwrites it if files
      may be overwritten (`clobber`), and has the next number otherwise.
    * dark_each: each sequence has a dark before its light.
    * deled: each sequence is dark, downwelling, upwelling, downwelling again, dark; in two files, as always.

    `triggered`: each sequence waits for a trigger; darks that are not part of the sequence are taken before.
    `burst`: no delays, and where there are several channels every other sequence goes backwards, for the shutter that
    is open then need not be moved.
    """
    if settings.mode == "deled" and not {DOWNWELLING, UPWELLING} <= set(channels):
        raise InvalidValue(f"mode deled needs channels named {DOWNWELLING} and {UPWELLING}")
    if burst:
        settings = replace(settings, autointegration=min(settings.autointegration, 0), delay=0.0)
    return _steps(settings, tuple(channels), clobber=clobber, burst=burst, triggered=triggered)


def count_measurements(settings: BatchSettings, channels: Sequence[str], *, burst: bool = False) -> Counter[Action]:
    """How many times each action of `plan` is done: with a channel or, for a delay, at all."""
    sequences, number = settings.sequences, len(channels)
    every = min(settings.autointegration, 0) if burst else settings.autointegration
    automatic = 1 if every == 0 else -(-sequences // every) if every > 0 else 0
    darks = {
        "classic": max(1, automatic) + (1 if sequences > 1 else 0),
        "dark_each": sequences,
        "deled": 2 * sequences,
    }[settings.mode]
    lights = sequences * (number + 1 if settings.mode == "deled" else number)
    return Counter(
        {
            Action.AUTOINTEGRATE: automatic * number,
            Action.DARK: darks * number,
            Action.LIGHT: lights,
            Action.DELAY: sequences if settings.delay > 0 and not burst else 0,
        }
    )


def _steps(
    settings: BatchSettings, channels: tuple[str, ...], *, clobber: bool, burst: bool, triggered: bool
) -> Iterator[Step]:
    every, last = settings.autointegration, settings.sequences - 1
    classic = settings.mode == "classic"
    if every == 0:
        yield Step(Action.AUTOINTEGRATE, 0, channels)
    if every <= 0 and classic:
        yield Step(Action.DARK, 0, channels)
    for sequence in range(settings.sequences):
        if every > 0 and sequence % every == 0:
            yield Step(Action.AUTOINTEGRATE, sequence, channels)
            if classic:
                yield Step(Action.DARK, sequence, channels)
        backwards = burst and sequence % 2 == 1
        yield from _sequence(settings.mode, sequence, channels[::-1] if backwards else channels, triggered=triggered)
        if settings.delay > 0:
            yield Step(Action.DELAY, sequence)
    if last > 0 and classic:
        taken = every > 0 and last % every == 0
        yield Step(Action.DARK, last + 1 if taken and not clobber else last, channels)


def _sequence(mode: str, sequence: int, channels: tuple[str, ...], *, triggered: bool) -> Iterator[Step]:
    trigger = [Step(Action.TRIGGER, sequence)] if triggered else []
    if mode == "deled":
        others = tuple(channel for channel in channels if channel not in (DOWNWELLING, UPWELLING))
        yield from trigger
        yield Step(Action.DARK, sequence, channels, completes=False)
        yield Step(Action.LIGHT, sequence, (DOWNWELLING, UPWELLING, *others, DOWNWELLING), completes=False)
        yield Step(Action.DARK, sequence, channels)
        return
    if mode == "dark_each":
        yield Step(Action.DARK, sequence, channels)
    yield from trigger
    yield Step(Action.LIGHT, sequence, channels)
