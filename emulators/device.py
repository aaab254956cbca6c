"""An instrument as a device on the bus: transfers that wait, time out, fail, or end because the plug is pulled."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from emulators.answers import Answer, Ending, Queue
from emulators.control import LogEntry
from emulators.faults import Fault, FaultKind, Faults, Phase, damaged
from emulators.instrument import Instrument, Reaction
from emulators.wire import Status

__all__ = ["Attachment", "Device", "Handle"]

_KEPT = 100_000
_CONTROL_TIMEOUT = 5.0  # s, of the kernel
_IN = 0x80


@dataclass(slots=True, eq=False)
class Attachment:
    """From plug in to plug out."""

    identity: int
    address: int
    gone: bool = False
    claims: dict[int, Handle] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Handle:
    """A device that a process has opened."""

    token: int
    pid: int
    device: Device
    attachment: Attachment
    closed: bool = False


_ENDS = {
    Ending.DONE: Status.SUCCESS,
    Ending.IO: Status.IO,
    Ending.PIPE: Status.PIPE,
    Ending.UNPLUG: Status.NO_DEVICE,
    Ending.CRASH: Status.CRASH,
}


class Device:
    """All of one instrument; `condition` guards it. `faults` are those that are to come."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.condition = threading.Condition()
        self.attachment: Attachment | None = None
        self.faults = Faults()
        self.log: deque[LogEntry] = deque(maxlen=_KEPT)
        self.hung: Fault | None = None
        self._resets = 0
        self._queues: Mapping[int, Queue] = {
            endpoint.address: Queue() for endpoint in instrument.kind.endpoints if endpoint.address & _IN
        }

    def note(self, what: str, pid: int = 0) -> None:
        """Write it into the log."""
        self.log.append(LogEntry(time.monotonic(), pid, what))

    def attach(self, attachment: Attachment) -> None:
        """It appears on the bus."""
        with self.condition:
            self.attachment = attachment
            self.note(f"plugged in, address {attachment.address}")

    def detach(self, *, why: str = "unplugged") -> None:
        """The plug is pulled, or the power goes: all transfers end."""
        with self.condition:
            self._detach(why)

    def switch_on(self) -> None:
        """The power comes."""
        with self.condition:
            self._switch_on()

    def forget(self, pid: int) -> None:
        """A reset on the bus: what was under way ends, nothing that was asked for is answered any more."""
        with self.condition:
            self.note("reset", pid)
            if self.hung is None or not self.hung.stubborn:
                self.hung = None
            self._clear()
            self.condition.notify_all()

    def write(self, handle: Handle, endpoint: int, data: bytes, timeout: int) -> tuple[Status, int]:
        """A transfer to an OUT endpoint: how it ended, and how many bytes were taken. `timeout` in ms, 0: none."""
        deadline = _deadline(timeout)
        with self.condition:
            resets = self._resets
            while True:
                trouble = self._trouble(handle, resets)
                if trouble is not None:
                    return trouble, 0
                if self.hung is None:
                    break
                if not self._wait(deadline):
                    return Status.TIMEOUT, 0
            if endpoint & _IN or all(endpoint != known.address for known in self.instrument.kind.endpoints):
                return Status.NOT_FOUND, 0
            for reaction in self.instrument.receive(endpoint, data, time.monotonic_ns()):
                self.note(reaction.what, handle.pid)
                status = self._react(reaction, handle, deadline)
                if status is not Status.SUCCESS:
                    return status, 0
            self.condition.notify_all()
            return Status.SUCCESS, len(data)

    def read(self, handle: Handle, endpoint: int, length: int, timeout: int) -> tuple[Status, bytes]:
        """A transfer from an IN endpoint: how it ended, and what came of at most `length` bytes."""
        deadline, got = _deadline(timeout), bytearray()
        queue = self._queues.get(endpoint)
        if queue is None:
            return Status.NOT_FOUND, b""
        with self.condition:
            resets = self._resets
            while True:
                trouble = self._trouble(handle, resets)
                if trouble is not None:
                    return trouble, bytes(got)
                answer = None if self.hung else queue.head()
                if answer is not None and _is_there(answer):
                    got += answer.take(length - len(got))
                    if answer.exhausted:
                        queue.drop()
                        status = self._end(answer)
                        if status is not None:
                            return status, bytes(got)
                        continue
                    if len(got) == length:
                        return Status.SUCCESS, bytes(got)
                if not self._wait(deadline, answer):
                    return Status.TIMEOUT, bytes(got)

    def connecting(self, handle: Handle, step: str) -> Status:
        """Whether opening, configuring or claiming works, which a fault may prevent. The caller has the condition."""
        fault = self.faults.next(Phase.CONNECT)
        if fault is None:
            return Status.SUCCESS
        self.note(f"fault {fault.kind.name} in {step}", handle.pid)
        if fault.kind is FaultKind.HANG:
            self._hang(fault)
            return self._pause(handle, _CONTROL_TIMEOUT, Status.IO)
        if fault.kind is FaultKind.LATE:
            return self._pause(handle, fault.seconds, Status.SUCCESS)
        return self._failed(fault, Status.ACCESS)

    def _react(self, reaction: Reaction, handle: Handle, deadline: int | None) -> Status:
        fault = self.faults.next(reaction.phase)
        if fault is None:
            self._put(reaction, reaction.act())
            return Status.SUCCESS
        self.note(f"fault {fault.kind.name} in {reaction.what}")
        if not reaction.answers:
            return self._lost(reaction, fault, handle, deadline)
        if fault.kind is FaultKind.NACK:
            self._put(reaction, reaction.refusal or Answer(render=bytes, ending=Ending.PIPE))
            return Status.SUCCESS
        answer = reaction.act()
        self._put(reaction, None if answer is None else damaged(answer, fault))
        return Status.SUCCESS

    def _put(self, reaction: Reaction, answer: Answer | None) -> None:
        if answer is not None:
            self._queues[reaction.endpoint].put(answer)

    def _lost(self, reaction: Reaction, fault: Fault, handle: Handle, deadline: int | None) -> Status:
        """A request that has no answer which could go wrong: its own transfer does."""
        if fault.kind is FaultKind.HANG:
            self._hang(fault)
            return Status.SUCCESS
        if fault.kind is FaultKind.LATE:
            until = time.monotonic_ns() + round(fault.seconds * 1e9)
            if deadline is None or until < deadline:
                status = self._pause(handle, fault.seconds, Status.SUCCESS)
                if status is Status.SUCCESS:
                    self._put(reaction, reaction.act())
                return status
        if fault.kind in {FaultKind.LATE, FaultKind.SILENCE}:
            seconds = None if deadline is None else (deadline - time.monotonic_ns()) / 1e9
            return self._pause(handle, seconds, Status.TIMEOUT)
        return self._failed(fault, Status.PIPE)

    def _failed(self, fault: Fault, refused: Status) -> Status:
        if fault.kind is FaultKind.UNPLUG:
            self._detach("unplugged")
            return Status.NO_DEVICE
        return {FaultKind.CRASH: Status.CRASH, FaultKind.NACK: refused}.get(fault.kind, Status.IO)

    def _pause(self, handle: Handle, seconds: float | None, status: Status) -> Status:
        """Let that time pass; the status is another one if something happens to the device or the process meanwhile."""
        resets = self._resets
        deadline = None if seconds is None else time.monotonic_ns() + round(seconds * 1e9)
        while self._wait(deadline):
            trouble = self._trouble(handle, resets)
            if trouble is not None:
                return trouble
        return status

    def _end(self, answer: Answer) -> Status | None:
        """The last byte of an answer was read; None means that the transfer goes on, for nothing."""
        if answer.ending is Ending.HANG:
            self._hang(answer.fault)
            return None
        if answer.ending is Ending.UNPLUG:
            self._detach("unplugged")
        if answer.ending is Ending.DONE:
            answer.delivered()
        return _ENDS[answer.ending]

    def _hang(self, fault: Fault | None) -> None:
        self.hung = fault or Fault(kind=FaultKind.HANG)
        self.note("hangs")

    def _trouble(self, handle: Handle, resets: int) -> Status | None:
        if handle.attachment.gone:
            return Status.NO_DEVICE
        return Status.IO if handle.closed or self._resets != resets else None

    def _detach(self, why: str) -> None:
        if self.attachment is not None:
            self.attachment.gone = True
            self.attachment.claims.clear()
            self.attachment = None
            self.note(why)
        self._clear()
        self.condition.notify_all()

    def _switch_on(self) -> None:
        self.hung = None
        self._clear()
        self.instrument.switch_on(time.monotonic_ns())

    def _clear(self) -> None:
        self._resets += 1
        for queue in self._queues.values():
            queue.clear()
        self.instrument.forget()

    def _wait(self, deadline: int | None, answer: Answer | None = None) -> bool:
        """Until something happens, or the answer can be read; False after the deadline."""
        now = time.monotonic_ns()
        if deadline is not None and now >= deadline:
            return False
        moments = [moment for moment in (deadline, _next_moment(answer)) if moment is not None]
        self.condition.wait((min(moments) - now) / 1e9 if moments else None)
        return True


def _deadline(timeout: int) -> int | None:
    return time.monotonic_ns() + timeout * 1_000_000 if timeout else None


def _next_moment(answer: Answer | None) -> int | None:
    if answer is None:
        return None
    return answer.complete if answer.data is None else answer.ready


def _is_there(answer: Answer) -> bool:
    """Whether an answer can be read; it is rendered as soon as it can be."""
    if answer.data is None:
        if time.monotonic_ns() < answer.complete:
            return False
        answer.data = answer.render()
    return time.monotonic_ns() >= answer.ready
