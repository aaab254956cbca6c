"""Where the rig is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Position"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place: degrees, north and east positive, and m above mean sea level, None where that is not known."""

    latitude: float
    longitude: float
    altitude: float | None = None
