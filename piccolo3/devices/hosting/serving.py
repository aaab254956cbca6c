"""Inside a host: the spectrometer, and the loop that does what the daemon asks."""

from __future__ import annotations

import logging
import mmap
import pickle
import socket
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.hosting.messages import (
    Call,
    Counts,
    Failure,
    Message,
    Record,
    Start,
    Value,
    failure_of,
    receive,
    send,
)
from piccolo3.devices.interface import Spectrometer
from piccolo3.errors import DeviceError, PiccoloError

__all__ = ["METHODS", "serve"]

METHODS = frozenset(
    {
        "clear_buffer",
        "close",
        "open",
        "read",
        "reset",
        "set_cooler",
        "set_integration_time",
        "set_lamp",
        "set_shutter",
        "temperature",
    }
)
_EXPENDABLE = 300  # added to what the kernel goes by when memory runs out: hosts go before the daemon
_LONGEST = 1 << 13

_logger = logging.getLogger(__name__)


class _Forward(logging.Handler):
    """Hands records to the daemon's log; those that it can't take at once are lost."""

    def __init__(self, channel: socket.socket, name: str) -> None:
        super().__init__()
        self._channel = channel
        self._host = name

    def emit(self, record: logging.LogRecord) -> None:
        fields = {
            "name": record.name,
            "levelno": record.levelno,
            "levelname": record.levelname,
            "msg": self.format(record)[:_LONGEST],
            "created": record.created,
            "msecs": record.msecs,
            "process": record.process,
            "processName": self._host,
        }
        with suppress(OSError):
            send(self._channel, Record(fields), socket.MSG_DONTWAIT)


def serve(channel: socket.socket, memory: mmap.mmap) -> None:
    """Do what is asked through `channel` until it is closed, or the spectrometer is."""
    with suppress(EOFError, OSError):  # the daemon has gone or wants nothing any more
        start = receive(channel)
        if not isinstance(start, Start):
            return
        _settle_in(start.name)
        _log_through(channel, start)
        try:
            spectrometer: Spectrometer = pickle.loads(start.make)()  # noqa: S301 - the daemon has made it
        except Exception as error:  # noqa: BLE001 - top of the process: it goes to whoever asked
            send(channel, _tell(error, start.name))
            return
        send(channel, Value(None))
        counts = np.frombuffer(memory, np.int32)
        call: Message | None = None
        while call != Call("close"):
            call = receive(channel)
            send(channel, _answer(spectrometer, call, counts, start.name))


def _answer(spectrometer: Spectrometer, call: Message, memory: NDArray[np.int32], name: str) -> Message:
    try:
        if not isinstance(call, Call) or call.method not in METHODS:
            raise DeviceError(f"a host can't do this: {call}")
        value = getattr(spectrometer, call.method)(*call.arguments)
        if call.method != "read":
            return Value(value)
        if value.size > memory.size:
            raise DeviceError(f"{value.size} pixels are more than a host can hand over")
        memory[: value.size] = value
        return Counts(value.size, spectrometer.exposure_number())
    except Exception as error:  # noqa: BLE001 - top of the process: it goes to whoever asked
        return _tell(error, name)


def _tell(error: Exception, name: str) -> Failure:
    if not isinstance(error, PiccoloError):  # its traceback ends here
        _logger.error("the driver of spectrometer %s failed in an unexpected way", name, exc_info=error)
    return failure_of(error)


def _settle_in(name: str) -> None:
    """Be known by name, and let the kernel take us before the daemon if memory runs out."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"spec {name}"[:15], encoding="utf-8")
    with suppress(OSError, ValueError):
        adjustment = Path("/proc/self/oom_score_adj")
        adjustment.write_text(str(min(1000, int(adjustment.read_text()) + _EXPENDABLE)))


def _log_through(channel: socket.socket, start: Start) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_Forward(channel, start.name)]
    root.setLevel(start.level)
    logging.raiseExceptions = False
