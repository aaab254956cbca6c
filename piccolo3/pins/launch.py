"""Starting the process that owns the pins."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import suppress

from piccolo3.errors import DeviceError, DeviceTimeout
from piccolo3.pins.messages import Message, receive, send, socketpair

__all__ = ["PinProcess"]

_READY = 15.0  # s; a slow computer that is starting everything else, too
_END = 2.0  # s


class PinProcess:
    """A running process; `control` is the connection to it."""

    def __init__(self, pin_factory: str) -> None:
        """Start it, without waiting for it. Raises DeviceError."""
        self._killed = False
        self.control, end = socketpair()
        command = [sys.executable, "-P", "-m", "piccolo3.pins", pin_factory, str(end.fileno())]
        try:
            with end:
                self._process = subprocess.Popen(  # noqa: S603
                    command, pass_fds=(end.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                )
        except OSError as error:
            self.control.close()
            raise DeviceError(f"the process that owns the GPIO pins can't be started: {error}") from error

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def ready(self) -> Message:
        """Wait until it is ready; what it says of itself. Raises DeviceError with its reason if it can't be."""
        self.control.settimeout(_READY)
        try:
            message = receive(self.control)
        except TimeoutError:
            raise DeviceTimeout("the process that owns the GPIO pins does not start") from None
        if message is None:
            self.wait(_END)
            raise DeviceError(f"the process that owns the GPIO pins ended at once ({self.how()})")
        if "error" in message:
            raise DeviceError(str(message["error"]))
        return message

    @property
    def alive(self) -> bool:
        """Whether it runs and was not killed."""
        return not self._killed and self._process.poll() is None

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end, no longer than `seconds`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def how(self) -> str:
        """How it ended."""
        status = self._process.returncode
        if status is not None and status < 0:
            return f"killed by {signal.Signals(-status).name}"
        return f"exit status {status}"

    def kill(self) -> None:
        """End it at once; what hangs in the kernel may take a while."""
        self._killed = True
        self._process.kill()

    def close(self) -> None:
        """Let it end, which gives all pins back."""
        self.control.close()
        self.wait(_END)
        if self._process.returncode is None:
            self._process.kill()
            self.wait(_END)

    def connect(self, name: str) -> socket.socket:
        """A new connection for whoever has that name. Raises OSError."""
        mine, other = socketpair()
        try:
            with other:
                send(self.control, {"do": "connect", "name": name}, with_connection=other)
        except OSError:
            mine.close()
            raise
        return mine
