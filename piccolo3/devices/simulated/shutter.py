"""The simulated shutter: pulses on two lines that are recorded, and a blade that follows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.pulsed import PulsedShutter
from piccolo3.devices.simulated.blade import Blade
from piccolo3.devices.simulated.faults import ShutterFaults
from piccolo3.devices.simulated.timeline import nanoseconds
from piccolo3.status import ShutterStatus

__all__ = ["Pulse", "SimulatedShutter"]

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pin (BCM number) was on from `start` to `end` (s, monotonic)."""

    pin: int
    start: float
    end: float


class SimulatedShutter(PulsedShutter):
    """The blade moves linearly from the start of the pulse to the end of the settling time: the worst allowed case.

    It is wired as configured, so it follows the command, whatever `reverse` makes of the pins; with the fault `stuck`
    it stays where it is, and the status, which no sensor checks, is wrong. `pulses` has those given, latest last.
    """

    def __init__(self, config: ChannelConfig, blade: Blade, clock: Clock) -> None:
        super().__init__(config, clock)
        self._blade = blade
        self.faults = ShutterFaults()
        self.pulses: deque[Pulse] = deque(maxlen=_KEPT)
        self.close()

    def _switch(self, pin: int, on: bool) -> None:
        """Nothing is wired to a simulated pin."""

    def _free(self) -> None:
        """There is nothing to give back."""

    def _moving(self, start: float, end: float, status: ShutterStatus) -> None:
        if not self.faults.stuck:
            self._blade.move(nanoseconds(start), nanoseconds(end), opened=status is ShutterStatus.OPEN)

    def _pulsed(self, pin: int, start: float, end: float) -> None:
        self.pulses.append(Pulse(pin, start, end))
