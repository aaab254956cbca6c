"""Calls that may never return, made in a thread that can be left behind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from piccolo3.errors import DeviceInterrupted, DeviceTimeout

__all__ = ["Caller"]

T = TypeVar("T")


class _Job(Generic[T]):
    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._result: T
        self._error: BaseException | None = None
        self.over = threading.Event()  # the function has returned, or nobody waits any more
        self.returned = False

    def run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - it is raised where it was called
            self._error = error
        self.returned = True
        self.over.set()

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result


class Caller:
    """Makes the calls on one open device, one at a time. A driver that hangs costs a thread, not who called it.

    This is for a process that has other things to do; one that only hosts a driver can be killed instead.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: deque[Callable[[], None] | None] = deque()
        self._queued = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._interrupted = False
        self._job_over: threading.Event | None = None
        self._thread = threading.Thread(target=self._run, name=f"driver of {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._queued.acquire() and (job := self._jobs.popleft()) is not None:
            job()

    def _put(self, job: Callable[[], None] | None) -> None:
        self._jobs.append(job)
        self._queued.release()

    def call(self, function: Callable[[], T], what: str, timeout: float | None = None) -> T:
        """The result of `function()`. Raises what it raises, DeviceTimeout after `timeout` s, DeviceInterrupted."""
        job = _Job(function)
        with self._lock:
            self._check()
            self._job_over = job.over
        self._put(job.run)
        job.over.wait(timeout)
        with self._lock:
            self._job_over = None
            self._check()
        if not job.returned:
            raise DeviceTimeout(f"{what} {self._name}: no answer within {timeout:g} s")
        return job.result()

    def _check(self) -> None:
        if self._interrupted:
            raise DeviceInterrupted(f"{self._name} is being closed")

    def interrupt(self) -> None:
        """From any thread: end the call under way, and all that follow, with DeviceInterrupted."""
        with self._lock:
            self._interrupted = True
            if self._job_over is not None:
                self._job_over.set()

    def finish(self, function: Callable[[], None]) -> threading.Event:
        """Let `function` be the last call, once all others have returned; the event tells when it has, too."""
        job = _Job(function)
        self._put(job.run)
        self._put(None)
        return job.over
