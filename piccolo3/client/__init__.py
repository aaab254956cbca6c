"""Use a piccolo3 server from a program: connection, values, observation, batches."""

from __future__ import annotations

from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.catalogue import BatchInfo, Latest, LatestRow, SpectrumInfo
from piccolo3.client.changes import Changes
from piccolo3.client.control import Control
from piccolo3.client.data_dir import DataDirectory, Run
from piccolo3.client.failures import TimedOut
from piccolo3.client.follow import Follower
from piccolo3.client.legacy import PiccoloArgumentParser, PiccoloSystem
from piccolo3.client.link import LinkChange
from piccolo3.client.mirror import Copied, Synced
from piccolo3.client.observation import Observation
from piccolo3.client.plan import Plan, PlanPart
from piccolo3.client.result import Reflectance, Result
from piccolo3.client.running import Batch, BatchFailed
from piccolo3.client.schedule import Schedule
from piccolo3.client.shutters import Shutter, Shutters
from piccolo3.client.spectrometers import Spectrometer, Spectrometers
from piccolo3.client.sysinfo import Sysinfo
from piccolo3.client.system import Piccolo
from piccolo3.client.tree import Tree
from piccolo3.client.values import Reading, Setting, Value

__all__ = [
    "Batch",
    "BatchFailed",
    "BatchInfo",
    "Changes",
    "Control",
    "Copied",
    "DataDirectory",
    "Follower",
    "Latest",
    "LatestRow",
    "LinkChange",
    "Observation",
    "Outcome",
    "Piccolo",
    "PiccoloArgumentParser",
    "PiccoloSystem",
    "Plan",
    "PlanPart",
    "Progress",
    "Reading",
    "Reflectance",
    "Result",
    "Run",
    "Schedule",
    "Setting",
    "Shutter",
    "Shutters",
    "Spectrometer",
    "Spectrometers",
    "SpectrumInfo",
    "Synced",
    "Sysinfo",
    "TimedOut",
    "Tree",
    "Value",
]
