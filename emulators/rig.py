"""Emulated rigs, for tests, benchmarks and the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from emulators.build import library
from emulators.control import Control
from emulators.specification import InstrumentSpecification, RigSpecification, ShutterSpecification

__all__ = ["EmulatedRig"]

_ROOT = Path(__file__).resolve().parent.parent


class EmulatedRig(Control):
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
        super().__init__(Path())
        self.specification = RigSpecification(instruments=tuple(instruments), shutters=tuple(channels), **light)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._library = library()

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

    @contextmanager
    def around(self) -> Iterator[None]:
        """Let the processes that this one starts meanwhile find the instruments; it does not find them itself."""
        before = {name: os.environ.get(name) for name in self.changes}
        os.environ.update(self.changes)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _joined(folder: str, name: str) -> str:
    before = os.environ.get(name)
    return f"{folder}:{before}" if before else folder
