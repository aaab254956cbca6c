"""Compares the files with the catalogue in the background, and removes what has had its time, where that is wanted."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from piccolo3.clock import Clock
from piccolo3.config import RetentionConfig
from piccolo3.errors import PiccoloError
from piccolo3.events import Broker, Event
from piccolo3.jsonvalue import JsonValue
from piccolo3.store import CheckReport, SpectrumEntry, Verification
from piccolo3.workers.calls import at_most
from piccolo3.workers.journal import Journal
from piccolo3.workers.writer import Writer

__all__ = ["CatalogueOpened", "Verifier", "VerifierChanged"]

State = Literal["waiting", "running", "complete", "failed"]
_INTERVAL = 60.0  # s after which is looked whether there is something to compare again
_PAUSE = 0.001  # s between two pieces, for whoever else wants the disk or the interpreter
_PATIENCE = 0.2  # s that stopping waits for the disk
_DAY = 86400.0  # s
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierChanged(Event):
    """A comparison of files and catalogue has come further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOpened(Event):
    """The catalogue can be asked from now on; `latest` are the last spectra of each spectrometer and channel in it."""

    latest: tuple[SpectrumEntry, ...]


class Verifier:
    """Opens the catalogue and does comparisons, a piece at a time, so that nothing that is recorded has to wait.

    One is done after the start, and whenever the store says that files and catalogue may differ. With a retention,
    exported files are retired once a day, but never while the clock can't be trusted: one that is years ahead would
    take all for old.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        broker: Broker,
        journal: Journal,
        retention: RetentionConfig | None = None,
        *,
        clock_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._broker = broker
        self._journal = journal
        self._retention = retention or RetentionConfig()
        self._clock_trusted = clock_trusted
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._deep = False
        self._verification: Verification | None = None
        self._state: State = "waiting"
        self._done = self._total = 0
        self._report: CheckReport | None = None
        self._ended: datetime | None = None
        self._problem: str | None = None
        self._prepared = False
        writer.before_unmounting(self._let_go)

    def as_dict(self) -> dict[str, JsonValue]:
        """The state (waiting, running, complete, failed), how many files were looked at, and what was found."""
        report = self._report
        return {
            "state": self._state,
            "done": self._done,
            "total": self._total,
            "indexed": 0 if report is None else report.indexed,
            "found": {} if report is None else dict(report.counts),
            "ended": None if self._ended is None else self._ended.isoformat(),
            "problem": self._problem if self._problem is None else self._problem[:200],
        }

    def start(self) -> None:
        """Begin."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="verifier")

    def again(self, *, deep: bool = False) -> None:
        """Compare (once more); `deep` also reads what looks unchanged. One that is under way is begun anew."""
        self._deep = deep
        self._wanted.set()

    async def stop(self) -> None:
        """Leave it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            await at_most(self._writer.run(self._let_go), _PATIENCE)

    async def _work(self) -> None:
        retired: float | None = None
        while True:
            try:
                await self._prepare()
                if self._wanted.is_set() or await self._writer.ask(lambda store: store.needs_verification):
                    await self._verify()
                due = retired is None or self._clock.monotonic() - retired >= _DAY
                if due and self._clock_trusted():
                    retired = self._clock.monotonic()
                    await self._retire()
            except PiccoloError as error:
                self._note_failure(error.message)
            except Exception as error:
                _logger.exception("the check of the data directory ended by an error in the program")
                self._note_failure(f"{type(error).__name__}: {error}")
            if not self._wanted.is_set():
                await self._rest()

    async def _rest(self) -> None:
        """Wait a while, or until it is wanted."""
        asking, resting = asyncio.ensure_future(self._wanted.wait()), asyncio.ensure_future(self._sleep())
        try:
            await asyncio.wait({asking, resting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
            resting.cancel()

    async def _sleep(self) -> None:
        await self._clock.asleep(_INTERVAL)

    async def _prepare(self) -> None:
        if self._prepared:
            return
        await self._writer.ask(lambda store: store.prepare())
        gc.freeze()  # what came with the database stays, too: see Engine
        latest = await self._writer.ask(lambda store: store.latest())
        self._prepared = True
        self._broker.publish(CatalogueOpened(latest=latest))
        self._journal.open()

    async def _verify(self) -> None:
        self._wanted.clear()
        deep, self._deep = self._deep, False
        self._state, self._problem, self._done, self._total = "running", None, 0, 0
        self._verification = verification = await self._writer.ask(lambda store: store.verification(deep=deep))
        self._report = verification.report
        more = True
        while more and not self._wanted.is_set():
            self._tell()
            await asyncio.sleep(_PAUSE)
            more = await self._writer.run(verification.step)
            progress = verification.progress
            self._done, self._total = progress.done, progress.total
        self._verification = None
        if more:  # begun anew
            await self._writer.run(verification.close)
            return
        # one that was given up says that there is no more, too
        self._state = "complete" if verification.report.complete else "waiting"
        self._ended = self._clock.utcnow()
        self._tell()
        self._note(verification.report)

    def _note(self, report: CheckReport) -> None:
        if not report.complete:
            return
        level = "info" if report.sound else "warning"
        _logger.log(logging.INFO if report.sound else logging.WARNING, "data directory: %s", report.sentence())
        if report.indexed or report.counts:
            self._journal.note(
                "check", f"data directory: {report.sentence()}", level=level, source="data_dir", details=report.counts
            )

    def _note_failure(self, message: str) -> None:
        self._verification = None
        if self._problem != message:
            _logger.warning("the data directory could not be checked: %s", message)
        self._state, self._problem = "failed", message
        self._tell()

    async def _retire(self) -> None:
        keep_days, max_bytes = self._retention.keep_days, self._retention.max_bytes
        if keep_days is None and max_bytes is None:
            return
        gone = await self._writer.ask(lambda store: store.retire(keep_days=keep_days, max_bytes=max_bytes))
        if gone:
            _logger.info("%d files that were exported have been removed", len(gone))
            message = f"{len(gone)} files that were exported have been removed"
            self._journal.note("retention", message, source="data_dir", details={"files": list(gone[:100])})

    def _let_go(self) -> None:
        """Give the comparison up; in the thread of the writer."""
        verification, self._verification = self._verification, None
        if verification is not None:
            verification.close()

    def _tell(self) -> None:
        self._broker.publish(VerifierChanged())
