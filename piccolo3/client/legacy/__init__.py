"""The names that programs for the original Python client import, as a thin layer over `piccolo3.client`.

New programs take `piccolo3.client.Piccolo`.
"""

from __future__ import annotations

from piccolo3.client.legacy.control import PiccoloControl
from piccolo3.client.legacy.data import PiccoloDataDir, PiccoloRun
from piccolo3.client.legacy.options import PiccoloArgumentParser
from piccolo3.client.legacy.scheduler import PiccoloScheduler
from piccolo3.client.legacy.spectrometers import PiccoloSpectrometer, PiccoloSpectrometers
from piccolo3.client.legacy.sysinfo import PiccoloSysinfo
from piccolo3.client.legacy.system import PiccoloSystem

__all__ = [
    "PiccoloArgumentParser",
    "PiccoloControl",
    "PiccoloDataDir",
    "PiccoloRun",
    "PiccoloScheduler",
    "PiccoloSpectrometer",
    "PiccoloSpectrometers",
    "PiccoloSysinfo",
    "PiccoloSystem",
]
