"""The options of recording, of quality flags and of the external trigger: additions to the instrument file."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import PIN, Boolean, Choice, Integer, Number

__all__ = ["QUALITY", "RECORDING", "TRIGGER"]

_PERCENT = Number(minimum=0, maximum=100, unit="% of saturation")

RECORDING = Section(
    name="recording",
    text="How batches are recorded, unless a request says otherwise.",
    options=(
        Option(
            name="mode",
            kind=Choice(("classic", "dark_each", "deled")),
            default_value="classic",
            text="Which spectra a batch has: `classic` is a dark, the sequences, another dark; `dark_each` takes a "
            "dark with every sequence; `deled` takes downwelling before and after upwelling, each with its dark, so "
            "that the illumination can be interpolated to the time of the upwelling.",
        ),
        Option(
            name="averages",
            kind=Integer(minimum=1, maximum=1000),
            default_value=1,
            text="How many exposures are averaged to one spectrum.",
        ),
        Option(
            name="follow",
            kind=Boolean(),
            default_value=False,
            text="Follow the light: the integration times of a sequence come from the spectra of the one before, "
            "without exposures of their own.",
        ),
        Option(
            name="queue",
            kind=Integer(minimum=1, maximum=1000),
            default_value=8,
            text="How many sequences may wait for the disk; when there are more, the batch waits.",
        ),
    ),
)

QUALITY = Section(
    name="quality",
    text="From where on a spectrum is flagged; it is recorded all the same. See [quality flags](quality.md).",
    options=(
        Option(
            name="weak",
            kind=_PERCENT,
            default_value=10.0,
            text="`WEAK_SIGNAL`: the peak less the dark is below this.",
        ),
        Option(
            name="dark_drift",
            kind=_PERCENT,
            default_value=1.0,
            text="`DARK_DRIFT`: two darks of a batch differ by more than this.",
        ),
        Option(
            name="illumination",
            kind=Number(minimum=0, maximum=100, unit="%"),
            default_value=10.0,
            text="`ILLUMINATION_UNSTABLE`: the two downwelling spectra of a sequence differ by more than this.",
        ),
        Option(
            name="temperature",
            kind=Number(minimum=0, maximum=100, unit="K"),
            default_value=1.0,
            text="`DETECTOR_TEMPERATURE`: a cooled detector is further than this from its set point.",
        ),
    ),
)

TRIGGER = Section(
    name="trigger",
    text="The external trigger that starts sequences.",
    options=(
        Option(
            name="driver",
            kind=Choice(("none", "gpio", "simulated")),
            default_value="none",
            text="Where triggers come from: nowhere, a pin of the Raspberry Pi, or the simulation.",
        ),
        Option(name="pin", kind=PIN, default_value=12, text="The pin (BCM number) that is watched."),
        Option(
            name="reset_pin",
            kind=PIN,
            default_value=20,
            text="The pin (BCM number) that resets the trigger input of the Piccolo board.",
        ),
        Option(
            name="edge",
            kind=Choice(("rising", "falling")),
            default_value="rising",
            text="Which edge on the pin is a trigger.",
        ),
        Option(
            name="debounce",
            kind=Number(minimum=0, maximum=10_000, unit="ms"),
            default_value=5.0,
            text="The time after a trigger during which edges do not count.",
        ),
    ),
)
