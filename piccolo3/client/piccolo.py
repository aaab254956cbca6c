"""`from piccolo3.client import piccolo`: the names of `piccolo3.client.legacy`."""

from __future__ import annotations

from piccolo3.client.legacy import (
    PiccoloArgumentParser,
    PiccoloControl,
    PiccoloDataDir,
    PiccoloRun,
    PiccoloScheduler,
    PiccoloSpectrometer,
    PiccoloSpectrometers,
    PiccoloSysinfo,
    PiccoloSystem,
)

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
