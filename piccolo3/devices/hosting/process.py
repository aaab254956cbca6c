"""One host, as the daemon sees it: how to talk to it, how to end it, and how it ended."""

from __future__ import annotations

import logging
import mmap
import os
import select
import signal
import socket
import threading
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.hosting.forkserver import ForkServer
from piccolo3.devices.hosting.messages import Call, Counts, Failure, Message, Record, Start, Value, receive, send
from piccolo3.devices.hosting.nursery import BORN
from piccolo3.errors import DeviceError, DeviceInterrupted

__all__ = ["HostProcess"]

_MEMORY = 1 << 20  # octets of address space; only what is used is there
_POLITE = 1.0  # s for a host to close its device and end
_DYING = 1.0  # s for a host that was killed, and for the word of how one died
_HINTS: dict[int, str] = {
    signal.SIGKILL: ", perhaps for want of memory",
    signal.SIGALRM: ": opening the device took too long",
}

_logger = logging.getLogger(__name__)


class HostProcess:
    """A process that runs the spectrometer `name`. One thread calls at a time; any thread may interrupt."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._channel, self._their_channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sentinel, self._their_sentinel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._memory_fd = os.memfd_create(f"counts of {name}", os.MFD_CLOEXEC)
        os.ftruncate(self._memory_fd, _MEMORY)
        self._memory = mmap.mmap(self._memory_fd, _MEMORY)
        self._lock = threading.Lock()
        self._pidfd: int | None = None
        self._closed = False
        self._interrupted = False
        self._death: str | None = None

    def start(self, server: ForkServer, make: bytes) -> None:
        """Let `server` fork it and make the spectrometer. Raises DeviceError, OSError, and what `make` raises."""
        try:
            server.request(self._their_channel.fileno(), self._memory_fd, self._their_sentinel.fileno())
        finally:
            self._their_channel.close()
            self._their_sentinel.close()
            os.close(self._memory_fd)
        self._await_birth()
        self._ask(Start(self._name, logging.getLogger().getEffectiveLevel(), make))

    def _await_birth(self) -> None:
        try:
            word, descriptors, _, _ = socket.recv_fds(self._sentinel, 256, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            word, descriptors = b"", []
        with self._lock:
            if descriptors:
                self._pidfd = descriptors[0]
            if self._interrupted:
                self._kill()
        if word != BORN:
            self._death = f"no process can be started for {self._name}: {word.decode() or 'the fork server has died'}"
            raise self._gone()

    def call(self, method: str, *arguments: object) -> object:
        """Call a method of the spectrometer; raises what it raises, DeviceInterrupted, or DeviceError."""
        answer = self._ask(Call(method, arguments))
        return answer.value if isinstance(answer, Value) else None

    def read(self, timeout: float) -> tuple[NDArray[np.int32], int | None]:
        """The counts that `read` returns, shape (pixels,), and the device's number of the exposure."""
        answer = self._ask(Call("read", (timeout,)))
        if not isinstance(answer, Counts):
            raise DeviceError(f"the host process of {self._name} did not answer with counts")
        return np.frombuffer(self._memory, np.int32, answer.size).copy(), answer.number

    def _ask(self, question: Start | Call) -> Message:
        if self._interrupted or self._death is not None:
            raise self._gone()
        try:
            send(self._channel, question)
            while isinstance(answer := receive(self._channel), Record):
                self._log(answer)
        except (EOFError, OSError):
            raise self._gone() from None
        except BaseException:
            self.interrupt()  # what it will answer must not be taken for the answer to another question
            raise
        if isinstance(answer, Failure):
            raise answer.error()
        return answer

    def _log(self, record: Record) -> None:
        logger = logging.getLogger(str(record.fields["name"]))
        made = logging.makeLogRecord(dict(record.fields))
        if logger.isEnabledFor(made.levelno):
            logger.handle(made)

    def _gone(self) -> DeviceError:
        if self._interrupted:
            return DeviceInterrupted(f"{self._name} is being closed")
        if self._death is None:
            self._death = f"the host process of {self._name} {self._cause_of_death()}"
        return DeviceError(self._death)

    def _cause_of_death(self) -> str:
        self._sentinel.settimeout(_DYING)
        try:
            code = int(self._sentinel.recv(256))
        except (OSError, ValueError):
            return "has ended, nobody knows how"
        if code >= 0:
            return f"ended with exit status {code}"
        return f"was ended by {_name_of(-code)}{_HINTS.get(-code, '')}"

    def interrupt(self) -> None:
        """From any thread: kill it, and end the call under way."""
        with self._lock:
            self._interrupted = True
            self._kill()

    def _kill(self) -> None:
        """With the lock held."""
        if self._closed:
            return
        # a process that sits in the kernel does not die at once; nobody has to wait for that
        for end in (self._channel, self._sentinel):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def end(self) -> None:
        """Let it close the spectrometer and end; kill it if that takes long. Ending twice does no harm."""
        if self._closed:
            return
        if not self._interrupted and self._death is None and self._pidfd is not None:
            with suppress(OSError):
                send(self._channel, Call("close"))
                if not _ended(self._pidfd, _POLITE):
                    _logger.warning("the host process of %s does not end; killing it", self._name)
            self._drain()
        with self._lock:
            self._kill()
        if self._pidfd is not None and not _ended(self._pidfd, _DYING):
            _logger.error("the host process of %s can't be killed; something in the kernel holds it", self._name)
        with self._lock:
            self._closed = True
            if self._pidfd is not None:
                os.close(self._pidfd)
            self._channel.close()
            self._sentinel.close()
            self._memory.close()

    def _drain(self) -> None:
        """Read its last words."""
        with suppress(EOFError, OSError):
            while True:
                word = receive(self._channel, socket.MSG_DONTWAIT)
                if isinstance(word, Record):
                    self._log(word)
                elif isinstance(word, Failure):
                    _logger.warning("closing %s: %s", self._name, word.message)


def _ended(pidfd: int, limit: float) -> bool:
    """Whether the process ends within `limit` seconds."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(limit * 1000))


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
