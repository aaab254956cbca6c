"""The daemon's end of the fork server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["ForkServer", "fork_server"]

_DEADLINE = 2.0  # s for a fork server that was told to end
_COMMAND = "from piccolo3.devices.hosting.nursery import main; main({control}, {preload!r})"

_lock = threading.Lock()
_shared: weakref.WeakValueDictionary[tuple[str, ...], ForkServer] = weakref.WeakValueDictionary()


def fork_server(preload: Sequence[str]) -> ForkServer:
    """The fork server that has loaded these modules. It ends when nobody refers to it any more."""
    with _lock:
        key = tuple(preload)
        server = _shared.get(key)
        if server is None:
            server = _shared[key] = ForkServer(key)
        return server


class ForkServer:
    """Starts with the first request, and again if it has died; it takes its hosts with it when it ends.

    A process of its own, not a fork of this one, has no threads, no sockets and no locks of the daemon. It is started
    as late as possible, because going into the background closes all descriptors.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        self._preload = tuple(preload)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._end: weakref.finalize[..., ForkServer] | None = None

    def request(self, channel: int, memory: int, sentinel: int) -> None:
        """Ask for a host with these descriptors, from any thread; the sentinel will tell whether it came to be.

        Raises OSError where there can be no fork server.
        """
        with self._lock, suppress(BrokenPipeError, ConnectionResetError):  # it died; the sentinel goes with it
            socket.send_fds(self._running(), [b"host"], [channel, memory, sentinel])

    def _running(self) -> socket.socket:
        if self._control is None or self._process is None or self._process.poll() is not None:
            self._stop()
            self._start()
        assert self._control is not None
        return self._control

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = _COMMAND.format(control=theirs.fileno(), preload=self._preload)
            # modules are looked for where we look, and not in the working directory (-P) unless we do
            options = [f"-W{option}" for option in sys.warnoptions]
            environment = os.environ | {
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "OPENBLAS_NUM_THREADS": "1",  # what has threads can't be forked safely; hosts only copy
            }
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", *options, "-c", command],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    env=environment,
                )
            except BaseException:
                ours.close()
                raise
        self._control = ours
        self._end = weakref.finalize(self, _end, self._process, ours)

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._control = self._end = None


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()
    try:
        process.wait(_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
