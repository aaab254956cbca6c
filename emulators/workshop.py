"""All that is emulated in one process, and what can be done to it from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from emulators.bus import Bus
from emulators.control import Report
from emulators.faults import ANY, Fault, FaultKind, Phase
from emulators.light import Light
from emulators.shutters import Board
from emulators.specification import RigSpecification
from emulators.wire import Status
from piccolo3.config import SimulationConfig

__all__ = ["Workshop"]


class Workshop:
    """The bus with its instruments, the light, the pins and what is wired to them."""

    def __init__(self, specification: RigSpecification) -> None:
        simulation = SimulationConfig(
            seed=specification.seed, sun_elevation=specification.sun_elevation, clouds=specification.clouds
        )
        self.board = Board()
        self.light = Light(simulation, self.board.settle)
        self.bus = Bus({instrument.serial_number: instrument for instrument in specification.instruments}, self.light)
        for shutter in specification.shutters:
            self.board.wire_shutter(shutter, self.light.blade(shutter.direction))
        for instrument in specification.instruments:
            if instrument.power_switch is not None:
                self.board.wire_switch(instrument.power_switch, partial(self._set_power, instrument.serial_number))
        self._commands: Mapping[str, Callable[..., object]] = {
            "unplug": self.bus.unplug,
            "plug_in": self.bus.plug_in,
            "set_power": self.bus.set_power,
            "fault": self._fault,
            "clear_faults": self._clear_faults,
            "move_shutter": self._move_shutter,
            "drive_pin": self.board.drive,
            "truth": self._truth,
            "log": self._log,
            "pins": lambda: [asdict(change) for change in tuple(self.board.changes)],
            "report": self._report,
        }

    def command(self, payload: bytes) -> tuple[Status, bytes]:
        """Do what a command says; both it and the answer are JSON."""
        try:
            asked = json.loads(payload)
            result = self._commands[asked.pop("do")](**asked)
        except (KeyError, TypeError, ValueError) as error:
            return Status.INVALID_PARAM, json.dumps(f"{type(error).__name__}: {error}").encode()
        return Status.SUCCESS, json.dumps(result).encode()

    def _set_power(self, serial_number: str, on: bool) -> None:
        self.bus.set_power(serial_number, on=on)

    def _fault(self, serial_number: str, kind: str, phases: list[str] | None, **details: Any) -> None:
        chosen = ANY if phases is None else frozenset(Phase(phase) for phase in phases)
        device = self.bus.devices[serial_number]
        with device.condition:
            device.faults.waiting.append(Fault(kind=FaultKind[kind], phases=chosen, **details))

    def _clear_faults(self, serial_number: str) -> None:
        device = self.bus.devices[serial_number]
        with device.condition:
            device.faults.waiting.clear()
            device.hung = None
            device.condition.notify_all()

    def _move_shutter(self, direction: str, opened: bool) -> None:
        now = time.monotonic_ns()
        self.light.blade(direction).move(now, now + 1, opened=opened)

    def _truth(self, serial_number: str, since: float) -> list[dict[str, object]]:
        device = self.bus.devices[serial_number]
        with device.condition:
            return [asdict(exposure) for exposure in device.instrument.sensor.truth if exposure.delivered > since * 1e9]

    def _log(self, serial_number: str, since: float) -> list[dict[str, object]]:
        device = self.bus.devices[serial_number]
        with device.condition:
            return [asdict(entry) for entry in device.log if entry.time > since]

    def _report(self, serial_number: str) -> dict[str, object]:
        device = self.bus.devices[serial_number]
        opened = self.bus.opened_by(serial_number)
        with device.condition:
            attachment, instrument = device.attachment, device.instrument
            claim = None if attachment is None else attachment.claims.get(0)
            return asdict(
                Report(
                    attached=attachment is not None,
                    address=None if attachment is None else attachment.address,
                    opened_by=opened,
                    claimed_by=None if claim is None else claim.pid,
                    integration_time=instrument.sensor.integration_time / 1e6,
                    temperature=instrument.sensor.temperature(time.monotonic_ns()),
                    cooler_enabled=instrument.cooler_enabled,
                    cooler_target=instrument.cooler_target,
                    hung=device.hung is not None,
                    faults=len(device.faults.waiting),
                )
            )
