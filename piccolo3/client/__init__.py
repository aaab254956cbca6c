"""Use a piccolo3 server from a program: connection, values, observation, batches."""

from __future__ import annotations

from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.catalogue import BatchInfo, Latest, LatestRow, SpectrumInfo
from piccolo3.client.control import Control
from piccolo3.client.data_dir import DataDirectory, Run
from piccolo3.client.follow import Follower
from piccolo3.client.legacy import PiccoloArgumentParser, PiccoloSystem
from piccolo3.client.observation import Observation
from piccolo3.client.spectrometers import Spectrometer, Spectrometers
from piccolo3.client.sysinfo import Sysinfo
from piccolo3.client.system import Piccolo

__all__ = [
    "BatchInfo",
    "Control",
    "DataDirectory",
    "Follower",
    "Latest",
    "LatestRow",
    "Observation",
    "Outcome",
    "Piccolo",
    "PiccoloArgumentParser",
    "PiccoloSystem",
    "Progress",
    "Run",
    "Spectrometer",
    "Spectrometers",
    "SpectrumInfo",
    "Sysinfo",
]
