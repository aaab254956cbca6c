"""The options of place and time: where the rig is, whether its clock is right, and a GPS receiver."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import Boolean, Choice, Number, Optional, Text

__all__ = ["CLOCK", "GPS", "SITE"]

SITE = Section(
    name="site",
    text="Where the rig is, as long as no GPS receiver knows better. See [time and place](../explanations/time.md).",
    options=(
        Option(
            name="latitude",
            kind=Optional(Number(minimum=-90, maximum=90, unit="degrees"), "unknown"),
            text="North positive; only together with `longitude`.",
        ),
        Option(
            name="longitude",
            kind=Optional(Number(minimum=-180, maximum=180, unit="degrees"), "unknown"),
            text="East positive; only together with `latitude`.",
        ),
        Option(
            name="altitude",
            kind=Optional(Number(minimum=-500, maximum=10_000, unit="m"), "unknown"),
            text="Above mean sea level.",
        ),
    ),
)

CLOCK = Section(
    name="clock",
    text="Whether the clock of the machine can be relied on. See [time and place](../explanations/time.md).",
    options=(
        Option(
            name="trust",
            kind=Optional(Choice(("synchronised", "always")), "auto"),
            default="`always` if all spectrometers are simulated, otherwise `synchronised`",
            text="When jobs may run: `synchronised` is from when on, since the machine was started, a time server or "
            "GPS has kept the clock right, or somebody has set it by `sysinfo/clock`; `always` is at any time.",
        ),
    ),
)

GPS = Section(
    name="gps",
    text="A GPS receiver, through gpsd. See [time and place](../explanations/time.md).",
    options=(
        Option(
            name="gpsd",
            kind=Optional(
                Text(
                    "the address of a gpsd, such as localhost:2947",
                    r"(\[[0-9A-Fa-f:.]+(%\w+)?\]|[\w.-]+)(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}"
                    r"|655[0-2][0-9]|6553[0-5]))?",
                ),
                "none",
            ),
            text="Where gpsd is; without a port it is 2947, and `none` means that there is no receiver.",
        ),
        Option(
            name="max_age",
            kind=Number(minimum=5, maximum=86_400, unit="s"),
            default_value=300.0,
            text="How long the last position counts after the receiver has lost its fix.",
        ),
        Option(
            name="set_clock",
            kind=Boolean(),
            default_value=False,
            text="Set the clock of the machine by GPS where it is wrong by more than `tolerance` and no time server "
            "keeps it right. The daemon needs to be allowed to do that.",
        ),
        Option(
            name="tolerance",
            kind=Number(minimum=0.5, maximum=3600, unit="s"),
            default_value=2.0,
            text="How far the clock may be from GPS and agree with it; what comes over a serial line is late by up to "
            "a second.",
        ),
    ),
)
