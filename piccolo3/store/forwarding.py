"""A store that hands everything on to another one, for those that do a few things in another way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from piccolo3.spectrum import Spectrum
from piccolo3.store.interface import Store
from piccolo3.store.report import Verification
from piccolo3.store.values import (
    BatchInfo,
    EventRecord,
    FileEntry,
    Page,
    Sample,
    SpectrumEntry,
    SpectrumQuery,
)

__all__ = ["ForwardingStore"]


class ForwardingStore(Store):
    """What only reads, or keeps what can wait, goes to `main`."""

    def __init__(self, main: Store) -> None:
        self._main = main

    @property
    def path(self) -> Path:
        return self._main.path

    @property
    def clobber(self) -> bool:
        return self._main.clobber

    @property
    def split(self) -> bool:
        return self._main.split

    def check(self) -> None:
        self._main.check()

    def prepare(self) -> None:
        self._main.prepare()

    def batches(self, run: str | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[BatchInfo]:
        return self._main.batches(run, limit=limit, cursor=cursor)

    def query(self, query: SpectrumQuery) -> Page[SpectrumEntry]:
        return self._main.query(query)

    def latest(self) -> tuple[SpectrumEntry, ...]:
        return self._main.latest()

    def spectrum(self, spectrum_id: int) -> Spectrum:
        return self._main.spectrum(spectrum_id)

    def files(
        self, run: str | None = None, *, limit: int = 50, cursor: str | None = None, troubled: bool = False
    ) -> Page[FileEntry]:
        return self._main.files(run, limit=limit, cursor=cursor, troubled=troubled)

    def add_events(self, events: Iterable[EventRecord]) -> None:
        self._main.add_events(events)

    def events(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[EventRecord]:
        return self._main.events(since, until, limit=limit, cursor=cursor)

    def add_housekeeping(self, samples: Iterable[Sample]) -> None:
        self._main.add_housekeeping(samples)

    def housekeeping(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Sample]:
        return self._main.housekeeping(since, until, limit=limit, cursor=cursor)

    def thin_housekeeping(
        self, until: datetime, interval: timedelta, *, since: datetime | None = None, most: int = 500
    ) -> datetime | None:
        return self._main.thin_housekeeping(until, interval, since=since, most=most)

    def configuration_text(self, version: int) -> str:
        return self._main.configuration_text(version)

    @property
    def needs_verification(self) -> bool:
        return self._main.needs_verification

    def verification(self, *, deep: bool = False) -> Verification:
        return self._main.verification(deep=deep)

    def mark_exported(self, files: Iterable[tuple[str, str]]) -> None:
        self._main.mark_exported(files)

    def retire(self, *, keep_days: float | None = None, max_bytes: int | None = None) -> tuple[str, ...]:
        return self._main.retire(keep_days=keep_days, max_bytes=max_bytes)

    def rebuild(self) -> Verification:
        return self._main.rebuild()
