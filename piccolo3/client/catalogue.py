"""What the catalogue of a server's data directory answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from piccolo3.client import answers
from piccolo3.errors import InvalidValue
from piccolo3.spectrum import Flag, Spectrum
from piccolo3.wire import JsonValue

__all__ = ["BatchInfo", "Latest", "LatestRow", "SpectrumInfo", "batch_info", "latest", "spectrum", "spectrum_info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumInfo:
    """A recorded spectrum: where it is, and what there is to know without its pixels.

    Times of the exposure, integration time in ms, peak in counts, temperature in degrees C. `dark_id` is the `id` of
    the dark that belongs to it.
    """

    id: int
    run: str
    batch: int
    sequence: int
    file: str
    serial_number: str
    model: str | None
    direction: str
    dark: bool
    dark_id: int | None
    start: datetime
    end: datetime | None
    integration_time: float
    peak: int
    saturated_pixels: int
    flags: tuple[str, ...]
    temperature: float | None
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchInfo:
    """A batch: what was asked for by whom, and how it ended; `result` is None while it is under way."""

    run: str
    batch: int
    kind: str
    started: datetime
    requested_by: str
    command: Mapping[str, JsonValue]
    result: str | None
    reason: str | None
    ended: datetime | None
    lost: tuple[str, ...]
    lost_spectra: int
    sequences_done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRow:
    """One of the spectra that were stored last; peak in counts."""

    serial_number: str
    direction: str
    dark: bool
    start: datetime | None
    peak: int
    flags: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """What was stored last. `omitted` counts spectra that the answer had no room for."""

    run: str
    batch: int
    sequence: int
    files: tuple[str, ...]
    spectra: tuple[LatestRow, ...]
    omitted: int


def spectrum_info(value: JsonValue) -> SpectrumInfo:
    """A spectrum without its pixels. InvalidValue where it is none."""
    entry = answers.mapping(value, "spectrum")
    dark_id, end = entry.get("dark_id"), entry.get("end")
    temperature = entry.get("temperature")
    return SpectrumInfo(
        id=answers.integer(entry.get("id"), "id"),
        run=answers.text(entry.get("run"), "run"),
        batch=answers.integer(entry.get("batch"), "batch"),
        sequence=answers.integer(entry.get("sequence"), "sequence"),
        file=answers.text(entry.get("file"), "file"),
        serial_number=answers.text(entry.get("serial"), "serial number"),
        model=answers.optional_text(entry.get("model"), "model"),
        direction=answers.text(entry.get("direction"), "channel"),
        dark=bool(entry.get("dark")),
        dark_id=None if dark_id is None else answers.integer(dark_id, "dark"),
        start=answers.moment(entry.get("start"), "start"),
        end=None if end is None else answers.moment(end, "end"),
        integration_time=answers.number(entry.get("integration_time"), "integration time"),
        peak=answers.integer(entry.get("peak"), "peak"),
        saturated_pixels=answers.integer(entry.get("saturated_pixels"), "number of saturated pixels"),
        flags=answers.texts(entry.get("flags"), "flags"),
        temperature=None if temperature is None else answers.number(temperature, "temperature"),
        simulated=bool(entry.get("simulated")),
    )


def batch_info(value: JsonValue) -> BatchInfo:
    """A batch. InvalidValue where it is none."""
    entry = answers.mapping(value, "batch")
    return BatchInfo(
        run=answers.text(entry.get("run"), "run"),
        batch=answers.integer(entry.get("batch"), "batch"),
        kind=answers.text(entry.get("kind"), "kind"),
        started=answers.moment(entry.get("started"), "start"),
        requested_by=answers.text(entry.get("requested_by"), "client"),
        command=answers.mapping(entry.get("command"), "command"),
        result=answers.optional_text(entry.get("result"), "result"),
        reason=answers.optional_text(entry.get("reason"), "reason"),
        ended=None if entry.get("ended") is None else answers.moment(entry.get("ended"), "end"),
        lost=answers.texts(entry.get("lost"), "losses"),
        lost_spectra=answers.integer(entry.get("lost_spectra"), "number of lost spectra"),
        sequences_done=answers.integer(entry.get("sequences_done"), "number of sequences"),
    )


def latest(value: JsonValue) -> Latest | None:
    """What was stored last; None if nothing ever was."""
    body = answers.mapping(value, "last spectra")
    if body.get("run") is None:
        return None
    rows = body.get("spectra")
    return Latest(
        run=answers.text(body.get("run"), "run"),
        batch=answers.integer(body.get("batch"), "batch"),
        sequence=answers.integer(body.get("sequence"), "sequence"),
        files=answers.texts(body.get("files"), "files"),
        spectra=tuple(_row(row) for row in rows) if isinstance(rows, list) else (),
        omitted=answers.integer(body.get("omitted"), "number of omitted spectra"),
    )


def _row(row: JsonValue) -> LatestRow:
    if not isinstance(row, list) or len(row) < 6:
        raise InvalidValue(f"the server's last spectrum is {str(row)[:80]!r}, not a row of six")
    serial, direction, kind, start, peak, flags = row[:6]
    return LatestRow(
        serial_number=answers.text(serial, "serial number"),
        direction=answers.text(direction, "channel"),
        dark=kind == "dark",
        start=None if start is None else answers.moment(start, "start"),
        peak=answers.integer(peak, "peak"),
        flags=Flag(answers.integer(flags, "flags")),
    )


def spectrum(value: JsonValue) -> Spectrum:
    """A spectrum with everything. InvalidValue where it is none."""
    body = answers.mapping(value, "spectrum")
    pixels = body.get("pixels")
    if not isinstance(pixels, list) or not all(isinstance(pixel, int) for pixel in pixels):
        raise InvalidValue("the server's spectrum has no pixels")
    return Spectrum(pixels=np.array(pixels, np.int32), metadata=dict(answers.mapping(body.get("metadata"), "metadata")))
