"""Record: what the server's `control` offers."""

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.client.follow import Follower
from piccolo3.errors import NotAllowed
from piccolo3.wire import JsonValue

__all__ = ["Control"]


class Control:
    """Starts, watches and ends batches; refusals by the server are raised as its typed errors."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
    ) -> None:
        """Start a batch of `sequences`; None keeps the server's setting. Busy if something is running.

        `auto`: -1 never integrates automatically, 0 once before the first sequence, n before every n-th; `delay`
        between sequences in s; `target` of automatic integration in percent of saturation. `at_time`, `end_time`
        (ISO 8601 with offset) and `interval` (s) are for batches that start later. `mode` is classic, dark_each or
        deled, `averages` exposures make a spectrum, `burst` is as fast as the detectors allow, and `triggered` lets
        each sequence wait for a trigger; servers from before 0.6 don't have these four.
        """
        wanted: dict[str, JsonValue] = {
            "run": run,
            "nsequence": sequences,
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
        }
        await self._call("record_sequence", **{key: value for key, value in wanted.items() if value is not None})

    async def record_dark(self, run: str | None = None) -> None:
        """Start a batch of one dark sequence."""
        await self._call("record_dark", **({} if run is None else {"run": run}))

    async def auto(self, target: float | None = None) -> None:
        """Find integration times that bring the peak to `target` percent of saturation (None: the server's)."""
        await self._call("auto", **({} if target is None else {"target": target}))

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

    async def status(self) -> str:
        """`idle`, or what is being done."""
        return answers.text(await self._get("status"), "control/status")

    async def current_sequence(self) -> int:
        """Number of the last light sequence, counted from 0; -1 before the first."""
        return answers.integer(await self._get("current_sequence"), "control/current_sequence")

    async def progress(self) -> Progress:
        """Where the batch is."""
        return Progress.of(await self._get("progress"))

    async def outcome(self) -> Outcome | None:
        """How the last batch ended, None if there was none yet."""
        return Outcome.of(await self._get("outcome"))

    async def sequences(self) -> int:
        """Number of sequences of a batch."""
        return answers.integer(await self._get("numSequences"), "control/numSequences")

    async def set_sequences(self, sequences: int) -> None:
        """Set the number of sequences, from 1."""
        await self._call("numSequences", sequences)

    async def autointegration(self) -> int:
        """When to integrate automatically: -1 never, 0 before the first sequence, n before every n-th."""
        return answers.integer(await self._get("autointegration"), "control/autointegration")

    async def set_autointegration(self, auto: int) -> None:
        """Set when to integrate automatically."""
        await self._call("autointegration", auto)

    async def delay(self) -> float:
        """Time between sequences in s."""
        return answers.number(await self._get("delay"), "control/delay")

    async def set_delay(self, delay: float) -> None:
        """Set the time between sequences in s."""
        await self._call("delay", delay)

    async def target(self) -> float:
        """Where automatic integration puts the peak, in percent of saturation."""
        return answers.number(await self._get("target"), "control/target")

    async def set_target(self, target: float) -> None:
        """Set the target of automatic integration, in percent of saturation."""
        await self._call("target", target)

    async def _get(self, name: str) -> JsonValue:
        return await self._connection.request(GET, ("control", name))

    async def _call(self, name: str, *args: JsonValue, **kwargs: JsonValue) -> None:
        await self._connection.request(PUT, ("control", name), arguments(args, kwargs))

    async def _act(self, name: str) -> None:
        try:
            await self._call(name)
        except NotAllowed:  # servers from before 0.6 have actions as GET only
            await self._get(name)
