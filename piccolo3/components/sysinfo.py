"""`sysinfo`: the machine that carries the rig."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from piccolo3.clock import Clock
from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Json, JsonValue, Number, Text
from piccolo3.components.declaration import value
from piccolo3.devices import Host
from piccolo3.events import Broker
from piccolo3.housekeeping import Health, HealthChanged, Housekeeper
from piccolo3.timing import ClockStepped, ClockTrustChanged, Locator, PositionChanged, Timekeeper
from piccolo3.wire import MAX_OBSERVABLE

__all__ = ["SystemInformation"]


class SystemInformation(Component):
    """Clock, place, load, version and health of the server."""

    def __init__(
        self,
        host: Host,
        clock: Clock,
        version: str,
        *,
        health: Health,
        housekeeper: Housekeeper,
        timekeeper: Timekeeper,
        locator: Locator,
        broker: Broker,
        children: Sequence[Component] = (),
    ) -> None:
        super().__init__("sysinfo", title="the machine that carries the rig", children=children)
        self._host = host
        self._clock = clock
        self._version = version
        self._health = health
        self._housekeeper = housekeeper
        self._timekeeper = timekeeper
        self._locator = locator
        broker.subscribe(HealthChanged, lambda _: self.announce("health"))
        broker.subscribe(ClockTrustChanged, lambda _: self.announce("clock_status"))
        broker.subscribe(ClockStepped, lambda _: self.announce("clock_status"))
        housekeeper.subscribe(lambda: self.announce("housekeeping"))
        broker.subscribe(PositionChanged, lambda _: self.announce("position"))

    @value(Text(max_length=40), title="system clock", text="UTC, ISO 8601")
    def clock(self) -> str:
        """Return the time of day."""
        return self._clock.utcnow().isoformat()

    @clock.setter(Argument("clock", Text(max_length=64), text="a time; without an offset it is UTC"))
    async def set_clock(self, clock: str) -> None:
        """Set the system clock."""
        await self._timekeeper.set_clock(clock)

    @value(
        Json("trusted, always, source, synchronised, sentence, confirmed, steps, last_step", size=MAX_OBSERVABLE),
        title="whether the clock can be trusted",
        text="source is what has made it right since the machine was started (ntp, gps, manual, none, unknown); "
        "see docs/explanations/time.md",
        observable=True,
    )
    def clock_status(self) -> JsonValue:
        """Return what is known of the clock."""
        return self._timekeeper.as_dict()

    @value(
        Json(
            "source (gps, configuration, simulation or null), latitude, longitude, altitude, gps (off, unreachable, "
            "no fix or fix), mode, satellites, hdop, horizontal_error, vertical_error, time, age",
            size=MAX_OBSERVABLE,
        ),
        title="where the rig is",
        text="degrees, north and east positive; m above mean sea level; those who observe it are told when it comes, "
        "goes, or moves by more than 25 m",
        observable=True,
    )
    def position(self) -> JsonValue:
        """Return the position."""
        return self._locator.as_dict()

    @value(Number(minimum=0, unit="%"), title="use of the processors since the last request")
    def cpu(self) -> float:
        """Return the load."""
        return self._host.cpu_percent()

    @value(Number(minimum=0, unit="%"), title="use of the memory")
    def mem(self) -> float:
        """Return the use of the memory."""
        return self._host.memory_percent()

    @value(Text(max_length=64), title="name of the machine")
    def host(self) -> str:
        """Return the host name."""
        return platform.node()

    @value(Text(max_length=64), title="version of the server")
    def version(self) -> str:
        """Return the version."""
        return self._version

    @value(
        Json("status (ok, warn or alarm), sentences, omitted", size=MAX_OBSERVABLE),
        title="whether the rig is well",
        text="what is wrong, the worst first; see docs/reference/housekeeping.md",
        observable=True,
    )
    def health(self) -> JsonValue:
        """Return what is wrong; sentences that don't fit into one datagram are only counted, as omitted."""
        return self._health.as_dict()

    @value(
        Json("time, values by the name of the quantity; null before the first sample"),
        title="the last sample of housekeeping",
        text="those who observe it get each, one a minute unless configured; see docs/reference/housekeeping.md",
        observable=True,
        large=True,
    )
    def housekeeping(self) -> JsonValue:
        """Return the last sample."""
        sample = self._housekeeper.latest
        return None if sample is None else {"time": sample.time.isoformat(), "values": sample.values}
