"""piccolo3: a daemon for field spectrometers, and what talks to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["__version__"]

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    # asking for the version takes longer than all that a `--help` needs
    if name == "__version__":
        from importlib.metadata import version

        return version("piccolo3")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
