"""A spectrometer in a process of its own, which can be killed."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.hosting.forkserver import ForkServer, fork_server
from piccolo3.devices.hosting.process import HostProcess
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError

__all__ = ["HostedSpectrometer"]


class HostedSpectrometer(Spectrometer):
    """The spectrometer that `make()` returns, in a host process that lives from `open` to `close`.

    `make` must be picklable; it is called in the host, which has loaded the modules `preload` already. What the driver
    raises is raised here again (what is not a PiccoloError as a DeviceError). A driver that hangs is ended, with its
    process, by `interrupt`; one that crashes makes the call fail with a DeviceError that names the signal. Nothing of
    the host outlives `close`, or the daemon.
    """

    def __init__(self, make: Callable[[], Spectrometer], name: str, *, preload: Sequence[str] = ()) -> None:
        self._make = pickle.dumps(make)
        self._name = name
        self._preload = tuple(preload)
        self._server: ForkServer | None = None
        self._lock = threading.Lock()
        self._host: HostProcess | None = None
        self._number: int | None = None

    def open(self) -> SpectrometerInfo:
        if self._host is not None:
            raise DeviceError(f"{self._name} is open already")
        try:
            host = self._start()
            info = host.call("open")
            if not isinstance(info, SpectrometerInfo):
                raise DeviceError(f"the host process of {self._name} can't describe it")
        except BaseException:
            self.close()
            raise
        return info

    def _start(self) -> HostProcess:
        if self._server is None:
            self._server = fork_server(self._preload)
        self._number = None
        try:
            host = HostProcess(self._name)
            with self._lock:
                self._host = host
            host.start(self._server, self._make)
        except OSError as error:
            raise DeviceError(f"no process can be started for {self._name}: {error.strerror}") from error
        return host

    def close(self) -> None:
        host = self._host
        if host is not None:
            host.end()
            with self._lock:
                self._host = None

    def set_integration_time(self, milliseconds: float) -> None:
        self._open_host().call("set_integration_time", milliseconds)

    def read(self, timeout: float) -> NDArray[np.int32]:
        counts, self._number = self._open_host().read(timeout)
        return counts

    def exposure_number(self) -> int | None:
        self._open_host()
        return self._number

    def clear_buffer(self) -> None:
        self._open_host().call("clear_buffer")

    def temperature(self) -> float | None:
        celsius = self._open_host().call("temperature")
        return float(celsius) if isinstance(celsius, int | float) else None

    def set_cooler(self, enabled: bool, target: float) -> None:
        self._open_host().call("set_cooler", enabled, target)

    def set_shutter(self, opened: bool) -> None:
        self._open_host().call("set_shutter", opened)

    def set_lamp(self, on: bool) -> None:
        self._open_host().call("set_lamp", on)

    def reset(self) -> None:
        with self._any_host() as host:
            host.call("reset")

    @contextmanager
    def _any_host(self) -> Iterator[HostProcess]:
        """The host there is, or one for this occasion."""
        if self._host is not None:
            yield self._host
            return
        try:
            yield self._start()
        finally:
            self.close()

    def interrupt(self) -> None:
        with self._lock:
            host = self._host
        if host is not None:
            host.interrupt()

    def release(self) -> None:
        """Give up the fork server, which ends when nobody else needs it; what is still open can only be closed."""
        self.interrupt()
        self._server = None

    def _open_host(self) -> HostProcess:
        if self._host is None:
            raise DeviceError(f"{self._name} is not open")
        return self._host
