"""All that is emulated in one process, and what can be done to it from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from emulators.bus import Bus
from emulators.catalogue import KINDS, Protocol
from emulators.device import Device
from emulators.faults import ANY, Fault, FaultKind, Phase
from emulators.instrument import Instrument
from emulators.light import Light
from emulators.obp2_instrument import Obp2Instrument
from emulators.obp_instrument import ObpInstrument
from emulators.ooi import OoiInstrument
from emulators.specification import InstrumentSpecification, RigSpecification
from piccolo3.config import SimulationConfig

__all__ = ["Workshop"]

_CLASSES: Mapping[str, type[Instrument]] = {
    Protocol.OOI: OoiInstrument,
    Protocol.OBP: ObpInstrument,
    Protocol.OBP2: Obp2Instrument,
}


class Workshop:
    """The bus with its instruments, the light and the shutters."""

    def __init__(self, specification: RigSpecification) -> None:
        simulation = SimulationConfig(
            seed=specification.seed, sun_elevation=specification.sun_elevation, clouds=specification.clouds
        )
        self.light = Light(simulation)
        self.bus = Bus(self._device(instrument) for instrument in specification.instruments)
        for shutter in specification.shutters:
            self.light.blade(shutter.direction).move(0, 0, opened=shutter.driver == "none")

    def _device(self, specification: InstrumentSpecification) -> Device:
        kind = KINDS[specification.kind]
        return Device(_CLASSES[kind.protocol](kind, specification.serial_number, self.light, specification.depth))

    def pin(self, change: Mapping[str, Any]) -> None:
        """A pin changed."""

    def command(self, payload: bytes) -> bytes:
        """Do what a command says; both it and the answer are JSON."""
        asked = json.loads(payload)
        result = getattr(self, f"_do_{asked.pop('do')}")(**asked)
        return json.dumps(result).encode()

    def _do_unplug(self, serial_number: str) -> None:
        self.bus.unplug(serial_number)

    def _do_plug_in(self, serial_number: str) -> None:
        self.bus.plug_in(serial_number)

    def _do_fault(self, serial_number: str, kind: str, phases: list[str] | None, **details: Any) -> None:
        chosen = ANY if phases is None else frozenset(Phase(phase) for phase in phases)
        device = self.bus.devices[serial_number]
        with device.condition:
            device.faults.waiting.append(Fault(kind=FaultKind[kind], phases=chosen, **details))

    def _do_truth(self, serial_number: str) -> list[dict[str, object]]:
        device = self.bus.devices[serial_number]
        with device.condition:
            return [asdict(exposure) for exposure in device.instrument.sensor.truth]

    def _do_log(self, serial_number: str) -> list[dict[str, object]]:
        device = self.bus.devices[serial_number]
        with device.condition:
            return [asdict(entry) for entry in device.log]
