"""What tests of the client share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run, and see to it that no task is left over."""

    async def checked() -> None:
        async with asyncio.timeout(20):
            await test()
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(checked())
