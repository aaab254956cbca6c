"""Spectra in other formats.

They are made by `piccolo3.data` in a process of its own: the front end knows nothing of what servers are made of, and
the memory that it takes is given back.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from piccolo3.client import Piccolo
from piccolo3.errors import Conflict, InvalidValue, NotFound, Unavailable
from piccolo3.spectrum import SpectraList, dumps, file_name, parse_file_name
from piccolo3.web.downloads import Sink, attachment, read_patiently
from piccolo3.web.rigs import Rig
from piccolo3.web.site import site_of
from piccolo3.wire import safe_name

__all__ = ["ROUTES"]

_FORMATS = ("csv", "netcdf", "flox", "pico")
_LEVELS = ("raw", "corrected", "reflectance")
_MOST = 1000  # spectra that are chosen one by one
_CHUNK = 1 << 16
_SPARE = 100_000_000  # bytes of the disk that are for others
_BINARY = "application/octet-stream"


async def _export(request: Request) -> Response:
    """Spectra in another format: of a run, of one batch of it, or those with these `ids`."""
    asked = request.query_params
    form, level = asked.get("format", "csv"), asked.get("level", "raw")
    if form not in _FORMATS or level not in _LEVELS:
        raise InvalidValue(f"format is one of {', '.join(_FORMATS)}, level one of {', '.join(_LEVELS)}")
    making = asyncio.create_task(_made(request, form, level))
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({making, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not making.done():
            making.cancel()
        await asyncio.gather(making, gone, return_exceptions=True)
    if making.cancelled():
        raise Unavailable("nobody waits for it any more")
    return making.result()


async def _gone(request: Request) -> None:
    """Wait until the browser is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _made(request: Request, form: str, level: str) -> Response:
    site, asked = site_of(request), request.query_params
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(site.exports)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="piccolo3-web-")))
        rig = await stack.enter_async_context(site.shown(request).rig.use())
        if "ids" in asked:
            name = await _fetch_ids(await rig.client(), asked["ids"], folder / "in")
        else:
            name = await _fetch_run(rig, asked.get("run", ""), asked.get("batch"), folder / "in")
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


async def _fetch_run(rig: Rig, run: str, batch: str | None, folder: Path) -> str:
    run = safe_name(run)
    if batch is not None and not (batch.isdecimal() and batch.isascii() and len(batch) < 10):
        raise InvalidValue("batch is a whole number")
    names = await (await rig.client()).data_dir.run(run).files()
    if batch is not None:
        names = tuple(name for name in names if (parsed := parse_file_name(name)) and parsed.batch == int(batch))
    if not names:
        raise NotFound("there are no such spectra")
    (folder / run).mkdir(parents=True)
    many = 0
    for name in names:
        data = (await read_patiently(rig, run, name)).encode()
        many += len(data)
        _see_that_it_fits(folder, many)
        (folder / run / safe_name(name)).write_bytes(data)
    return run if batch is None else f"{run}-b{int(batch):06}"


def _see_that_it_fits(folder: Path, many: int) -> None:
    """What is made of so many bytes may take as much again; a disk that is full harms others."""
    if shutil.disk_usage(folder).free < _SPARE + many:
        raise Unavailable(
            "there is no room on the disk of the front end to convert so much: take batch by batch, or take the run as "
            "it was recorded and convert it with piccolo3-data export"
        )


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
        return _Sent(_read(files[0][1]), stack, _BINARY, attachment(name))
    return _Sent(_zip_of(files), stack, "application/zip", attachment(f"{name}.zip"))


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
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in files:
            with archive.open(name, "w", force_zip64=True) as entry:
                for part in _read(path):
                    entry.write(part)
                    yield sink.take()
    yield sink.take()


ROUTES = [Route("/r/{rig}/download", _export)]
