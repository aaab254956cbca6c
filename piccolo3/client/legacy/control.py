"""`control` of an old system."""

from __future__ import annotations

from datetime import datetime, timedelta

from piccolo3.client import answers
from piccolo3.client.legacy.component import Component
from piccolo3.wire import JsonValue

__all__ = ["PiccoloControl"]

When = str | datetime | None


def _when(when: When) -> str | None:
    return when.isoformat() if isinstance(when, datetime) else when


class PiccoloControl(Component):
    """Records, and knows the settings of batches."""

    observed = ("status", "numSequences", "autointegration", "delay", "target")

    async def get_numSequences(self) -> int:
        """Number of sequences of a batch."""
        return answers.integer(await self.a_get("numSequences"), "control/numSequences")

    async def set_numSequences(self, n: int) -> None:
        """Set the number of sequences of a batch."""
        await self.a_put("numSequences", n)

    async def get_autointegration(self) -> int:
        """When to integrate automatically: -1 never, 0 before the first sequence, n before every n-th."""
        return answers.integer(await self.a_get("autointegration"), "control/autointegration")

    async def set_autointegration(self, n: int) -> None:
        """Set when to integrate automatically."""
        await self.a_put("autointegration", n)

    async def get_delay(self) -> float:
        """Delay between sequences, s."""
        return answers.number(await self.a_get("delay"), "control/delay")

    async def set_delay(self, d: float) -> None:
        """Set the delay between sequences, s."""
        await self.a_put("delay", d)

    async def get_target(self) -> float:
        """Target of automatic integration, % of saturation."""
        return answers.number(await self.a_get("target"), "control/target")

    async def set_target(self, t: float) -> None:
        """Set the target of automatic integration, % of saturation."""
        await self.a_put("target", t)

    async def record_sequence(
        self,
        run: str | None = None,
        nsequence: int | None = None,
        auto: int | None = None,
        delay: float | None = None,
        target: float | None = None,
        at_time: When = None,
        interval: float | timedelta | None = None,
        end_time: When = None,
    ) -> None:
        """Record a batch now, or at `at_time` and then every `interval` s until `end_time`. None keeps a setting."""
        await self.a_put(
            "record_sequence",
            run=run,
            nsequence=nsequence,
            auto=auto,
            delay=delay,
            target=target,
            at_time=_when(at_time),
            interval=interval.total_seconds() if isinstance(interval, timedelta) else interval,
            end_time=_when(end_time),
        )

    async def record_dark(self, run: str | None = None) -> None:
        """Record a dark."""
        await self.a_put("record_dark", run=run)

    async def auto(self, target: float | None = None) -> None:
        """Integrate automatically."""
        await self.a_put("auto", target=target)

    async def power_on(self, at_time: When = None) -> None:
        """Switch the spectrometers on, now or every day at that time."""
        await self.a_put("power_on", at_time=_when(at_time))

    async def power_off(self, at_time: When = None) -> None:
        """Switch the spectrometers off, now or every day at that time."""
        await self.a_put("power_off", at_time=_when(at_time))

    async def pause(self) -> JsonValue:
        """Pause, or go on."""
        return await self._act("pause")

    async def abort(self) -> JsonValue:
        """Abort."""
        return await self._act("abort")

    async def get_current_sequence(self) -> int:
        """Number of the last light sequence, -1 before the first."""
        return answers.integer(await self.a_get("current_sequence"), "control/current_sequence")

    async def get_status(self) -> str:
        """What is being done, or `idle`."""
        return answers.text(await self.a_get("status"), "control/status")
