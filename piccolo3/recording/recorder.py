"""The engine: takes orders, refuses what can't be done now, and conducts one batch at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Unpack

from piccolo3.clock import Clock
from piccolo3.config import QualityConfig, RecipeConfig, RecordingConfig
from piccolo3.errors import Busy, Conflict, InternalError, InvalidValue, NotBusy, Unavailable
from piccolo3.events import Broker
from piccolo3.recording.batch import Batch
from piccolo3.recording.board import IDLE, Board, Gate
from piccolo3.recording.estimate import Lesson
from piccolo3.recording.events import BatchEnded, RunChanged, SettingsChanged, SpectraStored
from piccolo3.recording.foresight import Foresight, foresee
from piccolo3.recording.judge import Synchronised, warm_up
from piccolo3.recording.measurement import Rig, Surroundings
from piccolo3.recording.order import Order
from piccolo3.recording.outcome import Outcome, Progress, log
from piccolo3.recording.plan import plan
from piccolo3.recording.presence import anybody_idle
from piccolo3.recording.recipes import NO_RECIPES, Wanted, resolve
from piccolo3.recording.register import Register
from piccolo3.recording.room import Room, expected_bytes
from piccolo3.recording.settings import BatchSettings, Changes
from piccolo3.recording.sheet import Trigger
from piccolo3.recording.shutters import Shutters
from piccolo3.recording.times import IntegrationTimes, Keeps
from piccolo3.recording.trace import Trace
from piccolo3.workers import ShutterWorker, SpectrometerWorker, Writer
from piccolo3.workers.calls import retrieve

__all__ = ["DEFAULT_RUN", "Recorder"]

DEFAULT_RUN = "spectra"
_SETTINGS_KEY = "batch_settings"
_CONFIGURED = ("mode", "averages")  # start as configured; the others are taken up where they were left
_RUN_KEY = "current_run"
_ABORT_LIMIT = 1.0  # s that abort waits for the safe state before it returns
_STOP_LIMIT = 3.0
_LAST_WRITES = 2.0  # s for the disk in that time
_SAFE_LIMIT = 0.5  # s that make_safe waits for shutters before it names those that have not moved
_SAFE_PATIENCE = 0.2  # s, for the batch after that
_logger = logging.getLogger(__name__)


class Recorder:
    """The recording engine. All methods belong to the event loop's thread; a refused request changes nothing.

    `trace` is told of each phase of what is done, and `clock_synchronised` asked, from any thread;
    `surroundings` gives more metadata for each spectrum.
    """

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
        *,
        recording: RecordingConfig | None = None,
        quality: QualityConfig | None = None,
        trace: Trace | None = None,
        clock_synchronised: Synchronised = lambda: None,
        surroundings: Surroundings = dict,
        longest_settling: float | None = None,
        register: Register | None = None,
        room: Room | None = None,
        recipes: Mapping[str, RecipeConfig] = NO_RECIPES,
    ) -> None:
        self._recording = recording or RecordingConfig()
        self._rig = Rig(
            spectrometers=spectrometers,
            shutters=Shutters(shutters, clock, trace),
            times=times,
            clock=clock,
            software_version=software_version,
            quality=quality or QualityConfig(),
            trace=trace,
            clock_synchronised=clock_synchronised,
            surroundings=surroundings,
            longest_settling=longest_settling,
        )
        self._writer = writer
        self._register = register or Register(writer, clock)
        self._room = room
        self.recipes = recipes
        self._state = state
        self._clock = clock
        self._broker = broker
        self._board = Board(broker)
        self._gate = Gate(self._board, clock)
        configured = BatchSettings(mode=self._recording.mode, averages=self._recording.averages)
        self._settings = BatchSettings.from_dict(state.get(_SETTINGS_KEY), configured)
        self._run = DEFAULT_RUN
        self._outcome: Outcome | None = None
        self._task: asyncio.Task[Outcome] | None = None
        self._batch: Batch | None = None
        self._stopping = False
        self._watching: asyncio.Task[None] | None = None
        if room is not None:
            broker.subscribe(SpectraStored, lambda _: self._watch(room))

    # ---- what is ----

    @property
    def rig(self) -> Rig:
        """What is recorded with; it is not to be used beside the recorder."""
        return self._rig

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
        await self._writer.run(warm_up)
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
            if self._batch is not None:
                self._batch.write_limit = _LAST_WRITES
            self._cancel()
            await asyncio.wait({self._task}, timeout=_STOP_LIMIT)
        else:
            await self._rig.shutters.make_safe()
        self._board.flush()

    # ---- what is asked ----

    def change_settings(self, **changes: Unpack[Changes]) -> None:
        """Change settings (None: keep) for the next batch. InvalidValue."""
        settings = self._settings.changed(**changes)
        plan(settings, self.channels, clobber=False)
        self._apply(settings)

    async def set_run(self, name: str) -> None:
        """Make another run the current one, of the next batch. Raises InvalidValue, StoreError."""
        self._use_run(await self._writer.create_run(name))

    def resolve(self, **wanted: Unpack[Wanted]) -> Order:
        """What `record_sequence` would do, as things are now. InvalidValue."""
        order = resolve(self.recipes, self._settings, wanted)
        self._check(order)
        return order

    async def foresee(self, order: Order, gap: float | None = None) -> Foresight:
        """What would come of it; nothing changes. `gap` (s) is the time from one start to the next."""
        return await foresee(order, self._rig, run=self._run, room=self._room, busy=self.busy, gap=gap)

    async def begin(self, order: Order) -> None:
        """Start what was resolved before. InvalidValue, Busy, Unavailable, StoreError."""
        await self._begin(order)

    async def record(self, order: Order, begun: Callable[[str | None, int | None], None]) -> Outcome:
        """As `begin`, and wait for the end; `begun` is told of run and batch when it has begun."""
        task = await self._begin(order)
        begun(self.progress.run, self.progress.batch)
        return await asyncio.shield(task)  # who gives up waiting does not abort it

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._task is not None:
            await asyncio.wait({self._task})
            await asyncio.sleep(0)

    async def _begin(self, order: Order) -> asyncio.Task[Outcome]:
        self._check(order)
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
        task = self._task = asyncio.create_task(self._conduct(order, started), name="batch")
        task.add_done_callback(partial(self._ended, started))  # it may be cancelled before its first line
        await asyncio.shield(started)
        return task

    async def record_sequence(self, **wanted: Unpack[Wanted]) -> None:
        """Start a batch; None keeps the setting. Raises InvalidValue, Busy, Unavailable, StoreError."""
        await self.begin(self.resolve(**wanted))

    async def record_dark(self, run: str | None = None) -> None:
        """Start a batch that is one dark. Raises InvalidValue, Busy, Unavailable, StoreError."""
        await self.begin(Order(kind="dark", settings=self._settings, run=run))

    async def auto(self, target: float | None = None) -> None:
        """Start to find all integration times. Raises InvalidValue, Busy, Unavailable."""
        await self.begin(Order(kind="auto", settings=self._settings.changed(target=target)))

    def trigger(self, number: int, monotonic: float) -> None:
        """Start the next sequence of a batch that waits for triggers. `monotonic` (s) is when it came.

        One that comes while none is waited for is counted in such a batch, and means nothing otherwise.
        """
        if self._batch is not None:
            self._batch.trigger(Trigger(number=number, time=self._clock.utc_of(monotonic)))

    async def make_safe(self) -> None:
        """Abort whatever is under way and close all shutters, also those that should be closed; within a second.

        It depends on nothing but the shutters, and on each of them alone. What could not be closed, or not yet, is
        shown as the last error, and never raised.
        """
        self._cancel()
        closing = asyncio.create_task(self._rig.shutters.make_safe(move_all=True), name="make safe")
        closing.add_done_callback(retrieve)
        batch = self._task
        await asyncio.wait({closing}, timeout=_SAFE_LIMIT)
        if closing.done():
            self._complain(closing)
        else:
            for channel in self._rig.shutters.unsure:
                self._board.show_error(f"shutter {channel} has not been closed in time")
            closing.add_done_callback(self._complain)
        if batch is not None:  # also one that is done: what follows from that is done, too, when this returns
            await asyncio.wait({batch}, timeout=_SAFE_PATIENCE)

    def _complain(self, closing: asyncio.Task[tuple[str, ...]]) -> None:
        for problem in () if closing.cancelled() else closing.result():
            self._board.show_error(problem)

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

    def _check(self, order: Order) -> None:
        order.steps(self.channels, clobber=False)
        self._rig.times.check(order.integration_times)

    async def _conduct(self, order: Order, started: asyncio.Future[None]) -> Outcome:
        try:
            self._batch = await self._prepare(order)
            self._batch.show_first()
            started.set_result(None)
            lesson = Lesson(order, self._rig)
            outcome = await self._batch.run()
            lesson.learn(outcome)
        except Exception as error:
            await self._register.give_up(error)
            raise
        await self._register.end(outcome)
        return outcome

    def _ended(self, started: asyncio.Future[None], task: asyncio.Task[Outcome]) -> None:
        self._task = self._batch = None
        self._rig.times.locked = False
        self._rig.times.give_back()
        error = Conflict("aborted before it began") if task.cancelled() else task.exception()
        if not started.done():
            started.set_exception(error or InternalError("a batch ended before it began"))
        elif error is not None:
            _logger.error("a batch ended by an error in the program", exc_info=error)
        if error is None:
            self._outcome = task.result()
        self._board.flush()
        self._board.show_status(IDLE)
        if error is None:
            log(task.result())
            self._broker.publish(BatchEnded(outcome=task.result()))

    async def _prepare(self, order: Order) -> Batch:
        """Everything that the disk can refuse, then everything that changes."""
        name = self._run if order.run is None else order.run
        if order.kind != "auto":
            if self._room is not None:
                await self._room.check(expected_bytes(order, self._rig))
            name = await self._writer.create_run(name)
            self._rig.times.lend(order.integration_times)
            order = replace(order, run=name, number=await self._register.begin(order, name, self._rig))
        if order.lasting:
            self._apply(order.settings)
            self._use_run(name)
        return Batch(
            order,
            rig=self._rig,
            writer=self._writer,
            recording=self._recording,
            board=self._board,
            gate=self._gate,
            broker=self._broker,
        )

    def _watch(self, room: Room) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._see_to_room(room), name="room for data")

    async def _see_to_room(self, room: Room) -> None:
        """End the batch where it fills the reserve; there is still room for what was measured."""
        try:
            shortage = await room.shortage()
        except Unavailable:  # whoever writes says so
            return
        if shortage is not None and self._batch is not None:
            self._board.show_error(shortage)
            self._batch.give_up(shortage)

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
            kept = settings.as_dict()
            self._state.put(_SETTINGS_KEY, {name: kept[name] for name in kept if name not in _CONFIGURED})
            for name in changed:
                self._broker.publish(SettingsChanged(name=name))

    def _use_run(self, name: str) -> None:
        self._state.put(_RUN_KEY, name)
        if name != self._run:
            self._run = name
            self._broker.publish(RunChanged(run=name))
