"""The names that programs for the original `piccolo3.common` import, as a thin layer over `piccolo3.spectrum`.

New programs take `piccolo3.spectrum` and `piccolo3.status`.
"""

from __future__ import annotations

from piccolo3.common.logs import piccoloLogging
from piccolo3.common.spectra import PiccoloSpectraList
from piccolo3.common.spectrum import PiccoloSpectrum
from piccolo3.common.status import PiccoloSchedulerStatus, PiccoloSpectrometerStatus

__all__ = [
    "PiccoloSchedulerStatus",
    "PiccoloSpectraList",
    "PiccoloSpectrometerStatus",
    "PiccoloSpectrum",
    "piccoloLogging",
]
