"""Spectra from the catalogue, and files to take away as they were recorded."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from urllib.parse import quote

import numpy as np
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from piccolo3.errors import ConnectionFailed, PiccoloError
from piccolo3.web.api import read
from piccolo3.web.failures import JsonAnswer
from piccolo3.web.live import detector_of, header_of
from piccolo3.web.rigs import Rig
from piccolo3.web.site import Shown, site_of
from piccolo3.wire import safe_name

__all__ = ["ROUTES", "Sink", "attachment", "read_patiently"]

_PATIENCE = 60.0  # s for which a download waits for a rig that is lost
_BINARY = "application/octet-stream"


async def _spectra(request: Request) -> Response:
    """A page of the catalogue; the same as `api/data_dir/query`."""
    shown = site_of(request).shown(request)
    async with shown.rig.use() as rig:
        return JsonAnswer(await read(rig, ("data_dir", "query"), request.query_params))


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
    return Response(text.encode(), media_type="application/json", headers=attachment(name))


async def _zip(request: Request) -> Response:
    """All files of a run, fetched while they are sent."""
    shown = site_of(request).shown(request)
    run = safe_name(request.path_params["run"])
    async with shown.rig.use() as rig:
        names = await (await rig.client()).data_dir.run(run).files()
    headers = attachment(f"{run}.zip")
    return StreamingResponse(_zipped(shown, run, sorted(names)), media_type="application/zip", headers=headers)


class Sink(io.RawIOBase):
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
    sink, missing = Sink(), []
    async with shown.rig.use() as rig:
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in names:
                try:
                    text = await read_patiently(rig, run, name)
                except ConnectionFailed:
                    raise  # the download breaks off: one that lacks the rest must not look whole
                except PiccoloError as problem:
                    missing.append(f"{name}: {problem}\n")
                    continue
                await asyncio.to_thread(archive.writestr, f"{run}/{name}", text)
                yield sink.take()
            if missing:
                archive.writestr(f"{run}/MISSING.txt", "".join(missing))
    yield sink.take()


async def read_patiently(rig: Rig, run: str, name: str) -> str:
    """The text of a file; a rig that is lost for a while is waited for. ConnectionFailed if that takes too long."""
    end = rig.clock.monotonic() + _PATIENCE
    while True:
        try:
            return await (await rig.client()).data_dir.run(run).read(name)
        except ConnectionFailed:
            if rig.clock.monotonic() > end:
                raise
            await asyncio.sleep(1.0)


def attachment(name: str) -> dict[str, str]:
    """The header that makes a browser store a file; safe names need no more than to be quoted."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


ROUTES = [
    Route("/r/{rig}/api/spectra", _spectra),
    Route("/r/{rig}/api/spectra/{id:int}", _spectrum),
    Route("/r/{rig}/download/{run}.zip", _zip),
    Route("/r/{rig}/download/{run}/{file}.pico", _file),
]
