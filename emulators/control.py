"""What can be done to an emulated rig, and asked of it, from outside."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators.wire import ANSWER, REQUEST, Operation, receive

__all__ = ["Control", "HandedOut", "LogEntry", "PinChange", "Report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """An exposure that was read to its last byte. Times in ns on the monotonic scale of the machine.

    `number` counts the exposures since the power came, `open_share` is the share of the exposure that each shutter was
    open, `checksum` the CRC-32 of the counts as little-endian integers of 32 bits.
    """

    number: int
    start: int
    end: int
    requested: int
    delivered: int
    open_share: dict[str, float]
    checksum: int

    @property
    def integration_time(self) -> int:
        """How long it was exposed (ns)."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened to an instrument: when (s, monotonic), by which process (0: none), and what."""

    time: float
    pid: int
    what: str


@dataclass(frozen=True, slots=True)
class PinChange:
    """An output pin (BCM number) was switched at a time (s, monotonic); a pin that nobody has any more is off."""

    time: float
    pin: int
    on: bool
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an instrument is: on the bus or not, with which address, opened by whom, its cooler, what waits in it."""

    attached: bool
    address: int | None
    opened_by: tuple[int, ...]
    claimed_by: int | None
    integration_time: float
    temperature: float
    cooler_enabled: bool
    cooler_target: float
    hung: bool
    faults: int


class Control:
    """Commands to the process behind a socket. Every method raises OSError or EOFError if there is none."""

    def __init__(self, path: Path) -> None:
        self.socket = path

    def unplug(self, serial_number: str) -> None:
        """Pull the plug: what is under way ends, and it is not on the bus any more."""
        self._command("unplug", serial_number=serial_number)

    def plug_in(self, serial_number: str) -> None:
        """Put the plug in again; the device has another address then."""
        self._command("plug_in", serial_number=serial_number)

    def set_power(self, serial_number: str, *, on: bool) -> None:
        """Switch the power, as its pin does."""
        self._command("set_power", serial_number=serial_number, on=on)

    def fault(
        self,
        serial_number: str,
        kind: str,
        count: int = 1,
        *,
        on: str | Iterable[str] | None = "spectrum",
        **details: float,
    ) -> None:
        """Let the next `count` requests fail.

        `kind` names a `FaultKind`, `on` the phases of which they are (None: any but "connect"), `details` are `after`,
        `seconds` and `stubborn` of a `Fault`.
        """
        phases = None if on is None else [on] if isinstance(on, str) else list(on)
        self._command("fault", serial_number=serial_number, kind=kind.upper(), phases=phases, count=count, **details)

    def clear_faults(self, serial_number: str) -> None:
        """Forget those that did not come to pass, and let what hangs go on."""
        self._command("clear_faults", serial_number=serial_number)

    def move_shutter(self, direction: str, *, opened: bool) -> None:
        """Move a shutter by hand, at once."""
        self._command("move_shutter", direction=direction, opened=opened)

    def drive_pin(self, pin: int, *, on: bool) -> None:
        """Set the level at an input pin (BCM number)."""
        self._command("drive_pin", pin=pin, on=on)

    def truth(self, serial_number: str, since: float = 0.0) -> list[HandedOut]:
        """The exposures that were handed out after a moment (s, monotonic), the latest last."""
        found = self._command("truth", serial_number=serial_number, since=since)
        return [HandedOut(**entry) for entry in found]

    def log(self, serial_number: str, since: float = 0.0) -> list[LogEntry]:
        """What happened after a moment (s, monotonic), the latest last."""
        return [LogEntry(**entry) for entry in self._command("log", serial_number=serial_number, since=since)]

    def pins(self) -> list[PinChange]:
        """What the output pins did, the latest last."""
        return [PinChange(**entry) for entry in self._command("pins")]

    def report(self, serial_number: str) -> Report:
        """How it is."""
        found = self._command("report", serial_number=serial_number)
        return Report(**found | {"opened_by": tuple(found["opened_by"])})

    def _command(self, do: str, **arguments: object) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            payload = json.dumps({"do": do, **arguments}).encode()
            connection.sendall(REQUEST.pack(Operation.COMMAND.value, 0, 0, 0, 0, len(payload)) + payload)
            status, _, size = ANSWER.unpack(receive(connection, ANSWER.size))
            answer = json.loads(receive(connection, size))
        if status:
            raise ValueError(answer)
        return answer
