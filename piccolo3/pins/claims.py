"""Who uses which pin: claimed at the first use, by one owner, given back when that one is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from piccolo3.pins.factory import PinsUnusable

__all__ = ["Claims"]


class Claims:
    """The pins in use, as devices of gpiozero. Raises PinsUnusable, or what the pin library raises.

    An owner is any object; as a text it is its name.
    """

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._claims: dict[int, tuple[object, Any]] = {}

    def has(self, owner: object, pin: int) -> bool:
        """Whether that owner has the pin."""
        return pin in self._claims and self._claims[pin][0] is owner

    def output(self, owner: object, pin: int, initial: bool = False) -> Any:
        """A pin for output; `initial` is its level if it was not claimed yet."""
        from gpiozero import OutputDevice

        def make() -> Any:
            return OutputDevice(pin, initial_value=initial, pin_factory=self._factory)

        return self._claim(owner, pin, make)

    def input(self, owner: object, pin: int, pull_up: bool) -> Any:
        """A pin for input, with a resistor that pulls it up, or down: active is the other level."""
        from gpiozero import DigitalInputDevice

        def make() -> Any:
            return DigitalInputDevice(pin, pull_up=pull_up, pin_factory=self._factory)

        return self._claim(owner, pin, make)

    def give_back(self, owner: object) -> None:
        """Switch off the outputs of an owner, and give all its pins back."""
        for pin, (other, device) in tuple(self._claims.items()):
            if other is owner:
                del self._claims[pin]
                with suppress(Exception):  # a board that is gone; the others shall be off all the same
                    if hasattr(device, "off"):
                        device.off()
                    device.close()

    def _claim(self, owner: object, pin: int, make: Callable[[], Any]) -> Any:
        other, device = self._claims.get(pin, (owner, None))
        if other is not owner:
            raise PinsUnusable(f"GPIO {pin} is in use by {other}")
        if device is None:
            device = make()
            self._claims[pin] = (owner, device)
        return device
