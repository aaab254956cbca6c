"""One user of pins and its connection to the process that owns them."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from piccolo3.errors import DeviceError, DeviceTimeout
from piccolo3.pins.messages import Message, receive, send
from piccolo3.pins.patterns import Pattern

if TYPE_CHECKING:
    from piccolo3.pins.launch import PinProcess
    from piccolo3.pins.owner import Pins

__all__ = ["Edge", "Lines", "Pulse"]

_logger = logging.getLogger(__name__)
_PATIENCE = 0.7  # s more than it takes for an answer


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pin was on from `begin` to `end` (s, monotonic clock of the machine)."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Edge:
    """A pin became active, or inactive, at `time` (s, monotonic clock of the machine)."""

    active: bool
    time: float


class Lines:
    """Some pins of one user. Every method raises DeviceError; one thread at a time, except for `close`.

    Levels, patterns and watching stand: where the process dies, the next one takes them up again by itself.
    `losses` counts how often that was necessary.
    """

    def __init__(self, pins: Pins, name: str) -> None:
        self.name = name
        self.losses = 0
        self._pins = pins
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: PinProcess | None = None
        self._standing: dict[int, Message] = {}
        self._told: Callable[[Edge], None] | None = None
        self._reader: threading.Thread | None = None
        self._closed = False

    @property
    def stands(self) -> bool:
        """Whether something has to be restored where the process dies."""
        return bool(self._standing)

    def pulse(self, pin: int, on: float, rest: float = 0.0) -> Pulse:
        """Switch a pin on for `on` s; return `rest` s after it has been switched off again."""
        answer = self._ask({"do": "pulse", "pin": pin, "on": on, "rest": rest}, on + rest)
        return Pulse(float(str(answer["begin"])), float(str(answer["end"])))

    def level(self, pin: int, on: bool, rest: float = 0.0) -> None:
        """Switch a pin on or off, for as long as the lines are open; return `rest` s later."""
        self._stand(pin, {"do": "level", "pin": pin, "on": on, "rest": rest}, rest)

    def pattern(self, pin: int, pattern: Pattern) -> None:
        """Show a pattern on a pin, for as long as the lines are open."""
        self._stand(pin, {"do": "pattern", "pin": pin, "steps": list(pattern.value)})

    def read(self, pin: int) -> bool:
        """The level of a pin that is in use."""
        return bool(self._ask({"do": "read", "pin": pin})["on"])

    def watch(
        self,
        pin: int,
        told: Callable[[Edge], None],
        *,
        active: bool = True,
        both: bool = False,
        debounce: float = 0.0,
        reset: int | None = None,
    ) -> bool:
        """Call `told`, from a thread of its own, when the pin becomes `active` (high or low); whether it is so now.

        With `both` also of the other direction. Edges less than `debounce` s after the one before are its bouncing. The
        pin `reset` is switched on for a millisecond after each edge, which clears the latch of a trigger board.
        Nothing else can be asked for through these lines.
        """
        self._told = told
        request: Message = {
            "do": "watch", "pin": pin, "active": active, "both": both, "debounce": debounce, "reset": reset,
        }  # fmt: skip
        answer = self._stand(pin, request)
        self._listen()
        return bool(answer["active"])

    def close(self) -> None:
        """Give the pins back, switched off; ends a call under way. Any thread may do so, twice does no harm."""
        self._closed = True
        connection = self._connection
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        reader = self._reader
        if reader is not None and reader is not threading.current_thread():
            reader.join()
        with self._lock:
            self._disconnect()
        self._pins.forget(self)

    def restore(self) -> None:
        """Do again what stands, where a process has died; a failure goes to the log."""
        with self._lock:
            if self._closed:
                return
            if self._process is not None and self._process.alive:
                return  # somebody's request was faster
            try:
                self._connect()
            except DeviceError as error:
                _logger.error("%s: %s", self.name, error)  # noqa: TRY400 - for the operator
                return
        if self._told is not None:
            self._listen()

    def _stand(self, pin: int, request: Message, seconds: float = 0.0) -> Message:
        self._standing[pin] = request
        try:
            answer = self._ask(request, seconds)
        except DeviceError:
            # what could not be done once is not tried behind the back of whoever asked
            del self._standing[pin]
            raise
        self._standing[pin] = {**request, "rest": 0.0}
        return answer

    def _ask(self, request: Message, seconds: float = 0.0) -> Message:
        """The answer to a request that takes so many seconds."""
        with self._lock:
            if self._closed:
                raise DeviceError(f"the GPIO pins of {self.name} are not in use any more")
            if self._connection is None or self._process is None or not self._process.alive:
                self._connect(but=request)
            return self._exchange(request, seconds)

    def _connect(self, but: Message | None = None) -> None:
        """Connect to the process that runs now and do what stands, `but` what is going to be done anyway."""
        lost = self._process is not None
        self._disconnect()
        try:
            self._connection, self._process = self._pins.connect(self.name)
        except DeviceError as error:
            raise self._failed(error.message, type(error)) from error
        if lost and self._standing:
            self.losses += 1
        for request in self._standing.values():
            if request is not but:
                self._exchange(request, 0.0)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _exchange(self, request: Message, seconds: float) -> Message:
        connection, process = self._connection, self._process
        if connection is None or process is None:
            raise RuntimeError("not connected")
        connection.settimeout(seconds + _PATIENCE)
        try:
            send(connection, request)
            answer = receive(connection)
            while answer is not None and "edge" in answer:
                self._tell(answer)
                answer = receive(connection)
        except TimeoutError:
            self._disconnect()
            process.kill()
            raise self._failed("the process that owns them does not answer", DeviceTimeout) from None
        except OSError:
            answer = None
        if answer is None:
            raise self._ended(process)
        if "ok" in answer and isinstance(answer["ok"], dict):
            return dict(answer["ok"])
        raise self._failed(str(answer.get("error")))

    def _ended(self, process: PinProcess) -> DeviceError:
        """The connection has ended in the middle of a request."""
        if self._closed:
            return DeviceError(f"the GPIO pins of {self.name} are not in use any more")
        self._disconnect()
        process.wait(0.1)
        process.kill()  # unless it has ended, it is in no state to go on
        return self._failed(f"the process that owns them ended ({process.how()}); the next request starts another one")

    def _failed(self, reason: str, kind: type[DeviceError] = DeviceError) -> DeviceError:
        return kind(f"the GPIO pins of {self.name} can't be used: {reason}")

    def _listen(self) -> None:
        connection = self._connection
        if connection is not None:
            connection.settimeout(None)
            self._reader = threading.Thread(
                target=self._hear, args=(connection,), name=f"pins of {self.name}", daemon=True
            )
            self._reader.start()

    def _hear(self, connection: socket.socket) -> None:
        """Hand on edges until the connection ends."""
        with suppress(OSError):
            while (message := receive(connection)) is not None:
                self._tell(message)

    def _tell(self, message: Message) -> None:
        edge = message.get("edge")
        if isinstance(edge, dict) and self._told is not None:
            try:
                self._told(Edge(bool(edge["active"]), float(str(edge["time"]))))
            except Exception:
                _logger.exception("%s: what is called for an edge has failed", self.name)
