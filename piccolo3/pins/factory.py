"""Which library drives the pins: what the configuration says, and never one that only looks as if it did."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from typing import Any

__all__ = ["AUTO", "LIBRARIES", "MOCK", "PinsUnusable", "make_factory"]

AUTO, MOCK = "auto", "mock"
LIBRARIES = {
    "lgpio": "gpiozero.pins.lgpio:LGPIOFactory",
    "rpigpio": "gpiozero.pins.rpigpio:RPiGPIOFactory",
    "pigpio": "gpiozero.pins.pigpio:PiGPIOFactory",
    "native": "gpiozero.pins.native:NativeFactory",
    MOCK: "gpiozero.pins.mock:MockFactory",
}


class PinsUnusable(Exception):
    """The pins can't be used, and this is why."""


def make_factory(name: str) -> Any:
    """A pin factory of gpiozero: auto, one of `LIBRARIES`, or `module:Class`. Raises PinsUnusable."""
    with warnings.catch_warnings(record=True) as tried:
        # gpiozero warns of every library that it tries in vain: these are the reasons if none is left
        warnings.simplefilter("always")
        try:
            return _automatic() if name == AUTO else _named(LIBRARIES.get(name, name))
        except PinsUnusable:
            raise
        except Exception as error:  # pin libraries have errors of their own
            reasons = [str(warning.message).removeprefix("Falling back from ") for warning in tried]
            if name != AUTO or not reasons:
                reasons.insert(0, str(error) or type(error).__name__)
            raise PinsUnusable("; ".join(reasons)) from error


def _automatic() -> Any:
    from gpiozero import Device
    from gpiozero.pins.mock import MockFactory

    Device.ensure_pin_factory()
    if isinstance(Device.pin_factory, MockFactory):
        chosen = os.environ.get("GPIOZERO_PIN_FACTORY")
        raise PinsUnusable(
            f"GPIOZERO_PIN_FACTORY={chosen} asks for pins that move nothing; if that is meant, the instrument file has "
            "to say so: [gpio] pin_factory = mock"
        )
    return Device.pin_factory


def _named(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)()
