"""The engine: takes orders, refuses what can't be done now, and conducts one batch at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial

from piccolo3.clock import Clock
from piccolo3.errors import Busy, Conflict, InternalError, InvalidValue, NotBusy, Unavailable
from piccolo3.events import Broker
from piccolo3.recording.batch import Batch, Kind
from piccolo3.recording.board import IDLE, Board, Gate
from piccolo3.recording.events import BatchEnded, RunChanged, SettingsChanged
from piccolo3.recording.measurement import Rig
from piccolo3.recording.outcome import Outcome, Progress
from piccolo3.recording.presence import anybody_idle
from piccolo3.recording.settings import BatchSettings
from piccolo3.recording.shutters import Shutters
from piccolo3.recording.times import IntegrationTimes, Keeps
from piccolo3.workers import ShutterWorker, SpectrometerWorker, Writer
from piccolo3.workers.calls import retrieve

__all__ = ["DEFAULT_RUN", "Recorder"]

DEFAULT_RUN = "spectra"
_SETTINGS_KEY = "batch_settings"
_RUN_KEY = "current_run"
_ABORT_LIMIT = 1.0  # s that abort waits for the safe state before it returns
_STOP_LIMIT = 4.5
_logger = logging.getLogger(__name__)


class Recorder:
    """The recording engine. All methods belong to the event loop's thread; a refused request changes nothing."""

    def __init__(
        self,
        spectrometers: Mapping[str, SpectrometerWorker],
        shutters: Mapping[str, ShutterWorker],
        writer: Writer,
        times: IntegrationTimes,
        state: Keeps,
        clock: Clock,
        broker: Broker,
        software_version: str,
    ) -> None:
        self._rig = Rig(
            spectrometers=spectrometers,
            shutters=Shutters(shutters),
            times=times,
            clock=clock,
            software_version=software_version,
        )
        self._writer = writer
        self._state = state
        self._clock = clock
        self._broker = broker
        self._board = Board(broker)
        self._gate = Gate(self._board, clock)
        self._settings = BatchSettings.from_dict(state.get(_SETTINGS_KEY))
        self._run = DEFAULT_RUN
        self._outcome: Outcome | None = None
        self._task: asyncio.Task[Outcome] | None = None
        self._batch: Batch | None = None
        self._stopping = False

    # ---- what is ----

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, sorted."""
        return self._rig.shutters.channels

    @property
    def settings(self) -> BatchSettings:
        """Settings of the next batch."""
        return self._settings

    @property
    def status(self) -> str:
        """What is being done: idle, `<channel> dark`, `<channel> light`, `autointegrate <channel>`, waiting, paused."""
        return self._board.status

    @property
    def current_sequence(self) -> int:
        """Number of the light sequence that is recorded or was recorded last, -1 before the first of a batch."""
        return self._board.sequence

    @property
    def busy(self) -> bool:
        """Whether a batch, a dark or an automatic integration is under way."""
        return self._task is not None

    @property
    def run(self) -> str:
        """The current run."""
        return self._run

    @property
    def outcome(self) -> Outcome | None:
        """How the last batch ended; None before the first."""
        return self._outcome

    @property
    def progress(self) -> Progress:
        """How far the batch is, or was when it ended."""
        return self._board.progress

    @property
    def last_error(self) -> str | None:
        """What went wrong last, since the last batch began."""
        return self._board.last_error

    # ---- start and stop ----

    async def start(self) -> None:
        """Take up the run of the last time, also if it was moved away meanwhile, or the newest one. StoreError."""
        saved = self._state.get(_RUN_KEY)
        run = saved if isinstance(saved, str) else await self._writer.newest_run() or DEFAULT_RUN
        try:
            self._run = await self._writer.create_run(run)
        except InvalidValue:  # a run that an older program has made, under a name that new ones can't have
            _logger.warning("there is no run %r any more, and none can be made: recording into %s", run, DEFAULT_RUN)
            self._run = await self._writer.create_run(DEFAULT_RUN)

    async def stop(self) -> None:
        """Abort what is under way and close the shutters, within 5 s; nothing can be started any more."""
        self._stopping = True
        if self._task is not None:
            self._cancel()
            await asyncio.wait({self._task}, timeout=_STOP_LIMIT)
        else:
            await self._rig.shutters.make_safe()

    # ---- what is asked ----

    def change_settings(
        self,
        *,
        sequences: int | None = None,
        autointegration: int | None = None,
        delay: float | None = None,
        target: float | None = None,
    ) -> None:
        """Change settings (None: keep) for the next batch. InvalidValue."""
        self._apply(
            self._settings.changed(sequences=sequences, autointegration=autointegration, delay=delay, target=target)
        )

    async def set_run(self, name: str) -> None:
        """Make another run the current one, of the next batch. Raises InvalidValue, StoreError."""
        self._use_run(await self._writer.create_run(name))

    async def record_sequence(
        self,
        *,
        run: str | None = None,
        sequences: int | None = None,
        autointegration: int | None = None,
        delay: float | None = None,
        target: float | None = None,
    ) -> None:
        """Start a batch; None keeps the setting. Raises InvalidValue, Busy, Unavailable, StoreError."""
        settings = self._settings.changed(
            sequences=sequences, autointegration=autointegration, delay=delay, target=target
        )
        await self._begin("record", run, settings)

    async def record_dark(self, run: str | None = None) -> None:
        """Start a batch that is one dark. Raises InvalidValue, Busy, Unavailable, StoreError."""
        await self._begin("dark", run, self._settings)

    async def auto(self, target: float | None = None) -> None:
        """Start to find all integration times. Raises InvalidValue, Busy, Unavailable."""
        await self._begin("auto", None, self._settings.changed(target=target))

    async def pause(self) -> None:
        """Pause, or go on if paused. NotBusy."""
        if self._task is None:
            raise NotBusy("piccolo system is not busy")
        self._gate.toggle()

    async def abort(self) -> None:
        """Abort what is under way; returns in the safe state, or after a second. NotBusy."""
        if self._task is None:
            raise NotBusy("piccolo system is not busy")
        task = self._task
        self._cancel()
        await asyncio.wait({task}, timeout=_ABORT_LIMIT)

    # ---- how it is done ----

    async def _begin(self, kind: Kind, run: str | None, settings: BatchSettings) -> None:
        if self._task is not None:
            raise Busy("piccolo system is busy")
        if self._stopping:
            raise Unavailable("piccolo system is shutting down")
        if not self.channels:
            raise Unavailable("there is no channel")
        if not anybody_idle(self._rig):
            raise Unavailable("no spectrometer is available")
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        started.add_done_callback(retrieve)
        self._gate = Gate(self._board, self._clock)
        self._rig.times.locked = True
        self._task = asyncio.create_task(self._conduct(kind, run, settings, started), name="batch")
        self._task.add_done_callback(partial(self._ended, started))  # it may be cancelled before its first line
        await asyncio.shield(started)

    async def _conduct(
        self, kind: Kind, run: str | None, settings: BatchSettings, started: asyncio.Future[None]
    ) -> Outcome:
        self._batch = await self._prepare(kind, run, settings)
        self._batch.show_first()
        started.set_result(None)
        return await self._batch.run()

    def _ended(self, started: asyncio.Future[None], task: asyncio.Task[Outcome]) -> None:
        self._task = self._batch = None
        self._rig.times.locked = False
        error = Conflict("aborted before it began") if task.cancelled() else task.exception()
        if not started.done():
            started.set_exception(error or InternalError("a batch ended before it began"))
        elif error is not None:
            _logger.error("a batch ended by an error in the program", exc_info=error)
        if error is None:
            self._outcome = task.result()
        self._board.show_status(IDLE)
        if error is None:
            self._tell(task.result())

    async def _prepare(self, kind: Kind, run: str | None, settings: BatchSettings) -> Batch:
        """Everything that the disk can refuse, then everything that changes."""
        name, number = self._run if run is None else run, -1
        if kind != "auto":
            name = await self._writer.create_run(name)
            number = await self._writer.new_batch(name)
        self._apply(settings)
        self._use_run(name)
        return Batch(
            kind,
            settings,
            name,
            number,
            rig=self._rig,
            writer=self._writer,
            board=self._board,
            gate=self._gate,
            broker=self._broker,
        )

    def _cancel(self) -> None:
        """A batch that has begun ends in its own way; before, the order is forgotten."""
        if self._batch is not None:
            self._batch.abort()
        elif self._task is not None:
            self._task.cancel()

    def _apply(self, settings: BatchSettings) -> None:
        changed = self._settings.differences(settings)
        if changed:
            self._settings = settings
            self._state.put(_SETTINGS_KEY, settings.as_dict())
            for name in changed:
                self._broker.publish(SettingsChanged(name=name))

    def _use_run(self, name: str) -> None:
        self._state.put(_RUN_KEY, name)
        if name != self._run:
            self._run = name
            self._broker.publish(RunChanged(run=name))

    def _tell(self, outcome: Outcome) -> None:
        _logger.info(
            "%s %s: %s%s, %d sequences, %d spectra lost",
            outcome.kind,
            "" if outcome.batch is None else f"{outcome.run} {outcome.batch}",
            outcome.result,
            "" if outcome.reason is None else f" ({outcome.reason})",
            outcome.sequences_done,
            outcome.lost_spectra,
        )
        for sentence in outcome.lost:
            _logger.warning("lost: %s", sentence)
        self._broker.publish(BatchEnded(outcome=outcome))
