"""Where housekeeping values stay: in the catalogue, and in a table for each day."""

from __future__ import annotations

from collections.abc import Sequence

from piccolo3.store import HOUSEKEEPING_FOLDER, DailyTables, Sample, Store
from piccolo3.workers import Writer

__all__ = ["Keeping"]


class Keeping:
    """Keeps samples in the store, and in tables with these `columns` beside it."""

    def __init__(self, writer: Writer, columns: Sequence[str]) -> None:
        self._writer = writer
        self._columns = columns
        self._last: Sample | None = None  # that is in a table

    async def keep(self, samples: Sequence[Sample]) -> None:
        """Keep them, in the order of time; those that are in a table already don't get there again. StoreError."""
        await self._writer.tell(lambda store: self._keep(store, samples))

    def _keep(self, store: Store, samples: Sequence[Sample]) -> None:
        store.check()
        known = next((number for number, sample in enumerate(samples, start=1) if sample is self._last), 0)
        new = samples[known:]
        if new:
            DailyTables(store.path / HOUSEKEEPING_FOLDER).append(self._columns, new)
            self._last = new[-1]
        store.add_housekeeping(samples)
