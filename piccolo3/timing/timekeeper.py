"""Whether the clock of the machine can be trusted, and what happens to it.

A computer without a battery for its clock starts with a time that is any amount behind. The clock is trusted from when
on, since the machine was started, something has made it right: a time server (through the kernel), GPS, or somebody by
`sysinfo/clock`. It stays trusted when that is gone, since a quartz loses a second or two a day; only GPS that says
otherwise ends it. What was found is remembered over restarts of the daemon, by the boot id of the machine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from piccolo3.clock import Clock
from piccolo3.errors import Busy, PiccoloError
from piccolo3.events import Broker
from piccolo3.jsonvalue import JsonValue
from piccolo3.timing.comparison import Comparison, Verdict
from piccolo3.timing.events import ClockSource, ClockStepped, ClockTrustChanged
from piccolo3.timing.interface import Machine, Note, Remembers, Watches
from piccolo3.timing.steps import StepDetector
from piccolo3.wire import show_time

__all__ = ["Timekeeper"]

_KEY = "clock"
_OFTEN, _SELDOM, _UNTOLD = 5.0, 60.0, 10.0  # s between looks: not trusted, trusted, not told of steps by the kernel
_PATIENCE = 60.0  # s between two attempts to set the clock by GPS
_SENTENCES = {
    ClockSource.NTP: "the clock is kept right by a time server or a receiver",
    ClockSource.GPS: "the clock agrees with GPS",
    ClockSource.MANUAL: "the clock was set by hand",
    ClockSource.NONE: "nothing has made the clock right since the machine was started",
    ClockSource.UNKNOWN: "nobody knows whether the clock is right",
}
_TRUSTED = (ClockSource.NTP, ClockSource.GPS, ClockSource.MANUAL)
_BY = {"manual": " by hand", "gps": " by GPS", "other": ""}
_logger = logging.getLogger(__name__)


class Timekeeper:
    """Keeps an eye on the clock; belongs to the event loop's thread, but `synchronised` to any.

    With `always` the clock is trusted whatever happens. `gps` tells the time by GPS, None as long as that can't be
    believed; where the clock is further than `tolerance` (s) from it and the kernel knows nothing better, it is set if
    `set_by_gps`. `watch` tells of steps at once. `note` takes message, level and details of what is to be remembered;
    `looked` is called after each look.
    """

    def __init__(
        self,
        clock: Clock,
        broker: Broker,
        machine: Machine,
        state: Remembers,
        *,
        always: bool = False,
        gps: Callable[[], datetime | None] = lambda: None,
        set_by_gps: bool = False,
        tolerance: float = 2.0,
        watch: Watches | None = None,
        note: Note = lambda message, level, details: None,
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._broker = broker
        self._machine = machine
        self._state = state
        self._always = always
        self._comparison = Comparison(clock, gps, tolerance)
        self._set_by_gps = set_by_gps
        self._watch = watch
        self._note = note
        self._looked = looked
        self._detector = StepDetector(clock)
        self._cause = "other"
        self._boot_id = machine.boot_id()
        self._tried: float | None = None
        self._refused = False
        self._setting: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._untold = False
        self._told: tuple[bool, ClockSource] | None = None
        self.source = self._recall()
        self.confirmed: datetime | None = None
        self.steps = 0
        self.last_step: ClockStepped | None = None

    # ---- what is ----

    @property
    def trusted(self) -> bool:
        """Whether the dates of the clock can be relied on, for instance to start jobs."""
        return self._always or self.source in _TRUSTED

    @property
    def sentence(self) -> str:
        """What there is to say of it, for people."""
        if self.source not in _TRUSTED and self._comparison.verdict is Verdict.DIFFERS:
            return f"the clock is {_amount(self._comparison.seconds)} GPS"
        return _SENTENCES[self.source]

    def synchronised(self) -> bool | None:
        """Whether something keeps the clock right now; None if that is not known. Any thread may ask."""
        known = self._machine.synchronised()
        return True if not known and self._comparison.agrees_now() else known

    def metadata(self) -> dict[str, JsonValue]:
        """What belongs into a spectrum: what has made the clock right, or that nothing has."""
        return {"Clock": "unsynchronised" if self.source is ClockSource.NONE else self.source.value}

    def as_dict(self) -> dict[str, JsonValue]:
        """For clients; far less than 1 kB."""
        return {
            "trusted": self.trusted,
            "always": self._always,
            "source": self.source.value,
            "synchronised": self.synchronised(),
            "sentence": self.sentence,
            "confirmed": None if self.confirmed is None else show_time(self.confirmed),
            "steps": self.steps,
            "last_step": None if self.last_step is None else self.last_step.as_dict(),
        }

    # ---- what is done ----

    def start(self) -> None:
        """Look now, and from now on."""
        if self._watch is not None:
            self._untold = not self._watch.start(self.check)
        self.check()
        self._task = asyncio.create_task(self._go_on(), name="timekeeper")

    async def stop(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.stop()
        tasks = {task for task in (self._task, self._setting) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def check(self) -> None:
        """Look whether the clock was set, and what is known of it."""
        self._look_for_step()
        self._weigh()
        self._announce()
        self._looked()

    async def set_clock(self, text: str) -> datetime:
        """Set the clock by hand, to what `text` says, and return that. Busy, InvalidValue, Unavailable."""
        wanted = await self._set(lambda: text, ClockSource.MANUAL)
        self._confirm(ClockSource.MANUAL)
        self.check()
        return wanted

    # ---- inside ----

    async def _go_on(self) -> None:
        while True:
            often = _UNTOLD if self._untold else _SELDOM
            await self._clock.asleep(often if self.trusted else _OFTEN)
            try:
                self.check()
            except Exception:
                _logger.exception("an error in the program, while the clock was looked at")

    def _look_for_step(self) -> None:
        step = self._detector.check()
        if step is None:
            return
        event = ClockStepped(step=step, cause=self._cause)
        self.steps += 1
        self.last_step = event
        amount = f"{'forward' if step.seconds > 0 else 'back'} by {abs(step.seconds):.3f} s{_BY[event.cause]}"
        sentence = f"the clock was set {amount}, from {show_time(step.before)} to {show_time(step.after)}"
        _logger.warning("%s", sentence)
        self._note(sentence, "warning", event.as_dict())
        self._broker.publish(event)

    def _weigh(self) -> None:
        """Compare all that is known; what was known once counts until something says otherwise."""
        known = self._machine.synchronised()
        verdict, new = self._comparison.look()
        if verdict is Verdict.DIFFERS and new:
            self._note_difference(known=bool(known))
        if known:
            self._confirm(ClockSource.NTP)
        elif verdict is Verdict.AGREES:
            self._confirm(ClockSource.GPS)
        elif verdict is Verdict.DIFFERS:
            self._correct()
        if self.source not in _TRUSTED:
            self.source = ClockSource.UNKNOWN if known is None else ClockSource.NONE

    def _note_difference(self, *, known: bool) -> None:
        sentence = f"the clock is {_amount(self._comparison.seconds)} GPS"
        if known:
            sentence += ", though a time server is said to keep it right: it is left as it is"
        _logger.warning("%s", sentence)
        self._note(sentence, "warning", {"difference": round(self._comparison.seconds, 3)})

    def _correct(self) -> None:
        """Set the clock by GPS if that is allowed, else trust it no more."""
        if not self._set_by_gps:
            self._forget()
            return
        now = self._clock.monotonic()
        if self._setting is None and (self._tried is None or now - self._tried >= _PATIENCE):
            self._tried = now
            self._setting = asyncio.create_task(self._set_to_gps(), name="set the clock by GPS")

    async def _set_to_gps(self) -> None:
        try:
            await self._set(self._comparison.gps_text, ClockSource.GPS)
        except PiccoloError as error:
            if not self._refused:
                _logger.warning("the clock can't be set by GPS: %s", error.message)
                self._note(f"the clock can't be set by GPS: {error.message}", "warning", {})
            self._refused = True
            self._forget()
        else:
            self._refused = False
        finally:
            self._setting = None
        self.check()

    async def _set(self, text: Callable[[], str], by: ClockSource) -> datetime:
        if self._cause != "other":
            raise Busy("the clock is being set just now")
        self._look_for_step()
        self._cause = by.value
        try:
            return await self._machine.set_clock(text)
        finally:
            self._look_for_step()
            self._cause = "other"

    def _confirm(self, source: ClockSource) -> None:
        self.confirmed = self._clock.utcnow()
        if source is not self.source:
            self.source = source
            self._state.put(_KEY, {"boot": self._boot_id, "source": source.value})

    def _forget(self) -> None:
        if self.source in _TRUSTED:
            self.source = ClockSource.NONE
            self._state.put(_KEY, None)

    def _recall(self) -> ClockSource:
        """What an earlier run of the daemon has found out, if the machine was not started anew."""
        saved = self._state.get(_KEY)
        if self._boot_id is not None and isinstance(saved, dict) and saved.get("boot") == self._boot_id:
            source = next((one for one in _TRUSTED if one.value == saved.get("source")), None)
            return source or ClockSource.NONE
        return ClockSource.NONE

    def _announce(self) -> None:
        state = (self.trusted, self.source)
        if state == self._told:
            return
        first, self._told = self._told is None, state
        level = "info" if self.source in _TRUSTED else "warning"
        if not (first and self._always):  # whoever says that it does not matter is told nothing of it
            _logger.log(logging.INFO if level == "info" else logging.WARNING, "%s", self.sentence)
            self._note(self.sentence, level, {"trusted": self.trusted, "source": self.source.value})
        self._broker.publish(ClockTrustChanged(trusted=self.trusted, source=self.source, sentence=self.sentence))


def _amount(seconds: float) -> str:
    return f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'}"
