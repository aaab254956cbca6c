"""A simulated spectrometer in a host, and the plug that the test holds."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import SystemClock
from piccolo3.config import SimulationConfig
from piccolo3.devices.hosting import HostedSpectrometer
from piccolo3.devices.interface import SpectrometerInfo
from piccolo3.devices.simulated import MODELS, SimulatedSpectrometer, World

PRELOAD = ("tests.contract.hosted_twin",)


class Plug:
    """Pulled while a file is there; whoever reads the pipe is told to look."""

    def __init__(self, directory: Path) -> None:
        self._pulled = directory / "pulled"
        self._pipe = directory / "pipe"
        os.mkfifo(self._pipe)

    @property
    def is_pulled(self) -> bool:
        return self._pulled.exists()

    def pull(self) -> None:
        self._pulled.touch()
        self._tell()

    def put_in(self) -> None:
        self._pulled.unlink()
        self._tell()

    def _tell(self) -> None:
        try:
            pipe = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # there is no host
            return
        os.write(pipe, b".")
        os.close(pipe)

    def await_news(self) -> None:
        with self._pipe.open("rb", buffering=0) as pipe:
            pipe.read(1)


class PluggedTwin(SimulatedSpectrometer):
    """A twin at the end of a plug."""

    def __init__(self, model: str, plug: Plug) -> None:
        super().__init__(MODELS[model], "dummy", World(SimulationConfig(), SystemClock()))
        self._plug = plug
        threading.Thread(target=self._watch, daemon=True).start()

    def open(self) -> SpectrometerInfo:
        self._look()
        return super().open()

    def read(self, timeout: float) -> NDArray[np.int32]:
        self._look()
        return super().read(timeout)

    def temperature(self) -> float | None:
        self._look()
        return super().temperature()

    def _watch(self) -> None:
        while True:
            self._plug.await_news()
            self._look()

    def _look(self) -> None:
        if self._plug.is_pulled != self.faults.unplugged:
            self.faults.unplugged = self._plug.is_pulled


def hosted_twin(model: str, plug: Plug) -> HostedSpectrometer:
    """A twin in a host."""
    return HostedSpectrometer(partial(PluggedTwin, model, plug), "dummy", preload=PRELOAD)
