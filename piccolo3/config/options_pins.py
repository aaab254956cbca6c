"""The options of the pins and of the status light: additions to the instrument file."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import PIN, Choice, Optional, Text

__all__ = ["GPIO", "INDICATOR", "STATUS_PIN"]

STATUS_PIN = 25  # the green light of the Piccolo board

GPIO = Section(
    name="gpio",
    text="The pins of the Raspberry Pi.",
    options=(
        Option(
            name="pin_factory",
            kind=Text(
                "auto, lgpio, rpigpio, pigpio, native, mock, or a Python class as module:Class",
                r"auto|lgpio|rpigpio|pigpio|native|mock|[A-Za-z_][\w.]*:[A-Za-z_]\w*",
            ),
            default_value="auto",
            text="What drives the pins, by its name in gpiozero; `auto` leaves the choice to gpiozero, `mock` moves "
            "nothing and is for tests. Where pins can't be used, what needs them is unavailable and says why.",
        ),
    ),
)

INDICATOR = Section(
    name="indicator",
    text="The light that shows what the daemon does.",
    options=(
        Option(
            name="driver",
            kind=Optional(Choice(("none", "gpio", "simulated")), "auto"),
            default="`gpio` if a shutter is moved by pins, otherwise `none`",
            text="What the light is: none, one on a pin of the Raspberry Pi, or the simulation.",
        ),
        Option(
            name="pin",
            kind=Optional(PIN, "-1"),
            default_value=STATUS_PIN,
            text="The pin (BCM number) of the light; the green one of the Piccolo board is 25, the yellow one 5; "
            "`-1` means that there is none.",
        ),
    ),
)
