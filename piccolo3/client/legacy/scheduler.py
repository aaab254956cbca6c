"""`scheduler` of an old system."""

from __future__ import annotations

from datetime import datetime, time

from piccolo3.client import answers
from piccolo3.client.legacy.component import Component
from piccolo3.errors import InvalidValue
from piccolo3.wire import JsonValue

__all__ = ["PiccoloScheduler"]

_FORMAT = "%H:%M:%S%z"


class PiccoloScheduler(Component):
    """Jobs, quiet time, and when spectrometers that are not needed are switched off."""

    observed = ("jobs", "quietTimeEnabled", "powerOffEnabled", "powerDelay", "quietStart", "quietEnd")

    async def get_quietTimeEnabled(self) -> bool:
        """Whether nothing is recorded in the quiet time."""
        return bool(await self.a_get("quietTimeEnabled"))

    async def set_quietTimeEnabled(self, e: bool) -> None:
        """Set whether nothing is recorded in the quiet time."""
        await self.a_put("quietTimeEnabled", e)

    async def get_powerOffEnabled(self) -> bool:
        """Whether spectrometers that are not needed for long are switched off."""
        return bool(await self.a_get("powerOffEnabled"))

    async def set_powerOffEnabled(self, e: bool) -> None:
        """Set whether spectrometers that are not needed for long are switched off."""
        await self.a_put("powerOffEnabled", e)

    async def get_powerDelay(self) -> int:
        """How long before a job the spectrometers are switched on, s."""
        return answers.integer(await self.a_get("powerDelay"), "control/scheduler/powerDelay")

    async def set_powerDelay(self, delay: int) -> None:
        """Set how long before a job the spectrometers are switched on, s."""
        await self.a_put("powerDelay", delay)

    async def get_quietStart(self) -> time:
        """When the quiet time begins."""
        return _time(await self.a_get("quietStart"), "control/scheduler/quietStart")

    async def set_quietStart(self, t: time | str) -> None:
        """Set when the quiet time begins; without an offset it is UTC."""
        await self.a_put("quietStart", _text(t))

    async def get_quietEnd(self) -> time:
        """When the quiet time ends."""
        return _time(await self.a_get("quietEnd"), "control/scheduler/quietEnd")

    async def set_quietEnd(self, t: time | str) -> None:
        """Set when the quiet time ends; without an offset it is UTC."""
        await self.a_put("quietEnd", _text(t))

    async def get_jobs(self) -> JsonValue:
        """Lists of id, [task, [arguments]], start, end, interval (s) and state."""
        return await self.a_get("jobs")

    async def suspend(self, jid: int) -> None:
        """Suspend a job."""
        await self.a_put("suspend", jid)

    async def unsuspend(self, jid: int) -> None:
        """Let a suspended job go on."""
        await self.a_put("unsuspend", jid)

    async def delete(self, jid: int) -> None:
        """Delete a job."""
        await self.a_put("delete", jid)


def _text(when: time | str) -> str:
    return when.strftime(_FORMAT) if isinstance(when, time) else when


def _time(value: JsonValue, what: str) -> time:
    try:
        return datetime.strptime(answers.text(value, what), _FORMAT).timetz()
    except ValueError:
        raise InvalidValue(f"the server's {what} is {value!r}, not a time like 22:00:00+0000") from None
