"""Threads live here only: one thread and one slot for each device, one for the disk."""

from piccolo3.workers.aside import Aside
from piccolo3.workers.departure import Departure
from piccolo3.workers.events import ShutterChanged, SpectrometerChanged
from piccolo3.workers.gated import GatedShutterWorker
from piccolo3.workers.group import POWER_DELAY, SpectrometerGroup
from piccolo3.workers.indicator import IndicatorWorker
from piccolo3.workers.journal import Journal
from piccolo3.workers.link import Acquires, SpectrometerTiming
from piccolo3.workers.operations import CountedShutter, Operations
from piccolo3.workers.recovery import RecoveryTiming, Rung
from piccolo3.workers.shutter import NotMoved, ShutterWorker
from piccolo3.workers.spectrometer import SpectrometerWorker
from piccolo3.workers.state import State
from piccolo3.workers.trigger import TriggerFired, TriggerWorker
from piccolo3.workers.verifier import CatalogueOpened, Verifier, VerifierChanged
from piccolo3.workers.worker import Worker
from piccolo3.workers.writer import Writer

__all__ = [
    "POWER_DELAY",
    "Acquires",
    "Aside",
    "CatalogueOpened",
    "CountedShutter",
    "Departure",
    "GatedShutterWorker",
    "IndicatorWorker",
    "Journal",
    "NotMoved",
    "Operations",
    "RecoveryTiming",
    "Rung",
    "ShutterChanged",
    "ShutterWorker",
    "SpectrometerChanged",
    "SpectrometerGroup",
    "SpectrometerTiming",
    "SpectrometerWorker",
    "State",
    "TriggerFired",
    "TriggerWorker",
    "Verifier",
    "VerifierChanged",
    "Worker",
    "Writer",
]
