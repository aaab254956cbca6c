"""Thin links: the bytes of a sequence in each format, and how long its light spectra take over a bad link."""

from __future__ import annotations

import asyncio
import json
import lzma
import time
from collections.abc import Awaitable, Callable

import aiocoap
import numpy as np
from aiocoap.numbers.codes import Code

from benchmarks import servers
from benchmarks.badlink import BAD, relay
from benchmarks.realistic import sequence
from benchmarks.result import Result
from piccolo3.client import Piccolo
from piccolo3.components.files import file_document
from piccolo3.spectrum import SpectraList, dumps, file_name
from piccolo3.status import SpectrumKind
from piccolo3.wire import CBOR, COMPACT, JSON, encode

__all__ = ["bytes_of_a_sequence", "over_a_bad_link"]

_SMALLER = 6.0  # times than JSON
_XZ = 1.15
_FASTER = 10.0  # times than JSON in blocks
_RUN = "tower"
_LONGEST = 600.0  # s


def _raw(spectra: SpectraList) -> bytes:
    """The bare counts, of 16 or 32 bits."""
    return b"".join(
        one.pixels.astype(np.dtype("<u2" if int(one.pixels.max()) < 1 << 16 else "<u4")).tobytes()
        for one in spectra.spectra
    )


async def bytes_of_a_sequence() -> list[Result]:
    """The dark and the light file of a sequence, with all metadata, in each format; arithmetic, no waiting."""
    sizes = dict.fromkeys((JSON, CBOR, COMPACT), 0)
    results = []
    for kind in SpectrumKind:
        spectra = sequence(kind)
        document = file_document(dumps(spectra))
        for content_format in sizes:
            sizes[content_format] += len(encode(document, content_format))
        compact = len(encode(document, COMPACT))
        bare = len(lzma.compress(_raw(spectra), preset=9))
        ratio = compact / bare
        results.append(
            Result(
                f"compact file, {kind.value}",
                f"{compact} bytes",
                ratio,
                f"xz -9 of the bare counts {bare}",
                f"<= {_XZ}",
                met=ratio <= _XZ,
            )
        )
    reference = f"JSON of old clients {sizes[JSON]}"
    ratio = sizes[COMPACT] / sizes[JSON]
    return [
        Result("sequence as CBOR", f"{sizes[CBOR]} bytes", sizes[CBOR] / sizes[JSON], reference),
        Result(
            "sequence, compact",
            f"{sizes[COMPACT]} bytes, 1/{1 / ratio:.1f}",
            ratio,
            reference,
            f"<= 1/{_SMALLER:g}",
            met=ratio <= 1 / _SMALLER,
        ),
        *results,
    ]


async def over_a_bad_link() -> list[Result]:
    """The light file of a sequence through a relay: as old clients get it, and as ours does."""
    spectra = sequence(SpectrumKind.LIGHT)
    name = file_name(spectra.batch, spectra.sequence, SpectrumKind.LIGHT)
    text = dumps(spectra)
    async with servers.daemon(files={f"{_RUN}/{name}": text}) as server:
        old, sent_old = await _timed(server.port, lambda port: _as_old_clients(port, name, text))
        blocks, sent_blocks = await _timed(server.port, lambda port: _compact(port, name, text), streams=False)
        stream, sent_stream = await _timed(server.port, lambda port: _compact(port, name, text))
    link = f"{BAD.delay * 2000:g} ms, {BAD.loss:.0%} lost each way, {BAD.rate / 1000:g} kB/s"
    reference = f"JSON in blocks {old:.1f} s, {sent_old / 1000:.0f} kB ({link})"
    return [
        Result("bad link, compact in blocks", f"{blocks:.1f} s, {sent_blocks / 1000:.0f} kB", blocks / old, reference),
        Result(
            "bad link, compact over coap+tcp",
            f"{stream:.1f} s, {sent_stream / 1000:.0f} kB",
            stream / old,
            reference,
            f"<= 1/{_FASTER:g}",
            met=stream / old <= 1 / _FASTER,
        ),
    ]


async def _timed(port: int, get: Callable[[int], Awaitable[None]], *, streams: bool = True) -> tuple[float, int]:
    """Seconds, and bytes with headers in both directions."""
    async with relay(port, streams=streams) as (far, sent):
        begin = time.monotonic()
        async with asyncio.timeout(_LONGEST):
            await get(far)
        return time.monotonic() - begin, sent()


async def _as_old_clients(port: int, name: str, text: str) -> None:
    context = await aiocoap.Context.create_client_context(transports=["udp6"])
    try:
        payload = json.dumps([[name], {}]).encode()
        uri = f"coap://[::1]:{port}/data_dir/runs/{_RUN}/spectra"
        answer = await context.request(aiocoap.Message(code=Code.PUT, uri=uri, payload=payload)).response
        _check(json.loads(answer.payload), text)
    finally:
        await context.shutdown()


async def _compact(port: int, name: str, text: str) -> None:
    async with Piccolo(f"coap://[::1]:{port}", timeout=30.0) as rig:
        _check(dumps(await rig.data_dir.run(_RUN).spectra(name)), text)


def _check(found: str, wanted: str) -> None:
    if found != wanted:
        raise RuntimeError("the file is not what it was")
