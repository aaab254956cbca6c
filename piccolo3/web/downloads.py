"""Spectra from the catalogue, and files to take away: as they were recorded, or in other formats.

Formats are made by `piccolo3.data` in a process of its own: the front end knows nothing of what servers are made of,
and the memory that it takes is given back.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

import numpy as np
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from piccolo3.client import Piccolo
from piccolo3.errors import Conflict, InvalidValue, NotFound, PiccoloError, Unavailable
from piccolo3.spectrum import SpectraList, dumps, file_name, parse_file_name
from piccolo3.web.api import query
from piccolo3.web.failures import JsonAnswer
from piccolo3.web.live import detector_of, header_of
from piccolo3.web.site import Shown, site_of
from piccolo3.wire import safe_name

__all__ = ["ROUTES"]

_FORMATS = ("csv", "netcdf", "flox", "pico")
_LEVELS = ("raw", "corrected", "reflectance")
_MOST = 1000  # spectra that are chosen one by one
_CHUNK = 1 << 16
_BINARY = "application/octet-stream"


async def _spectra(request: Request) -> Response:
    """A page of the catalogue; the same as `api/data_dir/query`."""
    shown = site_of(request).shown(request)
    async with shown.rig.use() as rig:
        given = dict(request.query_params)
        names = ("batch", "limit")
        try:
            wanted = {name: int(text) if name in names else text for name, text in given.items()}
        except ValueError:
            raise InvalidValue("batch and limit are whole numbers") from None
        return JsonAnswer(await query(rig, ("data_dir", "query"), wanted))


async def _spectrum(request: Request) -> Response:
    """One spectrum: JSON, or on demand the length of a header (4 bytes), the header, wavelengths and pixels."""
    shown = site_of(request).shown(request)
    async with shown.rig.use() as rig:
        client = await rig.client()
        spectrum = await client.data_dir.spectrum(request.path_params["id"])
    key, detector = detector_of(spectrum)
    if _BINARY not in request.headers.get("accept", ""):
        wavelengths = [round(float(value), 3) for value in spectrum.wavelengths()]
        pixels = [int(value) for value in spectrum.pixels]
        metadata = dict(spectrum.metadata)
        return JsonAnswer(
            {**header_of(spectrum, key), "wavelengths": wavelengths, "pixels": pixels, "metadata": metadata}
        )
    del detector["wavelengths"]
    head = json.dumps({**detector, **header_of(spectrum, key), "count": len(spectrum.pixels)}).encode()
    head += b" " * (-len(head) % 4)
    rows = spectrum.wavelengths().astype("<f4").tobytes() + np.ascontiguousarray(spectrum.pixels, "<i4").tobytes()
    return Response(len(head).to_bytes(4, "little") + head + rows, media_type=_BINARY)


async def _file(request: Request) -> Response:
    """A file as it was recorded."""
    shown = site_of(request).shown(request)
    run, name = safe_name(request.path_params["run"]), safe_name(request.path_params["file"] + ".pico")
    async with shown.rig.use() as rig:
        client = await rig.client()
        text = await client.data_dir.run(run).read(name)
    return Response(text.encode(), media_type="application/json", headers=_attachment(name))


async def _zip(request: Request) -> Response:
    """All files of a run, fetched while they are sent."""
    shown = site_of(request).shown(request)
    run = safe_name(request.path_params["run"])
    async with shown.rig.use() as rig:
        names = await (await rig.client()).data_dir.run(run).files()
    headers = _attachment(f"{run}.zip")
    return StreamingResponse(_zipped(shown, run, sorted(names)), media_type="application/zip", headers=headers)


class _Sink(io.RawIOBase):
    """Takes what a zip file writes, and gives it on."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """What has come since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


async def _zipped(shown: Shown, run: str, names: list[str]) -> AsyncIterator[bytes]:
    sink, missing = _Sink(), []
    async with shown.rig.use() as rig:
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in names:
                try:
                    text = await (await rig.client()).data_dir.run(run).read(name)
                except PiccoloError as problem:
                    missing.append(f"{name}: {problem}\n")
                    continue
                archive.writestr(f"{run}/{name}", text)
                yield sink.take()
            if missing:
                archive.writestr(f"{run}/MISSING.txt", "".join(missing))
    yield sink.take()


async def _export(request: Request) -> Response:
    """Spectra in another format: of a run, of one batch of it, or those with these `ids`."""
    site, asked = site_of(request), request.query_params
    shown = site.shown(request)
    form, level = asked.get("format", "csv"), asked.get("level", "raw")
    if form not in _FORMATS or level not in _LEVELS:
        raise InvalidValue(f"format is one of {', '.join(_FORMATS)}, level one of {', '.join(_LEVELS)}")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(site.exports)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="piccolo3-web-")))
        rig = await stack.enter_async_context(shown.rig.use())
        client = await rig.client()
        if "ids" in asked:
            name = await _fetch_ids(client, asked["ids"], folder / "in")
        else:
            name = await _fetch_run(client, asked.get("run", ""), asked.get("batch"), folder / "in")
        files = await _exported(folder, form, level)
        kept = stack.pop_all()
    return _sent(files, f"{name}-{level}", kept)


async def _fetch_ids(client: Piccolo, text: str, folder: Path) -> str:
    try:
        ids = list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise InvalidValue("ids are whole numbers with commas between them") from None
    if len(ids) > _MOST:
        raise InvalidValue(f"at most {_MOST} spectra can be chosen one by one; take a batch or a run")
    files: dict[Path, list[SpectraList]] = {}
    for number in ids:
        one = await client.data_dir.spectrum(number)
        run, batch = safe_name(one.run or "spectra"), one.batch or 0
        path = folder / run / file_name(batch, one.sequence, one.kind)
        files.setdefault(path, []).append(SpectraList((one,), run=run, batch=batch, sequence=one.sequence))
    for path, parts in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        spectra = tuple(spectrum for part in parts for spectrum in part.spectra)
        first = parts[0]
        path.write_text(dumps(SpectraList(spectra, run=first.run, batch=first.batch, sequence=first.sequence)))
    return "spectra"


async def _fetch_run(client: Piccolo, run: str, batch: str | None, folder: Path) -> str:
    run = safe_name(run)
    if batch is not None and not (batch.isdecimal() and batch.isascii() and len(batch) < 10):
        raise InvalidValue("batch is a whole number")
    names = await client.data_dir.run(run).files()
    if batch is not None:
        names = tuple(name for name in names if (parsed := parse_file_name(name)) and parsed.batch == int(batch))
    if not names:
        raise NotFound("there are no such spectra")
    (folder / run).mkdir(parents=True)
    for name in names:
        (folder / run / safe_name(name)).write_text(await client.data_dir.run(run).read(name), encoding="utf-8")
    return run if batch is None else f"{run}-b{int(batch):06}"


async def _exported(folder: Path, form: str, level: str) -> list[tuple[str, Path]]:
    """Have the files made; their names below the folder of results, and where they are."""
    out = folder / "out"
    command = ("export", "-d", str(folder / "in"), "-o", str(out), "-f", form, "-l", level)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "piccolo3.data.main", *command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and not _is_hidden(path, out)]
    if not files:
        text = said.decode(errors="replace").strip()[-500:]
        raise Conflict(text) if process.returncode == 1 and text else Unavailable("the export failed")
    return [(str(path.relative_to(out)), path) for path in files]


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _sent(files: list[tuple[str, Path]], name: str, stack: AsyncExitStack) -> Response:
    """One file as it is, several as a zip; what is on the stack goes when all is sent, or the browser is gone."""
    if len(files) == 1:
        name = Path(files[0][0]).name
        return _Sent(_read(files[0][1]), stack, _BINARY, _attachment(name))
    return _Sent(_zip_of(files), stack, "application/zip", _attachment(f"{name}.zip"))


class _Sent(StreamingResponse):
    def __init__(self, parts: Iterator[bytes], stack: AsyncExitStack, kind: str, headers: dict[str, str]) -> None:
        super().__init__(parts, media_type=kind, headers=headers)
        self._stack = stack

    async def __call__(self, *call: object) -> None:
        async with self._stack:
            await super().__call__(*call)  # type: ignore[arg-type]


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part


def _zip_of(files: list[tuple[str, Path]]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in files:
            with archive.open(name, "w", force_zip64=True) as entry:
                for part in _read(path):
                    entry.write(part)
                    yield sink.take()
    yield sink.take()


def _attachment(name: str) -> dict[str, str]:
    """The header that makes a browser store a file; safe names need no more than to be quoted."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


ROUTES = [
    Route("/r/{rig}/api/spectra", _spectra),
    Route("/r/{rig}/api/spectra/{id:int}", _spectrum),
    Route("/r/{rig}/download", _export),
    Route("/r/{rig}/download/{run}.zip", _zip),
    Route("/r/{rig}/download/{run}/{file}.pico", _file),
]
