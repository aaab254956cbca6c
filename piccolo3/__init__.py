"""piccolo3: a daemon for field spectrometers, and what talks to it."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("piccolo3")
