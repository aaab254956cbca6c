from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from piccolo3.errors import Busy, InternalError, Unavailable
from piccolo3.workers import Worker


def test_it_runs_in_a_thread_of_its_own() -> None:
    async def scenario() -> None:
        worker = Worker("one")
        worker.start()
        worker.start()
        name = await worker.run(lambda: threading.current_thread().name)
        assert name == "one"
        assert not worker.busy
        assert await worker.stop(1)
        assert await worker.stop(1)

    asyncio.run(scenario())


def test_busy_is_an_error() -> None:
    async def scenario() -> None:
        worker, gate = Worker("one"), threading.Event()
        worker.start()
        first = asyncio.create_task(worker.run(lambda: gate.wait(5)))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="one is busy"):
            await worker.run(lambda: None)
        gate.set()
        assert await first
        assert await worker.run(lambda: 3) == 3
        await worker.stop(1)

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("y")])
def test_what_is_raised_goes_to_whoever_asked(error: Exception) -> None:
    def fail() -> None:
        raise error

    async def scenario() -> None:
        worker = Worker("one")
        worker.start()
        with pytest.raises(type(error)) as caught:
            await worker.run(fail)
        assert caught.value is error
        assert await worker.run(lambda: "alive") == "alive"
        await worker.stop(1)

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration(), KeyboardInterrupt()])
def test_what_would_end_the_loop_becomes_an_internal_error(error: BaseException) -> None:
    def fail() -> None:
        raise error

    async def scenario() -> None:
        worker = Worker("one")
        worker.start()
        with pytest.raises(InternalError, match=type(error).__name__):
            await worker.run(fail)
        assert await worker.run(lambda: "alive") == "alive"
        await worker.stop(1)

    asyncio.run(scenario())


def test_the_slot_is_taken_until_the_function_returns(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        worker, gate = Worker("one"), threading.Event()

        def fail_late() -> None:
            gate.wait(5)
            raise ValueError("too late")

        worker.start()
        given_up = asyncio.create_task(worker.run(fail_late))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait({given_up})
        assert given_up.cancelled()
        assert worker.busy
        with pytest.raises(Busy):
            await worker.run(lambda: None)
        gate.set()
        await worker.idle()
        assert await worker.run(lambda: 1) == 1
        await worker.stop(1)

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert "too late" in caplog.text


def test_not_running() -> None:
    async def scenario() -> None:
        worker = Worker("one")
        with pytest.raises(Unavailable):
            await worker.run(lambda: None)
        assert await worker.stop(1)
        worker.start()
        await worker.stop(1)
        with pytest.raises(Unavailable):
            await worker.run(lambda: None)

    asyncio.run(scenario())


def test_a_stuck_thread_is_left_behind_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()
    threads: list[threading.Thread] = []

    async def scenario() -> None:
        worker = Worker("stuck one")
        worker.start()

        def stuck() -> None:
            threads.append(threading.current_thread())
            gate.wait(5)

        waiting = asyncio.create_task(worker.run(stuck))
        await asyncio.sleep(0.01)
        assert not await worker.stop(0.01)
        waiting.cancel()

    asyncio.run(scenario())
    assert "stuck one" in caplog.text
    gate.set()  # the loop is closed now: the thread must end all the same, without complaints
    threads[0].join(2)
    assert not threads[0].is_alive()
