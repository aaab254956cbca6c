"""What starts a sequence from outside: the interface, and an edge on a pin of the computer."""

from __future__ import annotations

import logging
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from piccolo3.clock import Clock
from piccolo3.config import TriggerConfig
from piccolo3.errors import DeviceError

__all__ = ["GpioTrigger", "Trigger", "UnavailableTrigger"]

_RESET = 0.001  # s that the line which clears the latch is on
_logger = logging.getLogger(__name__)


class Trigger(ABC):
    """Something that fires now and then."""

    @abstractmethod
    def listen(self, fired: Callable[[float], None]) -> None:
        """Call `fired` with the time (monotonic, s) each time it fires, from any thread. Raises DeviceError.

        `fired` neither waits nor raises.
        """

    @abstractmethod
    def release(self) -> None:
        """Give the pins back; nothing is called any more. Doing so twice does no harm."""


class UnavailableTrigger(Trigger):
    """A trigger that can't be used: DeviceError with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def listen(self, fired: Callable[[float], None]) -> None:
        raise DeviceError(self._reason)

    def release(self) -> None:
        """It has no pins."""


class GpioTrigger(Trigger):
    """An edge on a pin, through gpiozero, which is imported here only.

    Edges that come less than `debounce` after the one before are its bouncing. The time is that of the first edge, so
    it is not late by the debouncing. After each trigger the reset pin is on for a millisecond, which clears the latch
    of a trigger board.
    """

    def __init__(self, config: TriggerConfig, clock: Clock, pin_factory: object | None = None) -> None:
        self._config = config
        self._clock = clock
        self._sleeper = clock.sleeper()
        self._pin_factory = pin_factory
        self._lock = threading.Lock()
        self._last: float | None = None
        self._input: Any = None
        self._reset: Any = None

    def listen(self, fired: Callable[[float], None]) -> None:
        """Take the pins."""
        config = self._config
        try:
            with warnings.catch_warnings():
                # gpiozero warns of every library that it tries in vain; if none is left it says so in its error
                warnings.simplefilter("ignore")
                from gpiozero import DigitalInputDevice, OutputDevice

                self._reset = OutputDevice(config.reset_pin, initial_value=False, pin_factory=self._pin_factory)
                self._input = DigitalInputDevice(
                    config.pin, pull_up=config.edge == "falling", pin_factory=self._pin_factory
                )
            self._input.when_activated = lambda: self._edge(fired)
            self._clear()
        except Exception as error:  # pin libraries have errors of their own
            self.release()
            raise DeviceError(f"the GPIO pins of the trigger can't be used: {error}") from error

    def release(self) -> None:
        self._sleeper.cancel()
        for device in (self._input, self._reset):
            if device is not None:
                device.close()

    def _edge(self, fired: Callable[[float], None]) -> None:
        now = self._clock.monotonic()
        with self._lock:
            last, self._last = self._last, now
        if last is not None and now - last < self._config.debounce / 1000:
            return
        fired(now)
        try:
            self._clear()
        except Exception:  # the pin library's thread has to live on
            _logger.exception("the latch of the trigger can't be cleared")

    def _clear(self) -> None:
        self._reset.on()
        try:
            self._sleeper.sleep(_RESET)
        finally:
            self._reset.off()
