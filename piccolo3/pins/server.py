"""What the process that owns the pins does: one loop, in which the end of a pulse comes before everything else."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from piccolo3.jsonvalue import JsonValue
from piccolo3.pins.claims import Claims
from piccolo3.pins.messages import Message, receive, receive_with_connection, send
from piccolo3.pins.timers import Timers
from piccolo3.pins.watch import Watch

__all__ = ["Server"]

_CLAIMS_FIRST = frozenset({"watch"})


@dataclass(eq=False, slots=True)
class _Client:
    """A connection and what it has under way: the numbers of the patterns and pulses of its pins."""

    name: str
    connection: socket.socket
    turns: dict[int, int] = field(default_factory=dict)
    open: bool = True

    def __str__(self) -> str:
        return self.name

    def turn(self, pin: int) -> Callable[[], bool]:
        """Begin something on a pin, which ends what was under way there; what tells whether it is still wanted."""
        number = self.turns[pin] = self.turns.get(pin, 0) + 1
        return lambda: self.open and self.turns[pin] == number


class Server:
    """Serves the other end of `control`, and the connections that come through it, until it is gone.

    For the last `lead` s of a pulse it stays awake.
    """

    def __init__(self, control: socket.socket, factory: Any, lead: float = 0.0) -> None:
        self._control = control
        self._claims = Claims(factory)
        self._timers = Timers(time.monotonic, lead)
        self._clients: dict[socket.socket, _Client] = {}
        self._pulsing = 0
        self._waiting: list[tuple[_Client, Message]] = []

    def run(self) -> None:
        """Serve; afterwards all pins are off and given back."""
        try:
            while True:
                readable, _, _ = select.select([self._control, *self._clients], [], [], self._timers.wait())
                self._timers.run()
                for connection in readable:
                    if connection is not self._control:
                        self._read(self._clients[connection])
                    elif not self._admit():
                        return
                    self._timers.run()
        finally:
            for client in tuple(self._clients.values()):
                self._drop(client)

    def _admit(self) -> bool:
        """Take a new connection; False if nobody is there any more."""
        try:
            message, connection = receive_with_connection(self._control)
        except OSError:
            return False
        if message is None:
            return False
        if connection is not None:
            connection.setblocking(False)  # an end that does not read must not hold up the others
            self._clients[connection] = _Client(str(message["name"]), connection)
        return True

    def _drop(self, client: _Client) -> None:
        client.open = False
        self._clients.pop(client.connection, None)
        self._claims.give_back(client)
        client.connection.close()

    def _read(self, client: _Client) -> None:
        try:
            request = receive(client.connection)
        except OSError:
            request = None
        if request is None:
            self._drop(client)
        elif self._pulsing and not self._is_quick(client, request):
            self._waiting.append((client, request))
        else:
            self._do(client, request)

    def _is_quick(self, client: _Client, request: Message) -> bool:
        """Whether it needs no pins that have to be claimed, which might lengthen the pulse that is given now."""
        return request["do"] not in _CLAIMS_FIRST and self._claims.has(client, _pin(request))

    def _do(self, client: _Client, request: Message) -> None:
        try:
            answer = self._actions[str(request["do"])](self, client, request)
        except Exception as error:  # noqa: BLE001 - pin libraries have errors of their own; they go to whoever asked
            self._answer(client, _refusal(error))
        else:
            if answer is not None:
                self._answer(client, {"ok": answer})

    def _answer(self, client: _Client, message: Message) -> None:
        with suppress(OSError):  # it has gone: its end of the connection says so, too
            if client.open:
                send(client.connection, message)

    def _pulse(self, client: _Client, request: Message) -> None:
        """Switch a pin on for `on` s; the answer comes `rest` s after its end."""
        device, rest = self._claims.output(client, _pin(request)), _seconds(request, "rest")
        wanted = client.turn(_pin(request))
        device.on()
        begin = time.monotonic()
        self._pulsing += 1
        ending = partial(self._end_pulse, client, wanted, device, begin, rest)
        self._timers.at(begin + _seconds(request, "on"), ending, sharp=True)

    def _end_pulse(self, client: _Client, wanted: Callable[[], bool], device: Any, begin: float, rest: float) -> None:
        self._pulsing -= 1
        if wanted():
            try:
                device.off()
            except Exception as error:  # noqa: BLE001 - as above
                self._answer(client, _refusal(error))
            else:
                end = time.monotonic()
                answer: Message = {"ok": {"begin": begin, "end": end}}
                self._timers.at(end + rest, partial(self._answer, client, answer))
        if not self._pulsing:
            waiting, self._waiting = self._waiting, []
            for other, request in waiting:
                if other.open:
                    self._do(other, request)

    def _level(self, client: _Client, request: Message) -> None:
        """Switch a pin on or off; the answer comes `rest` s later."""
        on = bool(request["on"])
        device = self._claims.output(client, _pin(request), initial=on)
        client.turn(_pin(request))
        device.value = on
        self._timers.at(time.monotonic() + _seconds(request, "rest"), partial(self._answer, client, {"ok": {}}))

    def _read_pin(self, client: _Client, request: Message) -> Message:
        """Tell the level of a pin that the client has."""
        if not self._claims.has(client, _pin(request)):
            raise LookupError(f"GPIO {_pin(request)} is not in use by {client.name}")
        return {"on": bool(self._claims.output(client, _pin(request)).value)}

    def _pattern(self, client: _Client, request: Message) -> Message:
        """Show a pattern (s on, s off, ...) on a pin, again and again."""
        steps = [float(step) for step in _list(request["steps"])]
        device = self._claims.output(client, _pin(request))
        wanted = client.turn(_pin(request))
        if len(steps) < 2:  # nothing changes any more
            device.value = bool(steps)
        else:
            self._show(wanted, device, steps, 0, time.monotonic())
        return {}

    def _show(self, wanted: Callable[[], bool], device: Any, steps: list[float], step: int, due: float) -> None:
        if wanted():
            device.value = step % 2 == 0
            due = max(due + steps[step], time.monotonic())
            self._timers.at(due, partial(self._show, wanted, device, steps, (step + 1) % len(steps), due))

    def _watch(self, client: _Client, request: Message) -> Message:
        """Tell of edges from now on; `active` is the level that counts as active."""
        reset = request.get("reset")
        latch = self._claims.output(client, int(str(reset))) if reset is not None else None
        device = self._claims.input(client, _pin(request), pull_up=not request["active"])
        debounce, both = _seconds(request, "debounce"), bool(request["both"])
        Watch.start(device, latch, debounce, partial(self._tell, client), both=both)
        return {"active": bool(device.is_active)}

    def _tell(self, client: _Client, active: bool, moment: float) -> None:
        """Tell of an edge, from the thread of the pin library; one that nobody reads is lost."""
        self._answer(client, {"edge": {"active": active, "time": moment}})

    _actions: dict[str, Callable[[Server, _Client, Message], Message | None]] = {  # noqa: RUF012 - never changed
        "pulse": _pulse,
        "level": _level,
        "read": _read_pin,
        "pattern": _pattern,
        "watch": _watch,
    }


def _refusal(error: Exception) -> Message:
    return {"error": (str(error) or type(error).__name__)[:1000]}


def _pin(request: Message) -> int:
    return int(str(request["pin"]))


def _seconds(request: Message, name: str) -> float:
    return float(str(request[name]))


def _list(value: JsonValue) -> list[float]:
    return [float(str(item)) for item in value] if isinstance(value, list) else []
