"""The engine, plain async code: batches, sequences, automatic integration, pause, abort, the safe state."""

from piccolo3.recording.events import (
    BatchEnded,
    IntegrationTimeChanged,
    ProgressChanged,
    RunChanged,
    SequenceChanged,
    SettingsChanged,
    SpectraStored,
    SpectrumSummary,
    StatusChanged,
)
from piccolo3.recording.outcome import Outcome, Progress
from piccolo3.recording.recorder import DEFAULT_RUN, Recorder
from piccolo3.recording.room import Room, RoomChecked
from piccolo3.recording.settings import BatchSettings
from piccolo3.recording.times import IntegrationTimes, as_number
from piccolo3.recording.trace import Phase, Trace

__all__ = [
    "DEFAULT_RUN",
    "BatchEnded",
    "BatchSettings",
    "IntegrationTimeChanged",
    "IntegrationTimes",
    "Outcome",
    "Phase",
    "Progress",
    "ProgressChanged",
    "Recorder",
    "Room",
    "RoomChecked",
    "RunChanged",
    "SequenceChanged",
    "SettingsChanged",
    "SpectraStored",
    "SpectrumSummary",
    "StatusChanged",
    "Trace",
    "as_number",
]
