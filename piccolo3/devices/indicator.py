"""What shows people at the rig what the daemon does: the interface, and its twin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum

__all__ = ["Indicator", "Sign", "SimulatedIndicator"]


class Sign(Enum):
    """What there is to be shown."""

    STARTING = "starting"
    IDLE = "idle"
    RECORDING = "recording"
    ERROR = "something needs attention"
    STOPPING = "shutting down"


class Indicator(ABC):
    """A light, or whatever people see. Calls may block and are made by one thread."""

    @abstractmethod
    def show(self, sign: Sign) -> None:
        """Show it until told otherwise. Raises DeviceError."""

    @abstractmethod
    def release(self) -> None:
        """Show nothing any more. Doing so twice does no harm; any thread may do it."""


class SimulatedIndicator(Indicator):
    """It remembers what it has shown, the latest last."""

    def __init__(self) -> None:
        self.shown: list[Sign | None] = []

    def show(self, sign: Sign) -> None:
        self.shown = [*self.shown[-99:], sign]

    def release(self) -> None:
        self.shown.append(None)
