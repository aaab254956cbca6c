"""Recipes and dry runs as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from piccolo3.cli.table import milliseconds, rows
from piccolo3.client.plan import Plan
from piccolo3.wire import JsonValue

__all__ = ["plan", "recipes"]

_MINUTE, _HOUR = 60.0, 3600.0
_NEVER, _ONCE, _EACH = -1, 0, 1
_FLAGS = ("burst", "triggered")


def recipes(known: Mapping[str, Mapping[str, JsonValue]]) -> str:
    """The recipes, each with its description and what it says."""
    if not known:
        return "the server has no recipes: [recipes] in its configuration is empty\n"
    body = [[name, _said(recipe), str(recipe.get("description", ""))] for name, recipe in known.items()]
    return rows(["recipe", "parameters", "description"], body, left=(0, 1, 2))


def plan(what: Plan) -> str:
    """What would be done, how long it takes, when it starts, and what there is to say against it."""
    parts = [_parameters(what), "", _spectrometers(what), f"takes about {_duration(what.seconds)}"]
    parts += [f"brings {what.spectra} spectra, about {what.bytes / 1e6:.1f} MB"]
    if what.starts:
        starts = [start.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") for start in what.starts]
        parts += ["starts", *(f"  {start}" for start in starts)]
    parts += [f"warning: {warning}" for warning in what.warnings]
    return "\n".join(parts) + "\n"


def _parameters(what: Plan) -> str:
    shown = {"recipe": what.recipe or "none", "run": what.run}
    shown |= {name: _shown(name, value) for name, value in what.parameters.items()}
    width = max(map(len, shown))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown.items())


def _shown(name: str, value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "autointegration" and isinstance(value, int):
        words = {_NEVER: "never", _ONCE: "once, before the first sequence", _EACH: "before each sequence"}
        return words.get(value, f"before the first of every {value} sequences")
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return number + {"delay": " s", "target": " % of saturation"}.get(name, "")


def _spectrometers(what: Plan) -> str:
    """Integration times in ms, then how many of each there are."""
    header = [
        "",
        *(f"{channel} ms" for channel in what.channels),
        "darks",
        "lights",
        "exposures",
        "automatic",
        "status",
    ]
    body = [
        [
            part.name,
            *(milliseconds(part.integration_times.get(channel, 0.0)) for channel in what.channels),
            *map(str, (part.darks, part.lights, part.exposures, part.automatic)),
            part.status,
        ]
        for part in what.spectrometers
    ]
    return rows(header, body, left=(0, len(header) - 1))


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.1f} min ({seconds:.0f} s)"
    return f"{seconds / _HOUR:.1f} h ({seconds:.0f} s)"


def _said(recipe: Mapping[str, JsonValue]) -> str:
    """The parameters that a recipe gives."""
    said = []
    for name, value in recipe.items():
        if name == "integration_times" and isinstance(value, Mapping):
            times = [(s, c, t) for s, own in value.items() if isinstance(own, Mapping) for c, t in own.items()]
            said += [f"{serial}:{channel}:{time} ms" for serial, channel, time in times]
        elif name in _FLAGS:
            said.append(name)
        elif name != "description":
            said.append(f"{name} {value}")
    return ", ".join(said)
