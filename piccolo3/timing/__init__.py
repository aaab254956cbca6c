"""Time and place: whether the clock can be trusted, whether it has jumped, and what GPS says."""

from __future__ import annotations

from piccolo3.timing.events import ClockSource, ClockStepped, ClockTrustChanged, PositionChanged, Step
from piccolo3.timing.interface import Machine
from piccolo3.timing.kernelwatch import KernelWatch
from piccolo3.timing.locator import Locator
from piccolo3.timing.receiver import Receiver, ReceiverTiming
from piccolo3.timing.satellites import Satellites
from piccolo3.timing.steps import StepDetector
from piccolo3.timing.timekeeper import Timekeeper

__all__ = [
    "ClockSource",
    "ClockStepped",
    "ClockTrustChanged",
    "KernelWatch",
    "Locator",
    "Machine",
    "PositionChanged",
    "Receiver",
    "ReceiverTiming",
    "Satellites",
    "Step",
    "StepDetector",
    "Timekeeper",
]
