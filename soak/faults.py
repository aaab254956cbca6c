"""What goes wrong in a soak: single faults, drawn at random, and how long each of them takes to get over."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from emulators import Control
from emulators.faults import FaultKind
from soak.rig import SWITCHES
from soak.watch import Watch

__all__ = ["BOUND", "Happened", "Injector"]

BOUND = 90.0  # s in which whatever happened has to be over
_NOTICED = 6.0  # s in which a fault that is ever noticed is: the longest exposure, the margin of a call, a visit
_STRUCK = 12.0  # s in which a request that is to fail comes
_OFTEN = ("spectrum", "spectrum", "spectrum", "integration_time", "temperature", "buffer", None)
_OPENING = ("connect", "initialise", "information", "integration_time", "spectrum")


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault: what it was, when (monotonic, s), and the time from its end to all spectrometers being back.

    `recovery` is None where nobody noticed anything, `in_time` whether all was well within the bound.
    """

    what: str
    serial: str
    moment: float
    recovery: float | None
    in_time: bool


class Injector:
    """Lets one thing after the other go wrong. `daemon` is the process whose children are to suffer."""

    def __init__(self, control: Control, watch: Watch, daemon: int, chance: random.Random) -> None:
        self.happened: list[Happened] = []
        self.under_way = False
        self._control = control
        self._watch = watch
        self._daemon = psutil.Process(daemon)
        self._chance = chance
        self._disasters: Mapping[str, tuple[int, Callable[[str], Awaitable[float | None]]]] = {
            "request": (14, self._request),
            "unplugged": (3, self._unplug),
            "unplugged, then trouble on opening": (5, self._trouble_on_opening),
            "power lost": (2, self._power_loss),
            "host killed": (3, self._kill_host),
            "host stopped": (2, self._stop_host),
            "host stopped for a moment": (1, self._delay_host),
            "fork server killed": (1, self._kill_fork_server),
            "pin process killed": (2, self._kill_pins),
        }
        self._name = ""

    async def one(self) -> Happened | None:
        """Let something go wrong, and wait until that is over, or the bound has passed; None if nothing did."""
        names = list(self._disasters)
        self._name = self._chance.choices(names, [self._disasters[name][0] for name in names])[0]
        serial = self._chance.choice(sorted(self._watch.states))
        begin = time.monotonic()
        self.under_way = True
        try:
            over = await self._disasters[self._name][1](serial)
        finally:
            self.under_way = False
        if not self._name:
            return None
        happened = Happened(self._name, serial, begin, over, self._watch.all_running)
        self.happened.append(happened)
        return happened

    async def _back(self, serial: str, since: float, over: float | None = None) -> float | None:
        """Wait until what is lost has come back; seconds from `over` (else: from `since`) to that, None if none was.

        It is noticed within some seconds, unless it does no harm.
        """
        watch = self._watch
        noticed = await watch.until(lambda: watch.lost[serial] > since, _NOTICED)
        over = since if over is None else over
        await watch.until(lambda: watch.all_running, BOUND - (time.monotonic() - over))
        return max(0.0, max(watch.back.values()) - over) if noticed else None

    async def _request(self, serial: str) -> float | None:
        """A request fails, in one of all ways."""
        chance, control = self._chance, self._control
        kind = chance.choice([kind.name.lower() for kind in FaultKind])
        phase = chance.choice(_OFTEN)
        count = chance.choice((1, 1, 1, 2, 3)) if kind in {"silence", "nack", "garbage", "short"} else 1
        stubborn = kind == "hang" and serial in SWITCHES and chance.random() < 0.3
        self._name = f"{kind}{', until the power is cut' if stubborn else ''}"
        details = {"seconds": chance.uniform(0.1, 4.0)} if kind == "late" else {}
        details |= {"stubborn": True} if stubborn else {}
        begin = time.monotonic()
        control.fault(serial, kind, count, on=phase, after=chance.randrange(6), **details)
        while control.report(serial).faults and time.monotonic() < begin + _STRUCK:
            await asyncio.sleep(0.1)
        if control.report(serial).faults:
            control.clear_faults(serial)
        struck = [entry.time for entry in control.log(serial, begin) if entry.what.startswith("fault ")]
        if kind == "unplug" and struck:
            await asyncio.sleep(chance.uniform(0.2, 3.0))
            control.plug_in(serial)
            return await self._back(serial, struck[0] - 0.5, time.monotonic())
        if not struck:  # nobody asked for that
            self._name = ""
            return None
        return await self._back(serial, struck[0] - 0.5)

    async def _unplug(self, serial: str) -> float | None:
        begin = time.monotonic()
        self._control.unplug(serial)
        await asyncio.sleep(self._chance.uniform(0.1, 6.0))
        self._control.plug_in(serial)
        return await self._back(serial, begin, time.monotonic())

    async def _trouble_on_opening(self, serial: str) -> float | None:
        """It comes back, but not well."""
        chance, control = self._chance, self._control
        begin = time.monotonic()
        control.unplug(serial)
        await asyncio.sleep(chance.uniform(0.1, 2.0))
        kind = chance.choice(("silence", "short", "nack", "hang", "late", "garbage", "io", "crash"))
        self._name = f"unplugged, then {kind} on opening"
        details = {"seconds": chance.uniform(0.1, 4.0)} if kind == "late" else {}
        control.fault(serial, kind, chance.choice((1, 1, 2)), on=chance.choice(_OPENING), **details)
        control.plug_in(serial)
        recovery = await self._back(serial, begin, time.monotonic())
        control.clear_faults(serial)
        return recovery

    async def _power_loss(self, serial: str) -> float | None:
        begin = time.monotonic()
        self._control.set_power(serial, on=False)
        await asyncio.sleep(self._chance.uniform(0.1, 6.0))
        self._control.set_power(serial, on=True)
        return await self._back(serial, begin, time.monotonic())

    async def _kill_host(self, serial: str) -> float | None:
        begin = time.monotonic()
        self._signal_host(serial, signal.SIGKILL)
        return await self._back(serial, begin)

    async def _stop_host(self, serial: str) -> float | None:
        begin = time.monotonic()
        self._signal_host(serial, signal.SIGSTOP)
        return await self._back(serial, begin)

    async def _delay_host(self, serial: str) -> float | None:
        begin = time.monotonic()
        stopped = self._signal_host(serial, signal.SIGSTOP)
        await asyncio.sleep(self._chance.uniform(0.05, 1.0))
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return await self._back(serial, begin, time.monotonic())

    async def _kill_fork_server(self, serial: str) -> float | None:
        begin = time.monotonic()
        for child in self._daemon.children():
            if child.name() == "piccolo3 hosts":
                child.kill()
        return await self._back(serial, begin)

    async def _kill_pins(self, serial: str) -> float | None:
        begin = time.monotonic()
        for child in self._daemon.children():
            if "piccolo3.pins" in child.cmdline():
                child.kill()
        return await self._back(serial, begin)

    def _signal_host(self, serial: str, number: signal.Signals) -> tuple[int, ...]:
        """To those that have it open, if any has."""
        pids = self._control.report(serial).opened_by
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids
