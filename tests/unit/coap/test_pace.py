from __future__ import annotations

import asyncio

import pytest

from piccolo3.clock import ManualClock
from piccolo3.coap.pace import Pace


@pytest.mark.parametrize(("busy", "share"), [(True, 0.1), (False, 0.5)])
def test_notifications_get_their_share_of_the_time_and_no_more(busy: bool, share: float) -> None:
    clock = ManualClock()

    async def scenario() -> int:
        pace, notified = Pace(clock.monotonic, lambda: busy, busy=0.1, idle=0.5, credit=0.02, sleep=clock.asleep), 0

        async def observer() -> None:
            nonlocal notified
            while clock.monotonic() < 10.0:
                await pace.turn()
                with pace.spending():
                    clock.advance(0.002)
                notified += 1

        await asyncio.gather(*(observer() for _ in range(20)))
        return notified

    notified = asyncio.run(scenario())
    assert notified * 0.002 == pytest.approx(share * 10.0 + 0.02, abs=0.1)


def test_a_few_are_told_at_once() -> None:
    clock = ManualClock()

    async def scenario() -> None:
        pace = Pace(clock.monotonic, busy=0.1, credit=0.02)
        for _ in range(5):
            async with asyncio.timeout(0.05):
                await pace.turn()
            with pace.spending():
                clock.advance(0.003)

    asyncio.run(scenario())


def test_one_that_leaves_while_it_waits_does_not_keep_its_turn() -> None:
    clock = ManualClock()

    async def scenario() -> None:
        pace = Pace(clock.monotonic, busy=0.1, credit=0.0)
        with pace.spending():
            clock.advance(1000.0)
        waiting = asyncio.create_task(pace.turn())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        clock.advance(100_000.0)
        async with asyncio.timeout(1.0):
            await pace.turn()

    asyncio.run(scenario())
