"""Files of spectra, fetched in the compact form where the server has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from piccolo3.client import answers, catalogue
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.errors import InvalidValue, NotAcceptable, NotAllowed, NotFound
from piccolo3.spectrum import SpectraList, dumps, loads, parse_file_name
from piccolo3.wire import COMPACT, JsonValue, decode

__all__ = ["BULK", "exact", "spectra", "text"]

BULK = 120.0  # s for what may come in many blocks


async def text(connection: Connection, run: Sequence[str], file: str) -> str:
    """The text of a file; `run` is the path of its run. NotFound if there is no such file."""
    body = await _fetch(connection, run, file)
    if isinstance(body, str):
        return body
    if "spectra" in body:
        found = dumps(_spectra(body, file))
        if hashlib.sha256(found.encode()).hexdigest() == body.get("sha256"):
            return found
    if isinstance(body.get("text"), str):
        return str(body["text"])
    return await _as_text(connection, run, file)  # written by other software, which lays it out in another way


async def exact(connection: Connection, run: Sequence[str], file: str) -> tuple[bytes, str]:
    """The bytes of a file and their SHA-256, which is that of the server's file where it tells.

    NotFound if there is no such file, InvalidValue where they are not the same.
    """
    body = await _fetch(connection, run, file)
    told = None if isinstance(body, str) else body.get("sha256")
    for candidate in _candidates(body, file):
        found = candidate.encode(errors="surrogatepass")
        digest = hashlib.sha256(found).hexdigest()
        if told in (None, digest):
            return found, digest
    found = (await _as_text(connection, run, file)).encode(errors="surrogatepass")
    digest = hashlib.sha256(found).hexdigest()
    if digest != told:
        raise InvalidValue(f"file {file} is not what its hash says: it was damaged, or written anew meanwhile")
    return found, digest


def _candidates(body: str | Mapping[str, JsonValue], file: str) -> Iterator[str]:
    """What may be the text of a file."""
    if isinstance(body, str):
        yield body
    elif "spectra" in body:
        try:
            yield dumps(_spectra(body, file))
        except InvalidValue:  # the text will tell
            return
    elif isinstance(body.get("text"), str):
        yield str(body["text"])


async def spectra(connection: Connection, run: Sequence[str], file: str) -> SpectraList:
    """The spectra of a file. NotFound if there is no such file, InvalidValue if it can't be read."""
    body = await _fetch(connection, run, file)
    if isinstance(body, str):
        return loads(body, file_name=file)
    if "spectra" not in body:
        return loads(answers.text(body.get("text"), f"file {file}"), file_name=file)
    return _spectra(body, file)


async def _fetch(connection: Connection, run: Sequence[str], file: str) -> str | Mapping[str, JsonValue]:
    """The text, or the object with the spectra."""
    try:
        answer = await connection.fetch(GET, (*run, "spectra", file), seconds=BULK, accept=COMPACT, bulk=True)
    except (NotAcceptable, NotFound, NotAllowed):  # servers that don't have the form, or from before 0.6
        return await _as_text(connection, run, file)
    value = decode(answer.payload, answer.opt.content_format, limit=None)
    return value if isinstance(value, str) else answers.mapping(value, f"file {file}")


async def _as_text(connection: Connection, run: Sequence[str], file: str) -> str:
    try:
        answer = await connection.fetch(GET, (*run, "spectra", file), seconds=BULK, bulk=True)
        value = decode(answer.payload, answer.opt.content_format, limit=None)
        return value if isinstance(value, str) else answer.payload.decode()
    except (NotFound, NotAllowed):  # servers from before 0.6 have files as the answer of a PUT only
        value = await connection.request(PUT, (*run, "spectra"), arguments([file], {}), seconds=BULK)
        return answers.text(value, f"file {file}")


def _spectra(body: Mapping[str, JsonValue], file: str) -> SpectraList:
    entries = body.get("spectra")
    found = tuple(map(catalogue.spectrum, entries if isinstance(entries, list) else ()))
    name = parse_file_name(file)
    batch, sequence, run = (name.batch, name.sequence, None) if name else (0, 0, None)
    if found:
        first = found[0]
        run = first.run
        batch = batch if first.batch is None else first.batch
        sequence = first.sequence if "SequenceNumber" in first.metadata else sequence
    return SpectraList(found, run=run, batch=batch, sequence=sequence)
