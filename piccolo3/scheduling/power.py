"""Spectrometers are off during the power-off time: once off when it begins, once on before it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError
from piccolo3.scheduling.needs import Notes, Power
from piccolo3.scheduling.quiet import power_off_window
from piccolo3.store.schedule import Quiet

__all__ = ["PowerSaver"]

_AGAIN = 60.0  # s until what went wrong is tried again
_logger = logging.getLogger(__name__)


class PowerSaver:
    """Switches at the edges of the power-off time only: in between, the operator may switch as he likes."""

    def __init__(self, power: Power, clock: Clock, notes: Notes, wake: Callable[[], None]) -> None:
        self._power = power
        self._clock = clock
        self._notes = notes
        self._wake = wake
        self._off = False
        self._switching: asyncio.Task[None] | None = None
        self._not_before = 0.0  # monotonic
        self._failed = False
        self.waits = False  # for an idle rig, to switch off

    @property
    def off(self) -> bool:
        """Whether spectrometers have been switched off, and not on again."""
        return self._off

    def review(self, now: datetime, quiet: Quiet, *, idle: bool) -> float | None:
        """Switch where it is time, off only while nothing is under way; when to look again (s), None: not for now."""
        window = power_off_window(quiet, now, self._power.warm_up)
        wanted = window is not None and now in window
        self.waits = False
        if self._switching is not None and not self._switching.done():
            return None  # it tells when it is done
        if wanted is not self._off:
            left = self._not_before - self._clock.monotonic()
            if left > 0:
                return left
            if wanted and not idle:
                self.waits = True
                return (window.end - now).total_seconds() if window is not None else None
            switch = self._power.switch_off if wanted else self._power.switch_on
            self._switching = asyncio.create_task(self._switch(switch, wanted), name="power-off time")
            return None
        if window is None:
            return None
        return ((window.end if wanted else window.begin) - now).total_seconds()

    async def stop(self) -> None:
        """Give what is under way up."""
        if self._switching is not None:
            self._switching.cancel()
            await asyncio.wait({self._switching})

    async def _switch(self, switch: Callable[[], Awaitable[None]], off: bool) -> None:
        word = "off" if off else "on"
        try:
            await switch()
        except PiccoloError as error:
            self._refuse(word, str(error))
        except Exception as error:
            _logger.exception("spectrometers could not be switched %s by an error in the program", word)
            self._refuse(word, str(error))
        else:
            self._off, self._failed = off, False
            self._notes("power", f"spectrometers were switched {word} for the power-off time", source="scheduler")
        self._wake()

    def _refuse(self, word: str, reason: str) -> None:
        self._not_before = self._clock.monotonic() + _AGAIN
        if not self._failed:
            message = f"spectrometers could not be switched {word} for the power-off time: {reason}"
            self._notes("power", message, level="warning", source="scheduler")
        self._failed = True
