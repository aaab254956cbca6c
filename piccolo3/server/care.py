"""Housekeeping of the engine: what is sampled, compared with limits, shown, and noted in the catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from piccolo3.config import HousekeepingConfig
from piccolo3.devices import Host, Vitals
from piccolo3.errors import StoreError
from piccolo3.housekeeping import Health, HealthChanged, Housekeeper, Keeping, Level, Sampler, Thinning
from piccolo3.quantities import Limits
from piccolo3.recording import RoomChecked
from piccolo3.server.engine import Engine
from piccolo3.store import free_bytes
from piccolo3.timing import ClockTrustChanged

__all__ = ["Care"]

_LEVELS = {Level.OK: "info", Level.WARN: "warning", Level.ALARM: "alarm"}
_MEGABYTE = 1_000_000
_DAY = 86_400.0  # s
_ROOM = "free_space"


class Care:
    """Takes care of an engine that runs.

    Free space below the `reserve` (MB), without which nothing is recorded, is an alarm, whatever is configured.
    """

    def __init__(self, engine: Engine, host: Host, configuration: HousekeepingConfig, reserve: float) -> None:
        self._engine = engine
        self.health = Health(
            _with_reserve(configuration, reserve),
            engine.clock,
            engine.broker,
            alarms={_ROOM: f"there are only {{value}} MB left; below {reserve:g} MB nothing is recorded"},
        )
        sampler = Sampler(
            vitals=Vitals(),
            host=host,
            clock=engine.clock,
            spectrometers=engine.spectrometers,
            shutters=engine.operations,
            queue=lambda: engine.recorder.progress.queue,
            free_space=lambda: _free(engine.store.path) if engine.store.is_open else None,
        )
        self.housekeeper = Housekeeper(
            sampler,
            self.health,
            Keeping(engine.writer, sampler.columns).keep,
            engine.clock,
            interval=configuration.interval,
        )
        self._thinning: Thinning | None = None
        if configuration.keep_days is not None:
            after, interval = configuration.keep_days * _DAY, configuration.thinned_interval
            self._thinning = Thinning(
                engine.writer,
                engine.clock,
                after=after,
                interval=interval,
                clock_trusted=lambda: engine.time_and_place.timekeeper.trusted,
            )
        engine.broker.subscribe(HealthChanged, self._note)
        engine.broker.subscribe(ClockTrustChanged, lambda _: self._see_to_clock())
        engine.broker.subscribe(RoomChecked, lambda event: self.health.check({_ROOM: event.free / _MEGABYTE}))

    def start(self) -> None:
        """Begin with a sample."""
        self._see_to_clock()
        self.housekeeper.start()
        if self._thinning is not None:
            self._thinning.start()

    async def stop(self) -> None:
        """No more samples."""
        if self._thinning is not None:
            await self._thinning.stop()
        await self.housekeeper.stop()

    def _see_to_clock(self) -> None:
        timekeeper = self._engine.time_and_place.timekeeper
        level = Level.OK if timekeeper.trusted else Level.WARN
        self.health.note(
            "clock", level, timekeeper.sentence if timekeeper.trusted else f"jobs wait: {timekeeper.sentence}"
        )

    def _note(self, event: HealthChanged) -> None:
        self._engine.journal.note(
            "health",
            event.sentence,
            level=_LEVELS[event.level],
            source=event.what,
            details={"status": event.level.word, "value": event.value},
        )


def _with_reserve(configuration: HousekeepingConfig, reserve: float) -> dict[str, Limits]:
    limits = dict(configuration.limits)
    limits[_ROOM] = replace(limits[_ROOM], alarm=max(reserve, limits[_ROOM].alarm or 0.0))
    return limits


def _free(path: Path) -> int | None:
    try:
        return free_bytes(path)
    except StoreError:  # whoever writes says so
        return None
