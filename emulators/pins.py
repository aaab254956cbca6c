"""Pins for gpiozero that are wired to the emulated shutters, switches and buttons: `emulators.pins:EmulatedFactory`.

Every change is told, with its time on the monotonic scale of the machine, to the process that emulates them, without
waiting for it. When the process that has the pins ends, they are off.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from emulators.wire import ANSWER, REQUEST, Operation, receive

__all__ = ["EmulatedFactory", "EmulatedPin"]

_KEPT = 64


class EmulatedPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin that tells what it does."""

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        if value == "input":
            with suppress(OSError):  # whoever gives pins back when all is over need not be heard
                self.factory.tell(self.info.name, on=False)
            self.factory.listen()

    def _change_state(self, value: bool) -> bool:
        changed: bool = super()._change_state(value)
        if changed and self.function == "output":
            self.factory.tell(self.info.name, on=bool(value))
        del self.states[:-_KEPT]  # it would grow for ever
        return changed


class EmulatedFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """The pins of a Raspberry Pi. Raises OSError where no rig is emulated (EMULATORS_SOCKET says which)."""

    def __init__(self) -> None:
        super().__init__(pin_class=EmulatedPin)
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.connect(os.environ.get("EMULATORS_SOCKET", ""))
        except OSError:
            self._connection.close()
            raise
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None

    def close(self) -> None:
        super().close()
        with suppress(OSError):  # the other end was faster
            self._connection.shutdown(socket.SHUT_RDWR)
        if self._listener is not None and self._listener is not threading.current_thread():
            self._listener.join()
        self._connection.close()

    def tell(self, name: str, *, on: bool) -> None:
        """Tell that a pin was switched now; raises OSError if nobody listens any more."""
        payload = json.dumps({"pin": name, "on": on, "time": time.monotonic_ns()}).encode()
        with self._lock:
            self._connection.sendall(REQUEST.pack(Operation.PIN.value, 0, 0, 0, 0, len(payload)) + payload)

    def listen(self) -> None:
        """Let what is pressed in the emulated world be seen at the input pins."""
        if self._listener is None and self._connection.fileno() >= 0:
            self._listener = threading.Thread(target=self._listen, name="emulated pins", daemon=True)
            self._listener.start()

    def _listen(self) -> None:
        try:
            while True:
                _, _, size = ANSWER.unpack(receive(self._connection, ANSWER.size))
                self._driven(json.loads(receive(self._connection, size)))
        except (EOFError, OSError):
            return

    def _driven(self, change: dict[str, Any]) -> None:
        for pin in tuple(self.pins.values()):
            if pin.info.name == change["pin"] and pin.function == "input":
                (pin.drive_high if change["on"] else pin.drive_low)()
