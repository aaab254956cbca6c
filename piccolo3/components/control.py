"""`control`: recording, darks, automatic integration, and how far they are."""

from __future__ import annotations

from piccolo3.clock import Clock
from piccolo3.components.arguments import Argument
from piccolo3.components.batches import (
    AT,
    AUTO,
    AUTO_TEXT,
    AVERAGES,
    BATCH,
    DELAY,
    MODE,
    MODE_TEXT,
    RUN,
    SEQUENCES,
    TARGET,
    Batches,
)
from piccolo3.components.datatypes import Integer, Json, JsonValue, Nullable, Number, Text
from piccolo3.components.declaration import command, value
from piccolo3.components.flags import Flags
from piccolo3.components.jobs import DAY, JobMaker
from piccolo3.components.scheduler import SchedulerResources
from piccolo3.components.schedules import Schedules
from piccolo3.errors import Busy
from piccolo3.events import Broker
from piccolo3.origin import origin
from piccolo3.recording import (
    BatchEnded,
    ProgressChanged,
    Recorder,
    SequenceChanged,
    SettingsChanged,
    StatusChanged,
)
from piccolo3.recording.recipes import Wanted
from piccolo3.store.schedule import Every, TaskKind
from piccolo3.wire import MAX_OBSERVABLE, parse_time
from piccolo3.workers import SpectrometerGroup, TriggerFired, TriggerWorker

__all__ = ["Control"]

_SETTINGS = {  # name in the recorder: name of the resource
    "sequences": "numSequences",
    "autointegration": "autointegration",
    "delay": "delay",
    "target": "target",
    "mode": "mode",
    "averages": "averages",
}


class Control(Batches):
    """The recording engine, seen by clients."""

    def __init__(
        self,
        recorder: Recorder,
        spectrometers: SpectrometerGroup,
        trigger: TriggerWorker,
        broker: Broker,
        clock: Clock,
        *,
        schedules: Schedules,
        maker: JobMaker,
    ) -> None:
        children = [Flags(broker), SchedulerResources(schedules, maker, broker)]
        super().__init__("control", title="recording", children=children)
        self._recorder = recorder
        self._schedules = schedules
        self._maker = maker
        self._now = clock.utcnow
        self._spectrometers = spectrometers
        self._trigger = trigger
        broker.subscribe(StatusChanged, lambda _: self.announce("status"))
        broker.subscribe(SequenceChanged, lambda _: self.announce("current_sequence"))
        broker.subscribe(SettingsChanged, lambda event: self.announce(_SETTINGS[event.name]))
        broker.subscribe(ProgressChanged, lambda _: self._progressed())
        broker.subscribe(TriggerFired, lambda _: self.announce("trigger"))
        broker.subscribe(BatchEnded, lambda _: self.announce("outcome"))

    def _progressed(self) -> None:
        self.announce("progress")
        self.announce("trigger")

    @value(
        Text(max_length=80),
        title="what is being done",
        text="idle, <channel> dark, <channel> light, autointegrate <channel>, waiting, paused",
        observable=True,
    )
    def status(self) -> str:
        """Return the status in words."""
        return self._recorder.status

    @value(Integer(minimum=-1), title="sequence that is recorded or was last", observable=True)
    def current_sequence(self) -> int:
        """Return the number of the sequence, -1 before the first."""
        return self._recorder.current_sequence

    @value(
        Json(
            "run, batch, sequence, sequences, channel, phase, step, steps, seconds_done, seconds_left (an estimate), "
            "queue (sequences on their way to the disk), triggers_missed, last_error",
            size=MAX_OBSERVABLE,
        ),
        title="how far the batch is",
        observable=True,
    )
    def progress(self) -> JsonValue:
        """Return progress of the batch that is recorded, or was last."""
        return self._recorder.progress.as_dict()

    @value(
        Json(
            "run, batch, kind, result (complete, aborted, failed), reason, lost, sequences_done, started, ended",
            size=MAX_OBSERVABLE,
        ),
        title="how the last batch ended (null before the first)",
        observable=True,
    )
    def outcome(self) -> JsonValue:
        """Return the outcome of the last batch."""
        outcome = self._recorder.outcome
        return None if outcome is None else outcome.as_dict()

    @value(Integer(minimum=1), name="numSequences", title="number of sequences of a batch", observable=True)
    def num_sequences(self) -> int:
        """Return the number of sequences."""
        return self._recorder.settings.sequences

    @num_sequences.setter(Argument("n", SEQUENCES))
    async def set_num_sequences(self, n: int) -> None:
        """Set the number of sequences."""
        self._recorder.change_settings(sequences=n)

    @value(Integer(minimum=-1), title="when to integrate automatically", text=AUTO_TEXT, observable=True)
    def autointegration(self) -> int:
        """Return when to integrate automatically."""
        return self._recorder.settings.autointegration

    @autointegration.setter(Argument("n", AUTO))
    async def set_autointegration(self, n: int) -> None:
        """Set when to integrate automatically."""
        self._recorder.change_settings(autointegration=n)

    @value(Number(minimum=0, unit="s"), title="delay between sequences", observable=True)
    def delay(self) -> float:
        """Return the delay."""
        return self._recorder.settings.delay

    @delay.setter(Argument("d", DELAY))
    async def set_delay(self, d: float) -> None:
        """Set the delay."""
        self._recorder.change_settings(delay=d)

    @value(
        Number(minimum=10, maximum=90, unit="%"),
        title="peak that automatic integration aims at (% of saturation)",
        observable=True,
    )
    def target(self) -> float:
        """Return the target."""
        return self._recorder.settings.target

    @target.setter(Argument("t", TARGET))
    async def set_target(self, t: float) -> None:
        """Set the target."""
        self._recorder.change_settings(target=t)

    @value(MODE, title="which darks and lights make a sequence", text=MODE_TEXT, observable=True)
    def mode(self) -> str:
        """Return the mode."""
        return self._recorder.settings.mode

    @mode.setter(Argument("mode", MODE))
    async def set_mode(self, mode: str) -> None:
        """Set the mode."""
        self._recorder.change_settings(mode=mode)

    @value(Integer(minimum=1), title="number of exposures that are averaged to a spectrum", observable=True)
    def averages(self) -> int:
        """Return the number."""
        return self._recorder.settings.averages

    @averages.setter(Argument("n", AVERAGES))
    async def set_averages(self, n: int) -> None:
        """Set the number."""
        self._recorder.change_settings(averages=n)

    @value(
        Json("seen, missed (of this batch), last (its time, UTC), reason (why there is none)", size=MAX_OBSERVABLE),
        title="triggers from outside",
        text="PUT or POST fires one by hand",
        observable=True,
    )
    def trigger(self) -> JsonValue:
        """Return how many came, and when the last one did."""
        trigger = self._trigger
        return {
            "seen": trigger.seen,
            "missed": self._recorder.progress.triggers_missed,
            "last": None if trigger.last is None else trigger.last.isoformat(),
            "reason": None if trigger.reason is None else trigger.reason[:200],
        }

    @trigger.setter(post=True)
    async def fire(self) -> None:
        """Do as if a trigger had come."""
        self._trigger.fire()

    @command(
        *BATCH,
        title="record a batch",
        text="null keeps the current setting or that of the recipe; burst and triggered are for this batch only, and "
        "with a recipe everything is",
    )
    async def record_sequence(
        self,
        run: str | None,
        nsequence: int | None,
        auto: int | None,
        delay: float | None,
        target: float | None,
        at_time: str | None,
        interval: float | None,
        end_time: str | None,
        mode: str | None,
        averages: int | None,
        burst: bool | None,
        triggered: bool | None,
        recipe: str | None,
    ) -> None:
        """Start a batch, Busy while there is one; or make a job of it."""
        wanted = Wanted(
            run=run,
            sequences=nsequence,
            autointegration=auto,
            delay=delay,
            target=target,
            mode=mode,
            averages=averages,
            burst=burst,
            triggered=triggered,
            recipe=recipe,
        )
        when = self._maker.old_when(at_time, interval, end_time)
        if when is None:
            await self._recorder.record_sequence(**wanted)
        else:
            await self._schedules.add(self._maker.make(TaskKind.RECORD, when, wanted))

    @command(RUN, title="record a dark")
    async def record_dark(self, run: str | None) -> None:
        """Start a batch that is one dark; Busy while there is one."""
        await self._recorder.record_dark(run)

    @command(Argument("target", Nullable(TARGET), default=None), title="integrate automatically")
    async def auto(self, target: float | None) -> None:
        """Find the integration times; Busy while a batch is recorded."""
        await self._recorder.auto(target)

    @command(title="abort what is being done", legacy_get=True)
    async def abort(self) -> None:
        """Abort; NotBusy if nothing is being done."""
        await self._recorder.abort()

    @command(
        title="abort and close all shutters",
        text="also when nothing is recorded and some device is stuck; no job is started until scheduler/enabled",
    )
    async def make_safe(self) -> None:
        """Bring the rig to its safe state; what can't be closed is the last error of the progress."""
        self._schedules.halt("make_safe", origin.get())
        await self._recorder.make_safe()

    @command(title="pause or go on", legacy_get=True)
    async def pause(self) -> None:
        """Pause, or go on if paused; NotBusy if nothing is being done."""
        await self._recorder.pause()

    @command(AT, title="switch all spectrometers off", text="with at_time: every day, also in the quiet time")
    async def power_off(self, at_time: str | None) -> None:
        """Switch all off that are on, Busy while a batch is recorded; or have a job do it."""
        if at_time is not None:
            await self._add_daily(TaskKind.POWER_OFF, at_time)
            return
        self._not_busy()
        await self._spectrometers.power_off()

    @command(AT, title="switch all spectrometers on", text="with at_time: every day, also in the quiet time")
    async def power_on(self, at_time: str | None) -> None:
        """Switch all on that are off, Busy while a batch is recorded; or have a job do it."""
        if at_time is not None:
            await self._add_daily(TaskKind.POWER_ON, at_time)
            return
        self._not_busy()
        await self._spectrometers.power_on()

    def _not_busy(self) -> None:
        if self._recorder.busy:
            raise Busy("piccolo system is busy")

    async def _add_daily(self, task: TaskKind, at_time: str) -> None:
        when = Every(start=parse_time(at_time, naive="utc"), seconds=DAY)
        await self._schedules.add(self._maker.make(task, when, {}, ignores_quiet_time=True))
