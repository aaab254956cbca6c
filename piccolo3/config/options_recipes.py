"""The options of recipes, batches that have a name: an addition to the instrument file."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import Boolean, Choice, Integer, Kind, Name, Number, Optional, Text, Texts, Words

__all__ = ["RECIPES"]

_TIME = r"[^\s:]+:[^\s:]+:\d+(\.\d+)?"


def _setting(name: str, kind: Kind, text: str) -> Option:
    return Option(name=name, kind=Optional(kind, "current"), text=text)


_RECIPE = Section(
    name="<recipe>",
    names=Name(),
    text="One recipe. What it leaves open (`current`) is what the setting is when the batch is asked for.",
    options=(
        Option(name="description", kind=Words(), default_value="", text="What it is for."),
        _setting("run", Name(), "The run that it is recorded into."),
        _setting("sequences", Integer(minimum=1, maximum=1_000_000), "How many sequences the batch has."),
        _setting(
            "autointegration",
            Integer(minimum=-1, maximum=1_000_000),
            "When integration times are found automatically: -1 never, 0 before the first sequence, n before every "
            "n-th one.",
        ),
        _setting("delay", Number(minimum=0, maximum=86_400, unit="s"), "The time after each sequence."),
        _setting(
            "target",
            Number(minimum=10, maximum=90, unit="% of saturation"),
            "The peak that automatic integration aims at.",
        ),
        _setting("mode", Choice(("classic", "dark_each", "deled")), "Which spectra it has, as `[recording] mode`."),
        _setting("averages", Integer(minimum=1, maximum=1000), "How many exposures are averaged to one spectrum."),
        Option(
            name="burst",
            kind=Boolean(),
            default_value=False,
            text="As fast as the detectors allow, without delays.",
        ),
        Option(
            name="triggered", kind=Boolean(), default_value=False, text="Each sequence waits for the external trigger."
        ),
        _setting(
            "integration_times",
            Texts(Text("SERIAL:CHANNEL:TIME with a time in ms, such as QEP00984:upwelling:250", _TIME)),
            "Integration times of this batch; automatic integration starts from them. Afterwards they are again what "
            "they were before.",
        ),
    ),
)

RECIPES = Section(
    name="recipes",
    text="Batches that have a name, for clients, the command line and jobs. See [recipes](../how-to/recipes.md).",
    sections=(_RECIPE,),
)
