"""Batch after batch, with integration times, modes and lengths at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from piccolo3.client import Piccolo
from piccolo3.errors import InvalidValue, Unavailable
from soak.checking import Checker

__all__ = ["Recording"]

_CHANNELS = ("downwelling", "upwelling")
_RUN = "soak"
_MODES = ("classic", "classic", "dark_each", "deled")
_LONGEST = 180.0  # s that a batch may take
_SHORTEST_TIME, _LONGEST_TIME = 10.0, 300.0  # ms


class Recording:
    """What was recorded; `unsaid` has a sentence for each batch that misses something and does not say so."""

    def __init__(self, rig: Piccolo, serials: Sequence[str], folder: Path, checker: Checker, chance: random.Random):
        self.results: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.wanted = self.recorded = self.lost = self.with_losses = 0
        self.unsaid: list[str] = []
        self._rig = rig
        self._serials = serials
        self._folder = folder
        self._checker = checker
        self._chance = chance

    async def one(self) -> None:
        """Record a batch and check it. Raises PiccoloError, TimeoutError if it does not end."""
        chance, rig = self._chance, self._rig
        await self._set_times()
        sequences, mode = chance.randint(1, 4), chance.choice(_MODES)
        auto = 0 if chance.random() < 0.15 else -1
        since = time.monotonic()
        async with asyncio.timeout(_LONGEST), rig.control.follow() as batch:
            try:
                await rig.control.record_sequence(
                    _RUN, sequences=sequences, auto=auto, delay=chance.choice((0.0, 0.0, 0.5)), mode=mode
                )
            except Unavailable as error:
                self.results[f"refused ({error})"] += 1
                return
            async for _ in batch:
                pass
        outcome = await rig.get("control/outcome")
        if not isinstance(outcome, dict):
            raise InvalidValue("a batch without an outcome")
        files = sorted(self._folder.glob(f"{_RUN}/b{outcome['batch']:06d}_*.pico"))
        recorded = await asyncio.to_thread(self._checker.check, files, since)
        wanted = _spectra(mode, sequences) * len(self._serials)
        self._note(wanted, recorded, outcome)

    def _note(self, wanted: int, recorded: int, outcome: dict[str, object]) -> None:
        lost, spectra = outcome["lost"], outcome["lost_spectra"]
        assert isinstance(spectra, int)
        self.results[str(outcome["result"])] += 1
        self.wanted += wanted
        self.recorded += recorded
        self.lost += spectra
        self.with_losses += bool(lost)
        if isinstance(lost, list):
            self.reasons.update(str(sentence).partition(" (")[0] for sentence in lost)
        if outcome["result"] != "complete":
            self.reasons[f"{outcome['result']}: {outcome['reason']}"] += 1
        missing = wanted - recorded
        if missing < 0 or (missing and (not lost or spectra < missing)):
            self.unsaid.append(f"batch {outcome['batch']}: {recorded} of {wanted} spectra, and it says {outcome}")

    async def _set_times(self) -> None:
        for serial in self._serials:
            for channel in _CHANNELS:
                wanted = round(_SHORTEST_TIME * (_LONGEST_TIME / _SHORTEST_TIME) ** self._chance.random(), 1)
                with suppress(InvalidValue, Unavailable):  # it is not connected now
                    await self._rig.spectrometers[serial].set_current_time(channel, wanted)


def _spectra(mode: str, sequences: int) -> int:
    """How many a batch has of one spectrometer."""
    channels = len(_CHANNELS)
    if mode == "classic":
        return channels * (sequences + 1 + (sequences > 1))
    if mode == "dark_each":
        return 2 * channels * sequences
    return sequences * (channels + 1 + 2 * channels)  # deled: downwelling twice, and a dark before and after
