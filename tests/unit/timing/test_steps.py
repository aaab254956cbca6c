"""Noticing that the time of day has jumped."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.clock import Clock, ManualClock, ScaledClock, SystemClock
from piccolo3.timing.kernelwatch import KernelWatch
from piccolo3.timing.steps import THRESHOLD, StepDetector


class BusyClock(ManualClock):
    """Each look at it takes a while, since others are in the way."""

    def __init__(self, delays: list[float]) -> None:
        super().__init__()
        self._delays = delays

    def utcnow(self) -> datetime:
        if self._delays:
            self.advance(self._delays.pop(0))
        return super().utcnow()


@pytest.mark.parametrize("seconds", [0.06, -0.06, 1.0, -3600.0, 86_400.0 * 365 * 30, -86_400.0 * 365 * 30])
def test_a_step_of_any_size_either_way_is_told_once(seconds: float) -> None:
    clock = ManualClock()
    detector = StepDetector(clock)
    clock.advance(100.0)
    clock.step(seconds)
    step = detector.check()
    assert step is not None
    assert step.seconds == pytest.approx(seconds)
    assert step.before == datetime(2026, 6, 21, 12, tzinfo=UTC) + timedelta(seconds=100)
    assert step.after == clock.utcnow()
    clock.advance(100.0)
    assert detector.check() is None


def test_small_steps_add_up() -> None:
    clock = ManualClock()
    detector = StepDetector(clock)
    steps = []
    for _ in range(10):
        clock.advance(60.0)
        clock.step(0.02)
        steps.append(detector.check())
    told = [step.seconds for step in steps if step is not None]
    assert told == [pytest.approx(0.06)] * 3


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=20))
def test_time_that_passes_is_no_step(pauses: list[float]) -> None:
    clock = ManualClock()
    detector = StepDetector(clock)
    for pause in pauses:
        clock.advance(pause)
        assert detector.check() is None


@given(st.floats(min_value=-1e9, max_value=1e9), st.floats(min_value=0, max_value=1e6))
def test_what_is_beyond_the_threshold_is_told(seconds: float, pause: float) -> None:
    clock = ManualClock()
    detector = StepDetector(clock)
    clock.advance(pause)
    clock.step(seconds)
    step = detector.check()
    if abs(seconds) > THRESHOLD + 1e-5:
        assert step is not None
        assert step.seconds == pytest.approx(seconds, abs=1e-5)
    elif abs(seconds) < THRESHOLD - 1e-5:
        assert step is None


def test_having_to_wait_between_two_looks_is_no_step() -> None:
    detector = StepDetector(BusyClock([]))
    assert StepDetector(BusyClock([3.0])).check() is None
    delays = [0.0]
    clock = BusyClock(delays)
    detector = StepDetector(clock)
    delays += [5.0] * 5  # all of them
    assert detector.check() is None
    delays += [5.0, 5.0]  # the third is good
    clock.step(0.2)
    step = detector.check()
    assert step is not None
    assert step.seconds == pytest.approx(0.2)


@pytest.mark.parametrize("clock", [SystemClock(), ScaledClock(2000.0)])
def test_real_clocks_do_not_step_by_themselves(clock: Clock) -> None:
    detector = StepDetector(clock)
    assert [detector.check() for _ in range(200)] == [None] * 200


def test_the_kernel_can_be_asked_and_has_nothing_to_tell() -> None:
    async def watch() -> bool:
        told: list[bool] = []
        kernel = KernelWatch()
        started = kernel.start(lambda: told.append(True))
        await asyncio.sleep(0.01)
        assert not told
        assert kernel.running is started
        if started:
            assert kernel._file is not None
            assert not select.select([kernel._file], [], [], 0)[0]
        kernel.stop()
        kernel.stop()
        return started

    started = asyncio.run(watch())
    assert started is sys.platform.startswith("linux")


class Timer:
    """A timer that a test can fire, as a pipe."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.armed = 0
        self.answers: list[OSError] = []
        self.refuse = False

    def arm(self, file: int) -> None:
        assert file == self.reader
        if self.refuse:
            raise OSError(errno.EINVAL, "no")
        self.armed += 1

    def read(self, file: int, size: int) -> bytes:
        found = os.read(file, size)
        if self.answers:
            raise self.answers.pop(0)
        return found

    def watch(self) -> KernelWatch:
        return KernelWatch(lambda: self.reader, self.arm, self.read)


CANCELLED = OSError(errno.ECANCELED, "set")


@pytest.mark.parametrize(
    ("answers", "refuse", "told", "armed", "running"),
    [
        ([CANCELLED, CANCELLED], False, 2, 3, True),  # the clock was set, twice
        ([BlockingIOError(errno.EAGAIN, "")], False, 1, 2, True),  # nothing to read: not told, but the second time
        ([], False, 1, 1, False),  # it has gone off
        ([OSError(errno.EIO, "broken")], False, 1, 1, False),
        ([CANCELLED], True, 1, 1, False),
    ],
)
def test_the_kernel_tells(answers: list[OSError], refuse: bool, told: int, armed: int, running: bool) -> None:
    async def watch() -> None:
        timer, heard = Timer(), [0]
        timer.answers = list(answers)
        if isinstance(timer.answers[0] if timer.answers else None, BlockingIOError):
            timer.answers.append(CANCELLED)
        kernel = timer.watch()

        def hear() -> None:
            heard[0] += 1

        assert kernel.start(hear)
        timer.refuse = refuse
        for _ in range(2):
            if kernel.running:
                os.write(timer.writer, b"12345678")
                await asyncio.sleep(0.005)
        assert (heard[0], timer.armed, kernel.running) == (told, armed, running)
        kernel.stop()
        os.close(timer.writer)

    asyncio.run(watch())


def test_where_the_kernel_tells_nothing_that_is_known_at_once() -> None:
    def create() -> int:
        raise OSError(errno.ENOSYS, "no")

    async def watch() -> None:
        assert not KernelWatch(create).start(lambda: None)
        timer = Timer()
        timer.refuse = True
        assert not timer.watch().start(lambda: None)
        with pytest.raises(OSError, match="Bad file"):
            os.close(timer.reader)
        os.close(timer.writer)

    asyncio.run(watch())
