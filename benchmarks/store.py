"""The store: what it costs that a sequence is durable and can be found, and what finding costs."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks.result import Result
from piccolo3.clock import SystemClock
from piccolo3.spectrum import SpectraList, Spectrum, dumps, make_metadata
from piccolo3.status import SpectrumKind
from piccolo3.store import CATALOGUE_FILE, BatchRecord, CataloguedDirectory, DataDirectory, SpectrumQuery
from piccolo3.store.catalogue import Catalogue

__all__ = ["FILES", "known_files", "store"]

SEQUENCES = 300
PIXELS = 2048
FEW, MANY = 1000, 1_000_000
FILES = 100_000
ROUNDS = 200
GOAL = 1.5
_START = datetime(2026, 6, 21, 12, tzinfo=UTC)
_NOISE = 12.0  # counts


async def store() -> list[Result]:
    """All of it, in a thread as in the daemon."""
    return await asyncio.to_thread(lambda: [*durable(), *queries(), check()])


@contextmanager
def _opened(folder: Path) -> Iterator[CataloguedDirectory]:
    clock = SystemClock()
    opened = CataloguedDirectory(DataDirectory(folder, clock, clobber=False, split=True), clock)
    with opened:
        opened.prepare()
        yield opened


def durable() -> list[Result]:
    """Write sequences through the store and their bytes bare, by turns."""
    sheets = [_sheet(sequence) for sequence in range(SEQUENCES)]
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = folder / "bare"
        plain.mkdir()
        with _opened(folder / "data") as opened:
            opened.create_run("r")
            opened.begin_batch("r", BatchRecord(kind="record", started=_START))
            for sheet in sheets:
                content = dumps(sheet).encode()
                bare.append(_seconds(partial(_bare, plain / str(sheet.sequence), content)))
                ours.append(_seconds(partial(opened.write, sheet)))
        files = sum(path.stat().st_size for path in (folder / "data").rglob("*.pico"))
        catalogue = (folder / "data" / CATALOGUE_FILE).stat().st_size
    spectra = sum(len(sheet.spectra) for sheet in sheets)
    ranked = sorted(ours)
    p50, p99 = ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100]
    return [
        Result("durable sequences", f"{1 / statistics.mean(ours):.0f} /s", sum(ours) / sum(bare), "same bytes, bare"),
        Result("acknowledged write", f"p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms", p99 / p50, "p50"),
        Result("bytes per spectrum, catalogue", f"{catalogue / spectra:.0f} B", catalogue / files, "in its file"),
        Result("bytes per spectrum, file", f"{files / spectra:.0f} B", files / spectra / (2 * PIXELS), "counts"),
    ]


def queries() -> list[Result]:
    """Ask for the newest spectra, and for those of a run, where there are few and where there are many."""
    asked = {"newest 50 spectra": SpectrumQuery(), "50 spectra of a run": SpectrumQuery(run="r")}
    took: dict[str, dict[int, float]] = {name: {} for name in asked}
    with tempfile.TemporaryDirectory() as name:
        stores = {count: Path(name) / str(count) for count in (FEW, MANY)}
        for count, folder in stores.items():
            _fill(folder, count)
        with _opened(stores[FEW]) as few, _opened(stores[MANY]) as many:
            for what, query in asked.items():
                times: dict[int, list[float]] = {FEW: [], MANY: []}
                for _ in range(ROUNDS):
                    for count, opened in ((FEW, few), (MANY, many)):
                        times[count].append(_seconds(partial(opened.query, query)))
                took[what] = {count: statistics.median(found) for count, found in times.items()}
    return [
        Result(
            what,
            f"{found[MANY] * 1000:.2f} ms of {MANY:.0e}",
            found[MANY] / found[FEW],
            f"the same of {FEW}",
            f"<= {GOAL}",
            met=found[MANY] <= GOAL * found[FEW],
        )
        for what, found in took.items()
    ]


def check() -> Result:
    """Compare many files that did not change with the catalogue: all of it, and the longest piece."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known_files(folder, FILES)
        pieces = []
        with _opened(folder) as opened:
            verification = opened.verification()
            going_on = True
            while going_on:
                begin = time.perf_counter()
                going_on = verification.step()
                pieces.append(time.perf_counter() - begin)
            if verification.report.files != FILES or not verification.report.sound:
                message = f"the check did not find what there is: {verification.report.sentence()}"
                raise RuntimeError(message)
        listing = _seconds(lambda: [entry.stat() for entry in os.scandir(folder / "r")])
    value = f"{sum(pieces):.1f} s, longest {max(pieces) * 1000:.0f} ms"
    return Result(f"check of {FILES} files, in pieces", value, sum(pieces) / listing, "a look at each of them")


def known_files(folder: Path, count: int) -> None:
    """Make a data directory of so many empty files, in the run r, all of which the catalogue knows."""
    run = folder / "r"
    run.mkdir(parents=True)
    rows = []
    for number in range(count):
        path = run / f"b{number:06}_s000000_light.pico"
        path.touch()
        rows.append({"name": path.name, "modified_ns": path.stat().st_mtime_ns})
    _fill(folder, 0)
    catalogue = Catalogue(f"sqlite:///{folder / CATALOGUE_FILE}", SystemClock())
    catalogue.open()
    with catalogue.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO files (run_id, name, size, modified_ns, sha256, state, recorded)"
                " VALUES (1, :name, 0, :modified_ns, '', 'sound', '2026-06-21 12:00:00.000000')"
            ),
            rows,
        )
    catalogue.close()


def _seconds(function: Callable[[], object]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def _bare(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb", buffering=0) as file:
        file.write(content)
        os.fsync(file.fileno())
    temporary.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _sheet(sequence: int) -> SpectraList:
    places = [(direction, serial) for direction in ("downwelling", "upwelling") for serial in ("S1", "S2")]
    random = np.random.default_rng(sequence)
    spectra = [_spectrum(direction, serial, sequence, random) for direction, serial in places]
    return SpectraList(tuple(spectra), run="r", batch=0, sequence=sequence)


def _spectrum(direction: str, serial: str, sequence: int, random: np.random.Generator) -> Spectrum:
    start = _START + timedelta(seconds=sequence)
    shape = 1500 + 40_000 * np.exp(-(((np.arange(PIXELS) - 900) / 500) ** 2))
    counts = (shape + random.normal(0, _NOISE, PIXELS) * np.sqrt(shape / 1500)).astype(np.int32)
    metadata = make_metadata(
        kind=SpectrumKind.LIGHT,
        direction=direction,
        serial_number=serial,
        model="FLAME-S",
        firmware="1.0",
        integration_time=100.0,
        exposure_start=start,
        exposure_end=start + timedelta(milliseconds=100),
        sequence=sequence,
        batch=0,
        run="r",
        saturation=65535.0,
        dark_pixels=range(6, 21),
        optical_pixel_range=(20, PIXELS),
        nonlinearity_coefficients=[0.849144, 7.94044e-06, -7.61693e-11, -9.56982e-15, 6.07747e-19, -1.68136e-23],
        wavelength_coefficients=[339.888, 0.374057, -1.64197e-05, -1.94369e-09],
        piccolo_wavelength_coefficients=None,
        temperature=-9.99,
        temperature_enabled=True,
        simulated=True,
        software_version="0",
    )
    return Spectrum(counts, metadata)


def _fill(folder: Path, count: int) -> None:
    """Make a catalogue of so many spectra (without their counts), four to a sequence, a hundred to a batch."""
    folder.mkdir(exist_ok=True)
    catalogue = Catalogue(f"sqlite:///{folder / CATALOGUE_FILE}", SystemClock())
    catalogue.open()
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count) "
    day = "strftime('%Y-%m-%d %H:%M:%f000', 1782043200 + n, 'unixepoch')"
    statements = {
        "INSERT INTO runs (name, created, rank) SELECT 'r', " + day + ", 1 FROM numbers": 1,
        "INSERT INTO batches (run_id, number, kind, requested_by, command, started, lost_spectra, sequences_done)"
        f" SELECT 1, n, 'record', '', '{{}}', {day}, 0, 25 FROM numbers": max(1, count // 100),
        "INSERT INTO files (run_id, name, size, modified_ns, sha256, state, recorded)"
        f" SELECT 1, 'b' || n || '_s0_light.pico', 1, 1, hex(n), 'sound', {day} FROM numbers": count // 4,
        "INSERT INTO spectra (file_id, position, run_id, batch_id, sequence, serial_number, model, direction, dark,"
        ' start, "end", integration_time, peak, saturated_pixels, flags, simulated)'
        f" SELECT 1 + n / 4, n % 4, 1, 1 + n / 100, n / 4 % 25, 'S' || n % 2, 'FLAME-S', 'upwelling', 0, {day}, {day},"
        " 100.0, 40000, 0, n % 16 = 0, 0 FROM numbers": count,
    }
    with catalogue.writing() as connection:
        for statement, rows in statements.items():
            if rows:
                into, values = statement.split(" SELECT ", 1)
                connection.execute(text(f"{into} {numbers} SELECT {values}"), {"count": rows})
    catalogue.close()
