"""New spectra as they are recorded: fetched once from the rig, made into one message, given to every browser."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from piccolo3.client import Latest, LatestRow
from piccolo3.client.catalogue import SpectrumInfo, latest
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import Flag, Spectrum, flag_names
from piccolo3.web.rigs import Rig
from piccolo3.web.sse import event
from piccolo3.web.values import Update, Values

__all__ = ["Live", "detector_of", "header_of"]

_logger = logging.getLogger(__name__)

_INTERVAL = 0.5  # s; that is as fast as anybody can look, and each spectrum that is fetched takes time of the rig
Listener = Callable[[str, bytes], None]


def _base64(values: NDArray[np.generic]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def detector_of(spectrum: Spectrum) -> tuple[str, dict[str, JsonValue]]:
    """What all spectra of a spectrometer and channel have in common, under a key made of it.

    `wavelengths` (nm) are 32 bit floats, little endian, in base64; `range` is of the optical pixels, the last excluded.
    """
    nonlinearity = spectrum.metadata.get("NonlinearityCorrectionCoefficients")
    body: dict[str, JsonValue] = {
        "serial": spectrum.serial_number,
        "direction": spectrum.direction,
        "model": spectrum.model,
        "wavelengths": _base64(spectrum.wavelengths().astype("<f4")),
        "range": list(spectrum.optical_pixel_range),
        "dark_pixels": list(spectrum.dark_pixels),
        "saturation": spectrum.saturation_level,
        "nonlinearity": nonlinearity if isinstance(nonlinearity, list | tuple) else None,
    }
    key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
    return key, {"key": key, **body}


def header_of(spectrum: Spectrum, detector: str) -> dict[str, JsonValue]:
    """What there is to say of one spectrum, without its pixels; the integration time is in ms."""
    return {
        "serial": spectrum.serial_number,
        "direction": spectrum.direction,
        "dark": spectrum.dark,
        "run": spectrum.run,
        "batch": spectrum.batch,
        "sequence": spectrum.sequence,
        "time": spectrum.datetime.isoformat(),
        "integration_time": spectrum.actual_integration_time,
        "temperature": spectrum.temperature,
        "peak": spectrum.peak,
        "peak_percent": None if spectrum.saturation_level is None else round(spectrum.peak_percent, 2),
        "saturated_pixels": spectrum.saturated_pixels,
        "simulated": spectrum.simulated,
        "detector": detector,
    }


def _row(one: SpectrumInfo) -> LatestRow:
    return LatestRow(
        serial_number=one.serial_number,
        direction=one.direction,
        dark=one.dark,
        start=one.start,
        peak=one.peak,
        flags=Flag(sum(Flag[name] for name in one.flags if name in Flag.__members__)),
    )


class Live:
    """The last spectrum of every spectrometer, channel and kind, for those who watch. To be used inside `rig.use`."""

    def __init__(self, rig: Rig, values: Values) -> None:
        self._rig = rig
        self._values = values
        self._listeners: list[Listener] = []
        self._messages: dict[str, bytes] = {}  # detectors before spectra, each in the order of their coming
        self._detectors: dict[str, bytes] = {}
        self._wanted: Latest | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop: Callable[[], None] | None = None
        self._seen: dict[str, tuple[str | None, str]] = {}

    def __len__(self) -> int:
        return len(self._listeners)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with a key and a message for each spectrum that is known, and each that comes."""
        self._listeners.append(listener)
        for messages in (self._detectors, self._messages):
            for key, message in messages.items():
                listener(key, message)
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name=f"spectra of {self._rig.name}")
            self._stop = self._values.subscribe(["data_dir/latest"], self._on_latest)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            if not self._listeners:
                self._end()

        return unsubscribe

    async def close(self) -> None:
        """End."""
        task = self._task
        self._end()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _end(self) -> None:
        if self._stop is not None:
            self._stop()
        if self._task is not None:
            self._task.cancel()
        self._task = self._stop = self._wanted = None
        self._messages.clear()
        self._detectors.clear()
        self._seen.clear()

    def _on_latest(self, update: Update) -> None:
        try:
            self._wanted = latest(update.value) if update.error is None else None
        except PiccoloError:
            _logger.warning("the last spectra of %s are not understood", self._rig.name)
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            free = self._rig.clock.monotonic() + _INTERVAL
            found = self._wanted
            if found is None:
                continue
            for row in (*found.spectra, *await self._omitted(found)):
                try:
                    await self._fetch(row)
                except PiccoloError as problem:  # the next ones may be there
                    _logger.debug("a spectrum of %s: %s", self._rig.name, problem)
            await asyncio.sleep(free - self._rig.clock.monotonic())  # what comes meanwhile is fetched then

    async def _omitted(self, found: Latest) -> list[LatestRow]:
        """What the message about the last spectra had no room for, from the catalogue; its darks are left out first."""
        if not found.omitted:
            return []
        rows = {(row.serial_number, row.direction, row.dark): row for row in found.spectra}
        try:
            for dark in (True,) if any(row.dark for row in found.spectra) else (False, True):
                for row in await self._newest(found, dark=dark):
                    rows.setdefault((row.serial_number, row.direction, row.dark), row)
        except PiccoloError as problem:
            _logger.debug("spectra of %s: %s", self._rig.name, problem)
        return list(rows.values())[len(found.spectra) :]

    async def _newest(self, found: Latest, *, dark: bool) -> list[LatestRow]:
        """As many of that batch as could be the last of a spectrometer and channel."""
        client, most = await self._rig.found(), len(found.spectra) + found.omitted
        rows: list[LatestRow] = []
        async for one in client.data_dir.query(run=found.run, batch=found.batch, dark=dark, page=most):
            rows.append(_row(one))
            if len(rows) == most:
                break
        return rows

    async def _fetch(self, row: LatestRow) -> None:
        name = f"{row.serial_number}/{row.direction}/{'dark' if row.dark else 'light'}"
        mark = (None if row.start is None else row.start.isoformat(), str(row.peak))
        if self._seen.get(name) == mark:
            return
        client = await self._rig.found()
        spectrum = await client.data_dir.latest_spectrum(row.serial_number, row.direction, dark=row.dark)
        self._seen[name] = mark
        key, detector = detector_of(spectrum)
        if key not in self._detectors:
            self._detectors[key] = event("detector", detector)
            self._tell(f"detector/{key}", self._detectors[key])
        body = header_of(spectrum, key)
        body["flags"] = list(flag_names(row.flags))
        body["pixels"] = _base64(spectrum.pixels.astype("<i4"))
        self._messages[name] = event("spectrum", body)
        self._tell(name, self._messages[name])

    def _tell(self, key: str, message: bytes) -> None:
        for listener in tuple(self._listeners):
            listener(key, message)
