"""Emulated rigs, for tests, benchmarks and the demo."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from emulators.build import library
from emulators.sensor import HandedOut
from emulators.specification import InstrumentSpecification, RigSpecification, ShutterSpecification
from emulators.wire import ANSWER, REQUEST, Operation, receive

__all__ = ["EmulatedRig", "LogEntry"]

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened to an instrument: when (s, monotonic), by which process (0: none), and what."""

    time: float
    pid: int
    what: str


class EmulatedRig:
    """A process that emulates instruments, as long as the with statement lasts.

    Programs that are started with `environment` find the instruments on their USB bus.
    """

    def __init__(
        self,
        instruments: Iterable[InstrumentSpecification] | Mapping[str, str],
        channels: Sequence[ShutterSpecification] = (ShutterSpecification(direction="downwelling", driver="none"),),
        **light: Any,
    ) -> None:
        """`instruments` may be kinds by serial numbers, too; `light` are `seed`, `sun_elevation` and `clouds`."""
        if isinstance(instruments, Mapping):
            instruments = [InstrumentSpecification(serial_number=name, kind=kind) for name, kind in instruments.items()]
        self.specification = RigSpecification(instruments=tuple(instruments), shutters=tuple(channels), **light)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._library = library()
        self.socket = Path()

    def __enter__(self) -> EmulatedRig:
        self._folder = tempfile.TemporaryDirectory(prefix="emulators-")
        self.socket = Path(self._folder.name) / "socket"
        environment = os.environ | {"PYTHONPATH": _joined(str(_ROOT), "PYTHONPATH")}
        environment.pop("LD_PRELOAD", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emulators.server", str(self.socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(self.specification.to_json()) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "ready\n":
            self.close()
            raise RuntimeError("the process that emulates instruments did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; the instruments are gone."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def pid(self) -> int:
        """Of the process that emulates."""
        assert self._process is not None
        return self._process.pid

    @property
    def changes(self) -> dict[str, str]:
        """The variables that differ in `environment`."""
        folder = str(self._library.parent)
        return {
            "EMULATORS_SOCKET": str(self.socket),
            "LD_PRELOAD": str(self._library),
            "LD_LIBRARY_PATH": _joined(folder, "LD_LIBRARY_PATH"),
            "LIBRARY_PATH": _joined(folder, "LIBRARY_PATH"),
            "PYTHONPATH": _joined(str(_ROOT), "PYTHONPATH"),
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment for programs that are to find the instruments."""
        return dict(os.environ) | self.changes

    def unplug(self, serial_number: str) -> None:
        """Pull the plug: what is under way ends, and it is not on the bus any more."""
        self._command("unplug", serial_number=serial_number)

    def plug_in(self, serial_number: str) -> None:
        """Put the plug in again; the device has another address then."""
        self._command("plug_in", serial_number=serial_number)

    def fault(
        self, serial_number: str, kind: str, count: int = 1, *, on: str | None = "spectrum", **details: Any
    ) -> None:
        """Let the next `count` requests fail; `on` is a `Phase` (None: any), `details` are those of a `Fault`."""
        phases = None if on is None else [on]
        self._command("fault", serial_number=serial_number, kind=kind.upper(), phases=phases, count=count, **details)

    def truth(self, serial_number: str) -> list[HandedOut]:
        """The exposures that were handed out, the latest last."""
        return [HandedOut(**entry) for entry in self._command("truth", serial_number=serial_number)]

    def log(self, serial_number: str) -> list[LogEntry]:
        """What happened, the latest last."""
        return [LogEntry(**entry) for entry in self._command("log", serial_number=serial_number)]

    def _command(self, do: str, **arguments: object) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            payload = json.dumps({"do": do, **arguments}).encode()
            connection.sendall(REQUEST.pack(Operation.COMMAND.value, 0, 0, 0, 0, len(payload)) + payload)
            _, _, size = ANSWER.unpack(receive(connection, ANSWER.size))
            return json.loads(receive(connection, size))


def _joined(folder: str, name: str) -> str:
    before = os.environ.get(name)
    return f"{folder}:{before}" if before else folder
