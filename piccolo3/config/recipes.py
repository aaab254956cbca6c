"""Recipes as the rest of the program sees them, and the mistakes that only all of the file shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from piccolo3.config.check import Node
from piccolo3.config.declaration import where
from piccolo3.config.findings import DEFAULT, Findings
from piccolo3.config.nearest import nearest

__all__ = ["RecipeConfig", "build_recipes", "check_recipes"]

_NEEDED_BY_DELED = ("downwelling", "upwelling")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeConfig:
    """Parameters of a batch under a name; None for those that are as they are set when it is asked for.

    `delay` is in s, `target` in % of saturation, `integration_times` are in ms, by serial number and channel.
    """

    name: str
    description: str = ""
    run: str | None = None
    sequences: int | None = None
    autointegration: int | None = None
    delay: float | None = None
    target: float | None = None
    mode: str | None = None
    averages: int | None = None
    burst: bool = False
    triggered: bool = False
    integration_times: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )


def build_recipes(node: Node) -> Mapping[str, RecipeConfig]:
    """The recipes by name, in the order of the file."""
    return MappingProxyType({name: _recipe(name, child) for name, child in node.children.items()})


def check_recipes(node: Node, channels: Sequence[str], spectrometers: Mapping[str, Node], findings: Findings) -> None:
    """Note what does not go together. `channels` are all that there are, and spectrometers are by serial number."""
    for recipe in node.children.values():
        for option, text in _contradictions(recipe, channels, spectrometers):
            origin = recipe.values[option].origin
            findings.problem(recipe.origin if origin == DEFAULT else origin, f"{where(recipe.path)}: {text}")


def _recipe(name: str, node: Node) -> RecipeConfig:
    times: dict[str, dict[str, float]] = {}
    for serial, channel, milliseconds in _times(node):
        times.setdefault(serial, {})[channel] = milliseconds
    return RecipeConfig(
        name=name,
        description=node.take("description", str),
        run=node.get("run", str),
        sequences=node.get("sequences", int),
        autointegration=node.get("autointegration", int),
        delay=node.get("delay", float),
        target=node.get("target", float),
        mode=node.get("mode", str),
        averages=node.get("averages", int),
        burst=node.take("burst", bool),
        triggered=node.take("triggered", bool),
        integration_times=MappingProxyType({serial: MappingProxyType(own) for serial, own in times.items()}),
    )


def _times(node: Node) -> Iterator[tuple[str, str, float]]:
    for item in node.get("integration_times", tuple) or ():
        serial, channel, milliseconds = item.split(":")
        yield serial, channel, float(milliseconds)


def _contradictions(
    node: Node, channels: Sequence[str], spectrometers: Mapping[str, Node]
) -> Iterator[tuple[str, str]]:
    """The option that is at fault, and what is wrong with it."""
    if node.get("mode", str) == "deled" and channels and not set(_NEEDED_BY_DELED) <= set(channels):
        yield "mode", f"mode = deled: it needs channels named {' and '.join(_NEEDED_BY_DELED)}"
    if node.get("burst", bool):
        if delay := node.get("delay", float):
            yield "delay", f"delay = {delay:g}: with burst there is none"
        if (every := node.get("autointegration", int)) is not None and every > 0:
            yield "autointegration", f"autointegration = {every}: with burst it is done once (0) or never (-1)"
    seen = set()
    for serial, channel, milliseconds in _times(node):
        said = f"integration_times = {serial}:{channel}:{milliseconds:g}"
        if (serial, channel) in seen:
            yield "integration_times", f"{said}: it is there twice"
        seen.add((serial, channel))
        if serial not in spectrometers:
            yield "integration_times", f"{said}: {_unknown('spectrometer', serial, spectrometers)}"
        elif (limit := _beyond(spectrometers[serial], milliseconds)) is not None:
            yield "integration_times", f"{said}: {limit}"
        if channels and channel not in channels:
            yield "integration_times", f"{said}: {_unknown('channel', channel, channels)}"


def _beyond(spectrometer: Node, milliseconds: float) -> str | None:
    shortest = spectrometer.get("min_integration_time", float)
    longest = spectrometer.get("max_integration_time", float)
    if shortest is not None and milliseconds < shortest:
        return f"it is below min_integration_time = {shortest:g} of {where(spectrometer.path)}"
    if longest is not None and milliseconds > longest:
        return f"it is above max_integration_time = {longest:g} of {where(spectrometer.path)}"
    return None


def _unknown(kind: str, name: str, known: Sequence[str] | Mapping[str, Node]) -> str:
    meant = nearest(name, known)
    guess = "" if meant is None else f"; did you mean '{meant}'?"
    return f"there is no {kind} '{name}'{guess} (known: {', '.join(known)})"
