"""Where the sun is, and through how much air it shines."""

from __future__ import annotations

import math
from datetime import UTC, datetime

__all__ = ["air_mass", "sun_elevation"]


def sun_elevation(when: datetime, latitude: float, longitude: float) -> float:
    """Elevation of the sun (degrees) at an aware time, for a place (degrees, east and north positive).

    Declination and equation of time by the Fourier series of Spencer (1971), Search 2(5), 172: good to 0.2 degrees.
    """
    utc = when.astimezone(UTC)
    hour = utc.hour + utc.minute / 60 + (utc.second + utc.microsecond / 1e6) / 3600
    angle = 2 * math.pi * (utc.timetuple().tm_yday - 1 + hour / 24) / 365
    declination = (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2 * angle)
        + 0.000907 * math.sin(2 * angle)
        - 0.002697 * math.cos(3 * angle)
        + 0.00148 * math.sin(3 * angle)
    )
    minutes = 229.18 * (
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle)
        - 0.040849 * math.sin(2 * angle)
    )
    hour_angle = math.radians(15 * (hour + minutes / 60 - 12) + longitude)
    place = math.radians(latitude)
    sine = math.sin(place) * math.sin(declination)
    sine += math.cos(place) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def air_mass(elevation: float) -> float:
    """Relative optical air mass for an elevation of the sun (degrees), for 0 where the sun is below the horizon.

    Kasten and Young (1989), Applied Optics 28, 4735.
    """
    height = max(0.0, elevation)
    return 1 / (math.sin(math.radians(height)) + 0.50572 * math.pow(height + 6.07995, -1.6364))
