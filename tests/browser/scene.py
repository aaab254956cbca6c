"""A rig on which something has happened, by another client than the browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from piccolo3.client import Piccolo
from piccolo3.client.schedule import by_cron, by_sun

__all__ = ["furnish", "record"]

MOST = 300.0  # ms that an exposure may take


async def record(rig: Piccolo, run: str, sequences: int = 1, auto: int = -1) -> None:
    """Record a batch to its end."""
    batch = await rig.control.record_sequence(run, sequences=sequences, auto=auto)
    outcome = await batch.outcome()
    assert outcome.complete, outcome


async def furnish(rig: Piccolo, longest: float = MOST) -> None:
    """Exposures of at most `longest` (ms), a batch that was recorded, and jobs that leave the rest of today to us."""
    for one in await rig.spectrometers.all():
        await rig.put(("spectrometer", one.name, "max_time"), longest)
    await record(rig, "meadow", 2, auto=0)
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    day = by_sun(900, elevation=5, start=tomorrow)
    await rig.schedule.add(day, name="Through the day", run="meadow", sequences=3)
    noon = by_cron("0 12 * * *", "Europe/London", start=tomorrow)
    await rig.schedule.add(noon, name="Noon", run="noon", recipe="noon")
