"""What travels between the daemon and the process that owns the pins: one JSON object in each packet.

Device connections: each request `{"do": ..., ...}` has one answer, `{"ok": {...}}` or `{"error": text}`; where a pin is
watched there are also `{"edge": {...}}`, unasked. Control connection: the process begins with `{"ready": {...}}` or
`{"error": text}`; `{"do": "connect", "name": ...}` brings a new device connection along. A connection that ends
switches its pins off and gives them back; the end of the control connection ends the process.
"""

from __future__ import annotations

import json
import socket

from piccolo3.jsonvalue import JsonValue

__all__ = ["MAX_PACKET", "Message", "receive", "receive_with_connection", "send", "socketpair"]

Message = dict[str, JsonValue]
MAX_PACKET = 4096


def socketpair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep packets apart, and notice when the other one is gone."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(connection: socket.socket, message: Message, *, with_connection: socket.socket | None = None) -> None:
    """Send one message and, if given, a socket. Raises OSError."""
    data = json.dumps(message).encode()
    if with_connection is None:
        connection.sendall(data)
    else:
        socket.send_fds(connection, [data], [with_connection.fileno()])


def receive(connection: socket.socket) -> Message | None:
    """The next message, None if the other end is gone. Raises OSError, TimeoutError among them."""
    return _message(connection.recv(MAX_PACKET))


def receive_with_connection(connection: socket.socket) -> tuple[Message | None, socket.socket | None]:
    """As `receive`, with the socket that came along."""
    data, descriptors, _, _ = socket.recv_fds(connection, MAX_PACKET, 1)
    brought = socket.socket(fileno=descriptors[0]) if descriptors else None
    return _message(data), brought


def _message(data: bytes) -> Message | None:
    if not data:
        return None
    message = json.loads(data)
    if not isinstance(message, dict):
        raise TypeError("a message is an object")
    return message
