"""Being told by the kernel at once when somebody sets the clock, without asking all the time.

A timer of the wall clock that is far away, with TFD_TIMER_CANCEL_ON_SET, is cancelled when the clock is set
(timerfd_create(2)); its file descriptor can be read then. Linux only: elsewhere the clock is looked at now and then.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import os
import sys
from collections.abc import Callable

__all__ = ["KernelWatch"]

_CLOCK_REALTIME = 0
_ABSTIME, _CANCEL_ON_SET = 1, 2
_FAR = 2**31 - 1 if ctypes.sizeof(ctypes.c_long) == 4 else 2**40  # s since 1970
_logger = logging.getLogger(__name__)


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Timer(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


def _create() -> int:
    """The file descriptor of a timer; OSError where there are none."""
    if not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, "only Linux has timers in files")
    libc = ctypes.CDLL(None, use_errno=True)
    file: int = libc.timerfd_create(_CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
    if file < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    return file


def _arm(file: int) -> None:
    far = _Timer(value=_Timespec(seconds=_FAR))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.timerfd_settime(file, _ABSTIME | _CANCEL_ON_SET, ctypes.byref(far), None) < 0:
        number = ctypes.get_errno()
        if number != errno.ECANCELED:  # set once more meanwhile; it is armed all the same
            raise OSError(number, "timerfd_settime")


class KernelWatch:
    """Calls back in the event loop's thread whenever the clock of the machine was set.

    What the arguments do is replaced by tests, which must not set the clock.
    """

    def __init__(
        self,
        create: Callable[[], int] = _create,
        arm: Callable[[int], None] = _arm,
        read: Callable[[int, int], bytes] = os.read,
    ) -> None:
        self._create = create
        self._arm = arm
        self._read = read
        self._file: int | None = None
        self._told: Callable[[], None] = lambda: None

    def start(self, told: Callable[[], None]) -> bool:
        """Call `told` from now on; False where the kernel, or the event loop, can't do that."""
        self._told = told
        try:
            file = self._create()
        except (OSError, AttributeError) as error:
            _logger.debug("the kernel does not tell when the clock is set: %s", error)
            return False
        try:
            self._arm(file)
            asyncio.get_running_loop().add_reader(file, self._fired)
        except (OSError, AttributeError, NotImplementedError) as error:
            _logger.debug("the kernel does not tell when the clock is set: %s", error)
            os.close(file)
            return False
        self._file = file
        return True

    @property
    def running(self) -> bool:
        """Whether it would be told."""
        return self._file is not None

    def stop(self) -> None:
        """Be told no more."""
        if self._file is not None:
            asyncio.get_running_loop().remove_reader(self._file)
            os.close(self._file)
            self._file = None

    def _fired(self) -> None:
        file = self._file
        assert file is not None
        try:
            self._read(file, 8)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno == errno.ECANCELED:
                self._go_on(file)
                return
            _logger.warning("the kernel does not tell any more when the clock is set: %s", error)
        self.stop()  # it has gone off: the clock is beyond what the timer can be set to
        self._told()

    def _go_on(self, file: int) -> None:
        try:
            self._arm(file)
        except OSError as error:
            _logger.warning("the kernel does not tell any more when the clock is set: %s", error)
            self.stop()
        self._told()
