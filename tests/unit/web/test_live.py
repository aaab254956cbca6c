from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np
import pytest

from piccolo3.clock import SystemClock
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import Spectrum
from piccolo3.web import live
from piccolo3.web.live import Live
from piccolo3.web.rigs import Rig
from piccolo3.web.values import Listener, Update, Values

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Recording:
    """A rig that has recorded `sequence` sequences of one spectrum, and what watches it."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.name = "rig"
        self.sequence = 0
        self.fetched: list[int] = []
        self.data_dir = self
        self._listener: Listener | None = None

    async def found(self) -> Recording:
        return self

    async def latest_spectrum(self, serial_number: str, direction: str, *, dark: bool) -> Spectrum:
        await asyncio.sleep(0)
        self.fetched.append(self.sequence)
        metadata: dict[str, JsonValue] = {
            "SerialNumber": serial_number,
            "Direction": direction,
            "Dark": dark,
            "Datetime": START.isoformat(),
            "IntegrationTime": 1,
            "WavelengthCalibrationCoefficients": [400.0, 1.0],
        }
        return Spectrum(np.zeros(4, np.int32), metadata)

    def subscribe(self, paths: Sequence[str], listener: Listener) -> Callable[[], None]:
        assert list(paths) == ["data_dir/latest"]
        self._listener = listener
        return lambda: None

    def record(self) -> None:
        self.sequence += 1
        start = (START + timedelta(seconds=self.sequence)).isoformat()
        value: dict[str, JsonValue] = {"run": "r", "batch": 0, "sequence": self.sequence, "files": [], "omitted": 0}
        value["spectra"] = [["S1", "up", "light", start, 0, 0]]
        assert self._listener is not None
        self._listener(Update("data_dir/latest", start, value))


def test_what_is_recorded_faster_than_anybody_sees_is_not_fetched_but_the_last_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "_INTERVAL", 0.2)

    async def scenario() -> None:
        rig = Recording()
        watched = Live(cast("Rig", rig), cast("Values", rig))
        last = asyncio.Event()
        stop = watched.subscribe(lambda key, _: last.set() if rig.sequence == 50 and key == "S1/up/light" else None)
        for _ in range(50):
            rig.record()
            await asyncio.sleep(0.001)
        async with asyncio.timeout(10):
            await last.wait()
        stop()
        await watched.close()
        assert rig.fetched[0] < 3, "the first one does not wait"
        assert rig.fetched[-1] == 50
        assert len(rig.fetched) < 10

    asyncio.run(scenario())
