"""Work beside the event loop: in order, also when somebody goes or something fails."""

from __future__ import annotations

import asyncio
import threading

import pytest

from piccolo3.errors import Unavailable
from piccolo3.workers import Aside


def test_one_after_the_other_in_order() -> None:
    async def run() -> None:
        aside = Aside()
        aside.start()
        done: list[int] = []
        await asyncio.gather(*(aside.run(lambda number=number: done.append(number)) for number in range(20)))  # type: ignore[misc]
        assert done == list(range(20))
        assert await aside.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await aside.run(lambda: 1 // 0)
        assert await aside.run(lambda: "still here") == "still here"
        assert await aside.stop()
        with pytest.raises(Unavailable):
            await aside.run(lambda: None)

    asyncio.run(run())


def test_who_goes_does_not_get_in_the_way_of_others() -> None:
    async def run() -> None:
        aside = Aside()
        aside.start()
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def wait() -> None:
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(5)

        impatient = asyncio.create_task(aside.run(wait))
        await begun.wait()
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        patient = asyncio.create_task(aside.run(lambda: "mine"))
        await asyncio.sleep(0)
        go_on.set()
        assert await patient == "mine"
        assert await aside.stop()

    asyncio.run(run())
