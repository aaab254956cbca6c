"""From what is asked for to what is done: a recipe, what is said besides, and the current settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from piccolo3.config import RecipeConfig
from piccolo3.config.nearest import nearest
from piccolo3.errors import InvalidValue
from piccolo3.recording.order import Order
from piccolo3.recording.settings import BatchSettings, Changes

__all__ = ["NO_RECIPES", "Wanted", "find", "resolve"]

NO_RECIPES: Mapping[str, RecipeConfig] = MappingProxyType({})


class Wanted(Changes, total=False):
    """What is asked of a batch; None is the same as leaving it out.

    `burst`: as fast as the detectors allow; `triggered`: each sequence waits for a trigger; both are for one batch.
    """

    run: str | None
    burst: bool | None
    triggered: bool | None
    recipe: str | None


def find(recipes: Mapping[str, RecipeConfig], name: str) -> RecipeConfig:
    """The recipe of that name; InvalidValue that names those there are."""
    if (found := recipes.get(name)) is not None:
        return found
    if not recipes:
        raise InvalidValue(f"there is no recipe {name[:64]!r}; the configuration has none in [recipes]", known=[])
    meant = nearest(name, recipes)
    guess = "" if meant is None else f"; did you mean '{meant}'?"
    known = sorted(recipes)
    raise InvalidValue(f"there is no recipe {name[:64]!r}{guess} (known: {', '.join(known)})", known=known)


def resolve(recipes: Mapping[str, RecipeConfig], current: BatchSettings, wanted: Wanted) -> Order:
    """What to do: what was asked for, else what the recipe says, else what is set. InvalidValue.

    What was asked for without a recipe becomes the current settings when the batch begins; a batch by recipe leaves
    them as they are.
    """
    name = wanted.get("recipe")
    recipe = RecipeConfig(name="") if name is None else find(recipes, name)
    by_recipe: Changes = {
        "sequences": recipe.sequences,
        "autointegration": recipe.autointegration,
        "delay": recipe.delay,
        "target": recipe.target,
        "mode": recipe.mode,
        "averages": recipe.averages,
    }
    asked: Changes = {
        "sequences": wanted.get("sequences"),
        "autointegration": wanted.get("autointegration"),
        "delay": wanted.get("delay"),
        "target": wanted.get("target"),
        "mode": wanted.get("mode"),
        "averages": wanted.get("averages"),
    }
    run, burst, triggered = wanted.get("run"), wanted.get("burst"), wanted.get("triggered")
    return Order(
        kind="record",
        settings=current.changed(**by_recipe).changed(**asked),
        run=recipe.run if run is None else run,
        burst=recipe.burst if burst is None else burst,
        triggered=recipe.triggered if triggered is None else triggered,
        recipe=name,
        lasting=name is None,
        integration_times=recipe.integration_times,
    )
