"""The event loop is never held up by what it does itself; what the machine does besides is for the benchmark."""

from __future__ import annotations

import asyncio

from benchmarks import twins
from benchmarks.loop import callbacks

MOST = 0.005  # s


def test_no_callback_takes_long() -> None:
    """In a batch at 10 ms with two spectrometers of 2048 pixels."""

    async def main() -> None:
        async with twins.engine(2, 10.0) as running:
            with callbacks() as took:
                await twins.record(running, 10)
        assert len(took) > 100
        assert max(processor for _, processor in took) < MOST

    asyncio.run(main())
