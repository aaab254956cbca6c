"""The fork server: a small process that has loaded what hosts need, and forks one whenever it is asked to.

It runs until the daemon closes its end of the control socket, by intention or by dying. A request is a packet with
three descriptors: the host's channel, the host's memory, and the sentinel, through which the daemon is told of the
birth of the host (with a pidfd) and of its death (with the wait status).
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import importlib
import logging
import mmap
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from piccolo3.devices.hosting.serving import serve

__all__ = ["BORN", "main"]

BORN = b"born"

_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
_PR_SET_PDEATHSIG = 1

_logger = logging.getLogger(__name__)


def main(control: int, preload: Sequence[str]) -> None:
    """Load the modules `preload`, then fork hosts as asked through the socket `control`."""
    # these come to the whole process group or control group and are for the daemon; our cue is its end of the socket
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/comm").write_text("piccolo3 hosts", encoding="utf-8")
    for name in preload:
        _load(name)
    with suppress(ValueError, OSError, AttributeError):  # where there is no standard error output
        faulthandler.enable()
    gc.collect()
    gc.freeze()  # a collection in a host must not touch, and thereby copy, what is shared
    with socket.socket(fileno=control) as requests:
        _Nursery(requests).run()


def _load(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:  # whoever needs it will fail in the same way, and then somebody is told
        _logger.debug("%s can't be loaded", name, exc_info=True)


class _Nursery:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._hosts: dict[int, tuple[int, socket.socket]] = {}  # number and sentinel, by pidfd
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def run(self) -> None:
        while True:
            for ready, _ in self._poll.poll():
                if ready in self._hosts:
                    self._bury(ready)
                elif not self._serve_request():
                    self._kill_all()
                    return

    def _kill_all(self) -> None:
        for pidfd in self._hosts:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        for pidfd in tuple(self._hosts):
            self._bury(pidfd)

    def _serve_request(self) -> bool:
        """Whether there was one; if not, the daemon is gone."""
        try:
            _, descriptors, _, _ = socket.recv_fds(self._control, 1, 3, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            descriptors = []
        if not descriptors:
            return False
        channel, memory, sentinel = descriptors
        self._bear(channel, memory, socket.socket(fileno=sentinel))
        return True

    def _bear(self, channel: int, memory: int, sentinel: socket.socket) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            with suppress(OSError):
                sentinel.send(str(error.strerror).encode())
            sentinel.close()
            os.close(channel)
            os.close(memory)
            return
        if pid == 0:
            self._become_host(channel, memory, sentinel, parent)
        os.close(channel)
        os.close(memory)
        pidfd = os.pidfd_open(pid)
        self._hosts[pidfd] = (pid, sentinel)
        self._poll.register(pidfd, select.POLLIN)
        with suppress(OSError):  # where nobody wants it any more, it will find its channel closed
            socket.send_fds(sentinel, [BORN], [pidfd])

    def _become_host(self, channel: int, memory: int, sentinel: socket.socket, parent: int) -> NoReturn:
        status = 1
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # whatever it hangs in, it goes with us
            for pidfd, (_, other) in self._hosts.items():
                os.close(pidfd)
                other.close()
            sentinel.close()
            self._control.close()
            if os.getppid() == parent:
                shared = mmap.mmap(memory, 0)
                os.close(memory)
                with socket.socket(fileno=channel) as requests:
                    serve(requests, shared)
                status = 0
        except BaseException:  # noqa: BLE001 - top of the process
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(OSError, ValueError, AttributeError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)  # without what the fork server wants to do at its own end

    def _bury(self, pidfd: int) -> None:
        """Reap a host that has ended and tell the daemon how."""
        pid, sentinel = self._hosts.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):
            sentinel.send(str(os.waitstatus_to_exitcode(status)).encode())
        sentinel.close()
