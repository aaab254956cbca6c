"""The process that emulates: `python -m emulators.server SOCKET`, with the rig as JSON on its standard input.

It says "ready" on its standard output once it can be used, and ends when its standard input does.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import struct
import sys
import threading
from pathlib import Path

from emulators.bus import Bus
from emulators.device import Handle
from emulators.specification import RigSpecification
from emulators.wire import REQUEST, Operation, Request, Status, receive_request, send_answer
from emulators.workshop import Workshop

__all__ = ["Server"]

_logger = logging.getLogger(__name__)
_BACKLOG = 128
_CREDENTIALS = struct.Struct("3i")
_IN = 0x80
_AHEAD = 1 << 16  # bytes that are looked at before they are read


class Server:
    """Answers on a Unix socket, each connection in a thread of its own. Nothing runs unless somebody asks."""

    def __init__(self, path: Path, workshop: Workshop) -> None:
        self._workshop = workshop
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(_BACKLOG)

    def serve(self) -> None:
        """For ever."""
        while True:
            connection, _ = self._listener.accept()
            conversation = _Conversation(connection, self._workshop)
            threading.Thread(target=conversation.hold, daemon=True).start()


class _Conversation:
    """One connection: that of a handle, one for transfers of a handle, or one for a command."""

    def __init__(self, connection: socket.socket, workshop: Workshop) -> None:
        self._connection = connection
        self._workshop = workshop
        self._bus: Bus = workshop.bus
        self._own: Handle | None = None  # what this connection stands for
        self._handle: Handle | None = None
        self._pins: set[int] | None = None  # that were switched through this connection
        self._reading = threading.Lock()  # has who reads of pins, or looks ahead
        self._pid = 0

    def hold(self) -> None:
        credentials = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        self._pid = _CREDENTIALS.unpack(credentials)[0]
        try:
            while True:
                self._answer(self._next())
        except (EOFError, OSError):
            pass  # the other end is gone
        finally:
            if self._own is not None:
                self._bus.close(self._own, died=True)
            if self._pins is not None:
                self._workshop.board.look_ahead(self._look_ahead, again=False)
                self._workshop.board.remove_listener(self._driven)
                self._workshop.board.release(self._pins, self._pid)
            self._connection.close()

    def _answer(self, request: Request) -> None:
        operation = request.operation
        if operation is Operation.BULK:
            self._bulk(request)
        elif operation is Operation.PIN:
            self._pin(request.payload)
        elif operation is Operation.COMMAND:
            status, data = self._workshop.command(request.payload)
            send_answer(self._connection, status, payload=data)
        elif operation is Operation.LIST:
            send_answer(self._connection, Status.SUCCESS, payload=self._bus.listed())
        elif operation is Operation.OPEN:
            self._open(request)
        elif operation is Operation.JOIN:
            self._handle = self._bus.handle(request.identity)
            send_answer(self._connection, Status.SUCCESS if self._handle else Status.NO_DEVICE)
        elif self._handle is None:
            send_answer(self._connection, Status.NO_DEVICE)
        elif operation is Operation.CONTROL:
            status, data = self._bus.control(self._handle, request.payload)
            send_answer(self._connection, status, len(data), data)
        else:
            status, value = self._call(self._handle, request)
            send_answer(self._connection, status, value)

    def _next(self) -> Request:
        """The next request; what is said of pins is known from the moment that it is not there to be read any more."""
        if self._pins is None:
            return receive_request(self._connection)
        select.select([self._connection], [], [])
        with self._reading:
            request = receive_request(self._connection)
            if request.operation is Operation.PIN:
                self._foresee(request.payload)
        return request

    def _look_ahead(self) -> None:
        """What is said of pins and was not read yet."""
        with self._reading:
            try:
                said = self._connection.recv(_AHEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except OSError:  # nothing, or it is closed
                return
        while len(said) >= REQUEST.size:
            code, *_, length = REQUEST.unpack_from(said)
            payload, said = said[REQUEST.size : REQUEST.size + length], said[REQUEST.size + length :]
            if code == Operation.PIN.value and len(payload) == length:
                self._foresee(payload)

    def _foresee(self, payload: bytes) -> None:
        pin, moment, on = _switched(payload)
        if pin is not None:
            self._workshop.board.foresee(pin, moment, self._pid, on=on)

    def _pin(self, payload: bytes) -> None:
        """A pin was switched."""
        board = self._workshop.board
        if self._pins is None:
            self._pins = set()
            board.add_listener(self._driven)
            board.look_ahead(self._look_ahead)
        pin, moment, on = _switched(payload)
        if pin is not None:
            self._pins.add(pin)
            board.switch(pin, moment, self._pid, on=on)

    def _driven(self, change: bytes) -> None:
        try:
            send_answer(self._connection, Status.SUCCESS, payload=change)
        except OSError:
            _logger.debug("whoever had the pins is gone")

    def _open(self, request: Request) -> None:
        status, handle = self._bus.open(request.identity, self._pid)
        self._own = self._handle = handle
        send_answer(self._connection, status, handle.token if handle is not None else 0)

    def _call(self, handle: Handle, request: Request) -> tuple[Status, int]:
        match request.operation:
            case Operation.CLAIM:
                return self._bus.claim(handle, request.value), 0
            case Operation.RELEASE:
                return self._bus.release(handle, request.value), 0
            case Operation.SET_CONFIGURATION:
                return self._bus.set_configuration(handle, request.value), 0
            case Operation.RESET:
                return self._bus.reset(handle), 0
            case Operation.CLOSE:
                self._bus.close(handle)
                return Status.SUCCESS, 0
            case Operation.GET_CONFIGURATION:
                return _alive(handle), 1
        return _alive(handle), 0

    def _bulk(self, request: Request) -> None:
        handle = self._handle
        status = Status.NO_DEVICE if handle is None else self._bus.claim(handle, 0, silent=True)
        if handle is None or status is not Status.SUCCESS:
            send_answer(self._connection, Status.IO if status is Status.BUSY else status)
        elif request.endpoint & _IN:
            status, data = handle.device.read(handle, request.endpoint, request.length, request.timeout)
            send_answer(self._connection, status, len(data), data)
        else:
            status, taken = handle.device.write(handle, request.endpoint, request.payload, request.timeout)
            send_answer(self._connection, status, taken)


def _switched(payload: bytes) -> tuple[int | None, int, bool]:
    """The pin, when (ns), and whether it is on now; only those of the GPIO header count."""
    change = json.loads(payload)
    name = str(change["pin"])
    return int(name.removeprefix("GPIO")) if name.startswith("GPIO") else None, int(change["time"]), bool(change["on"])


def _alive(handle: Handle) -> Status:
    return Status.NO_DEVICE if handle.attachment.gone else Status.SUCCESS


def _main() -> None:
    logging.basicConfig(level=logging.INFO)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what uses the instruments has to end before them
    specification = RigSpecification.from_json(json.loads(sys.stdin.readline()))
    server = Server(Path(sys.argv[1]), Workshop(specification))
    threading.Thread(target=server.serve, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()  # whoever started this is gone, or wants it to end
    os._exit(0)  # threads that wait for anything are of no interest any more


if __name__ == "__main__":
    _main()
