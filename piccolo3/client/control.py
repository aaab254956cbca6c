"""Record: what the server's `control` offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from piccolo3.client import answers
from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.connection import GET, PUT, arguments
from piccolo3.client.fields import Room, setting, value
from piccolo3.client.follow import Follower
from piccolo3.client.plan import Plan, PlanOptions, batch_arguments
from piccolo3.client.running import Batch, start
from piccolo3.errors import NotAllowed
from piccolo3.wire import JsonValue

__all__ = ["Control"]


def _progress(body: JsonValue, _: str) -> Progress:
    return Progress.of(body)


def _outcome(body: JsonValue, _: str) -> Outcome | None:
    return Outcome.of(body)


class Control(Room):
    """Starts, watches and ends batches; refusals by the server are raised as its typed errors."""

    segments = ("control",)

    status = value("status", answers.text)
    """`idle`, or what is being done."""

    current_sequence = value("current_sequence", answers.integer)
    """Number of the last light sequence, counted from 0; -1 before the first."""

    progress = value("progress", _progress)
    """Where the batch is."""

    outcome = value("outcome", _outcome)
    """How the last batch ended, None if there was none yet."""

    num_sequences = setting("numSequences", answers.integer)
    """Number of sequences of a batch, from 1."""

    autointegration = setting("autointegration", answers.integer)
    """When to integrate automatically: -1 never, 0 before the first sequence, n before every n-th."""

    delay = setting("delay", answers.number)
    """Time between sequences in s."""

    target = setting("target", answers.number)
    """Where automatic integration puts the peak, in percent of saturation."""

    mode = setting("mode", answers.text)
    """Which darks and lights make a sequence: classic, dark_each or deled."""

    averages = setting("averages", answers.integer)
    """Number of exposures that are averaged to a spectrum."""

    trigger = value("trigger", answers.mapping)
    """Triggers from outside: `seen`, `missed`, `last` and `reason`."""

    quality = value("flags", answers.mapping)
    """Quality flags of the last sequence, with its run, batch and number."""

    async def record_sequence(
        self,
        run: str | None = None,
        *,
        sequences: int | None = None,
        auto: int | None = None,
        delay: float | None = None,
        target: float | None = None,
        at_time: str | None = None,
        interval: float | None = None,
        end_time: str | None = None,
        mode: str | None = None,
        averages: int | None = None,
        burst: bool | None = None,
        triggered: bool | None = None,
        recipe: str | None = None,
    ) -> Batch:
        """Start a batch of `sequences`; None keeps the server's setting. Busy if something is running.

        Returns as soon as it has begun; the batch goes on at the server, whatever becomes of the client.

        `auto`: -1 never integrates automatically, 0 once before the first sequence, n before every n-th; `delay`
        between sequences in s; `target` of automatic integration in percent of saturation. `at_time`, `end_time`
        (ISO 8601 with offset) and `interval` (s) are for batches that start later. `mode` is classic, dark_each or
        deled, `averages` exposures make a spectrum, `burst` is as fast as the detectors allow, and `triggered` lets
        each sequence wait for a trigger; `recipe` is the name of one of `recipes`, of which that counts which is not
        given. Servers from before 0.6 don't have these five.
        """
        wanted: dict[str, JsonValue] = {
            "run": run,
            "sequences": sequences,
            "auto": auto,
            "delay": delay,
            "target": target,
            "at_time": at_time,
            "interval": interval,
            "end_time": end_time,
            "mode": mode,
            "averages": averages,
            "burst": burst,
            "triggered": triggered,
            "recipe": recipe,
        }
        return await start(self._connection, "record_sequence", batch_arguments(wanted))

    async def plan(self, **wanted: Unpack[PlanOptions]) -> Plan:
        """What would become of a batch, without doing it; takes what `record_sequence` takes, all by name."""
        given = arguments([], batch_arguments(wanted))
        return Plan.of(await self._connection.request(PUT, ("control", "plan"), given))

    async def recipes(self) -> dict[str, Mapping[str, JsonValue]]:
        """What the recipes say, by name; with what they leave open as it is set."""
        what = "control/recipes"
        found = answers.mapping(await self._get("recipes"), what)
        return {name: answers.mapping(recipe, what) for name, recipe in found.items()}

    async def record_dark(self, run: str | None = None) -> Batch:
        """Start a batch of one dark sequence."""
        return await start(self._connection, "record_dark", {} if run is None else {"run": run})

    async def auto(self, target: float | None = None) -> Batch:
        """Find integration times that bring the peak to `target` percent of saturation (None: the server's)."""
        return await start(self._connection, "auto", {} if target is None else {"target": target})

    async def pause(self) -> None:
        """Pause the batch, or go on with a paused one. NotBusy if there is none."""
        await self._act("pause")

    async def abort(self) -> None:
        """End the batch; returns when that is under way. NotBusy if there is none."""
        await self._act("abort")

    async def make_safe(self) -> None:
        """Abort whatever is under way and close all shutters, also when nothing is recorded."""
        await self._call("make_safe")

    async def flags(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Quality flags of the last sequence, by name of the spectrometer and channel."""
        what = "control/flags"
        of = answers.mapping(answers.mapping(await self._get("flags"), what).get("flags"), what)
        return {
            name: {channel: answers.texts(flags, what) for channel, flags in answers.mapping(channels, what).items()}
            for name, channels in of.items()
        }

    def follow(self) -> Follower:
        """Follow the batch that is started next; see Follower."""
        return Follower(self._connection)

    async def sequences(self) -> int:
        """Number of sequences of a batch."""
        return await self.num_sequences.get()

    async def set_sequences(self, sequences: int) -> None:
        """Set the number of sequences, from 1."""
        await self.num_sequences.set(sequences)

    async def set_autointegration(self, auto: int) -> None:
        """Set when to integrate automatically."""
        await self.autointegration.set(auto)

    async def set_delay(self, delay: float) -> None:
        """Set the time between sequences in s."""
        await self.delay.set(delay)

    async def set_target(self, target: float) -> None:
        """Set the target of automatic integration, in percent of saturation."""
        await self.target.set(target)

    async def _get(self, name: str) -> JsonValue:
        return await self._connection.request(GET, ("control", name))

    async def _call(self, name: str) -> None:
        await self._connection.request(PUT, ("control", name), arguments([], {}))

    async def _act(self, name: str) -> None:
        try:
            await self._call(name)
        except NotAllowed:  # servers from before 0.6 have actions as GET only
            await self._get(name)
