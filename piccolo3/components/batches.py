"""What can be asked of a batch, and what would come of it: the recipes and the dry run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Boolean, Integer, Json, JsonValue, Nullable, Number, SafeName, Text
from piccolo3.components.declaration import command, value
from piccolo3.components.starts import coming, when_of
from piccolo3.config import RecipeConfig
from piccolo3.recording import Recorder
from piccolo3.recording.settings import MODES
from piccolo3.scheduling.triggers import shortest_gap
from piccolo3.wire import show_time

__all__ = [
    "AT",
    "AUTO",
    "AUTO_TEXT",
    "AVERAGES",
    "BATCH",
    "DELAY",
    "MODE",
    "MODE_TEXT",
    "RUN",
    "SEQUENCES",
    "TARGET",
    "Batches",
]

SEQUENCES = Integer(minimum=1, maximum=1_000_000, lenient=True)
AUTO = Integer(minimum=-1, maximum=1_000_000, lenient=True, clamp=True)
DELAY = Number(minimum=0, maximum=86_400, unit="s", lenient=True)
TARGET = Number(minimum=10, maximum=90, unit="%", lenient=True)
MODE = Text(enum=MODES)
AVERAGES = Integer(minimum=1, maximum=1000, lenient=True)
RUN = Argument("run", Nullable(SafeName()), default=None, text="null: the current run")
AT = Argument("at_time", Nullable(Text(max_length=64)), default=None, text="null: now")
AUTO_TEXT = "-1: never; 0: once, before the first sequence; n: before every n-th sequence"
MODE_TEXT = "classic: darks first and last; dark_each: a dark before each sequence; deled: D E L E D"
BATCH = (
    RUN,
    Argument("nsequence", Nullable(SEQUENCES), default=None, text="number of sequences"),
    Argument("auto", Nullable(AUTO), default=None, text=AUTO_TEXT),
    Argument("delay", Nullable(DELAY), default=None, text="delay between sequences"),
    Argument("target", Nullable(TARGET), default=None, text="peak to aim at, in % of saturation"),
    AT,
    Argument("interval", Nullable(Number(unit="s")), default=None, text="repeat after so many seconds"),
    Argument("end_time", Nullable(Text(max_length=64)), default=None, text="end of the repetition"),
    Argument("mode", Nullable(MODE), default=None, text=MODE_TEXT),
    Argument("averages", Nullable(AVERAGES), default=None, text="exposures that are averaged to a spectrum"),
    Argument("burst", Nullable(Boolean()), default=None, text="as fast as the detectors allow"),
    Argument("triggered", Nullable(Boolean()), default=None, text="each sequence waits for a trigger"),
    Argument("recipe", Nullable(Text(max_length=64)), default=None, text="name of a recipe, see control/recipes"),
)


class Batches(Component):
    """The recipes there are, and the dry run of a batch; a part of `control`."""

    _recorder: Recorder
    _now: Callable[[], datetime]

    @value(
        Json("by name: description, and the parameters that the recipe gives; the others are as they are set"),
        title="recipes: batches that have a name",
        text="from [recipes] in the configuration",
    )
    def recipes(self) -> JsonValue:
        """Return the recipes, in the order of the configuration."""
        return {name: _shown(recipe) for name, recipe in self._recorder.recipes.items()}

    @command(
        *BATCH,
        title="dry run: what would become of a batch",
        text="the arguments of record_sequence; nothing changes",
        answer=Json(
            "all parameters; channels; steps (how many darks, lights, ... there are, each with one channel); "
            "spectrometers (status, integration_times in ms by channel, darks, lights, exposures that are kept, "
            "automatic: exposures to find integration times); spectra; seconds and bytes (both estimates); "
            "starts (the first ones, where it would be a job); warnings"
        ),
        safe=True,
    )
    async def plan(
        self,
        run: str | None,
        nsequence: int | None,
        auto: int | None,
        delay: float | None,
        target: float | None,
        at_time: str | None,
        interval: float | None,
        end_time: str | None,
        mode: str | None,
        averages: int | None,
        burst: bool | None,
        triggered: bool | None,
        recipe: str | None,
    ) -> JsonValue:
        """Return what a batch would do, how long it takes, how much room it needs, and when it would start."""
        now = self._now()
        when = when_of(at_time, interval, end_time, now)
        order = self._recorder.resolve(
            run=run,
            sequences=nsequence,
            autointegration=auto,
            delay=delay,
            target=target,
            mode=mode,
            averages=averages,
            burst=burst,
            triggered=triggered,
            recipe=recipe,
        )
        foresight = await self._recorder.foresee(order, None if when is None else shortest_gap(when, now))
        return {**foresight.as_dict(), "starts": [show_time(start) for start in coming(when, now)]}


def _shown(recipe: RecipeConfig) -> JsonValue:
    """What the recipe says; what it leaves open is left out."""
    given = {f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name != "name"}
    times = {serial: dict(own) for serial, own in recipe.integration_times.items()}
    given |= {"integration_times": times or None, "burst": recipe.burst or None, "triggered": recipe.triggered or None}
    return {name: value for name, value in given.items() if value is not None}
