"""Data files and their spectra, on their way into the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.store.catalogue import batches
from piccolo3.store.catalogue.blob import encode
from piccolo3.store.catalogue.models import ContentRow, FileRow, LatestRow, SpectrumRow
from piccolo3.store.facts import searchable, start_of, storable, whole
from piccolo3.store.values import FileState

__all__ = ["FileFacts", "add_file"]

# what is done for each sequence is put together once
_KNOWN_FILE = select(FileRow.id, FileRow.sha256).where(
    FileRow.run_id == bindparam("run"), FileRow.name == bindparam("file")
)
_ADD_FILE = insert(FileRow).returning(FileRow.id)
_ADD_SPECTRA = insert(SpectrumRow).returning(SpectrumRow.id, sort_by_parameter_order=True)
_ADD_CONTENTS = insert(ContentRow)
_FIND_DARK = (
    select(SpectrumRow.id)
    .join(FileRow, FileRow.id == SpectrumRow.file_id)
    .where(
        FileRow.run_id == bindparam("run"),
        FileRow.name == bindparam("file"),
        SpectrumRow.serial_number == bindparam("serial"),
        SpectrumRow.direction == bindparam("channel"),
        SpectrumRow.dark,
    )
    .limit(1)
)
_OF_KEY = and_(
    LatestRow.serial_number == bindparam("serial"),
    LatestRow.direction == bindparam("channel"),
    LatestRow.dark == bindparam("kind"),
)
_LATEST_START = select(SpectrumRow.start).join(LatestRow, LatestRow.spectrum_id == SpectrumRow.id).where(_OF_KEY)
_SET_LATEST = update(LatestRow).where(_OF_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file: where it is and how it was found."""

    run: str
    name: str
    size: int
    modified_ns: int
    sha256: str


def add_file(
    connection: Connection,
    facts: FileFacts,
    spectra: SpectraList,
    now: datetime,
    *,
    recorded: bool,
    problem: str | None = None,
) -> int:
    """Note a file and what is in it, in the place of whatever was noted of it before; return its number.

    `recorded`: the spectra were just measured, so that they are the latest ones, whatever the clock says. A `problem`
    says why nothing could be read from it.
    """
    run_id = None if recorded else batches.run_id(connection, facts.run)
    if run_id is None:
        run_id = batches.touch_run(connection, facts.run, now)
    times = [start_of(spectrum) for spectrum in spectra.spectra]
    values: dict[str, object] = {
        "size": facts.size,
        "modified_ns": facts.modified_ns,
        "sha256": facts.sha256,
        "state": FileState.SOUND if problem is None else FileState.DAMAGED,
        "problem": problem,
        "recorded": max(times, default=datetime.fromtimestamp(facts.modified_ns // 10**9, UTC)),
    }
    file_id = _file(connection, run_id, facts, values)
    if times:
        batch_id = batches.batch_id(connection, run_id, whole(spectra.batch, "Batch"), min(times))
        place = {"file_id": file_id, "run_id": run_id, "batch_id": batch_id}
        _add_spectra(connection, place, spectra, times, recorded=recorded)
    return file_id


def _file(connection: Connection, run_id: int, facts: FileFacts, values: dict[str, object]) -> int:
    known = connection.execute(_KNOWN_FILE, {"run": run_id, "file": facts.name}).one_or_none()
    if known is None:
        row = {**values, "run_id": run_id, "name": facts.name}
        return connection.execute(_ADD_FILE, row).scalar_one()
    old = select(SpectrumRow.id).where(SpectrumRow.file_id == known.id)
    connection.execute(delete(ContentRow).where(ContentRow.spectrum_id.in_(old)))
    connection.execute(delete(LatestRow).where(LatestRow.spectrum_id.in_(old)))
    connection.execute(delete(SpectrumRow).where(SpectrumRow.file_id == known.id))
    if known.sha256 != facts.sha256:
        values = {**values, "exported": None}  # what was exported was something else
    connection.execute(update(FileRow).where(FileRow.id == known.id).values(values))
    return int(known.id)


def _add_spectra(
    connection: Connection, place: Mapping[str, int], spectra: SpectraList, times: Sequence[datetime], *, recorded: bool
) -> None:
    numbered = list(enumerate(zip(spectra.spectra, times, strict=True)))
    for dark in (True, False):  # the dark of a spectrum may be in the same file, and has to be found
        of_kind = [(position, spectrum, start) for position, (spectrum, start) in numbered if spectrum.dark == dark]
        if not of_kind:
            continue
        darks = {} if dark else _darks(connection, place["run_id"], (spectrum for _, spectrum, _ in of_kind))
        rows = [
            {
                **place,
                **searchable(spectrum),
                "flags": int(spectrum.flags),
                "position": position,
                "dark_id": darks.get((spectrum.dark_file, spectrum.serial_number, spectrum.direction)),
            }
            for position, spectrum, start in of_kind
        ]
        ids = connection.execute(_ADD_SPECTRA, rows).scalars().all()
        contents = [
            {"spectrum_id": spectrum_id, "pixels": encode(spectrum.pixels), "details": dict(spectrum.metadata)}
            for spectrum_id, (_, spectrum, _) in zip(ids, of_kind, strict=True)
        ]
        connection.execute(_ADD_CONTENTS, contents)
        keys = [
            (str(row["serial_number"]), str(row["direction"]), start)
            for row, (_, _, start) in zip(rows, of_kind, strict=True)
        ]
        _note_latest(connection, dark, dict(zip(ids, keys, strict=True)), recorded=recorded)


def _darks(
    connection: Connection, run_id: int, spectra: Iterable[Spectrum]
) -> dict[tuple[str | None, str, str], int | None]:
    """The darks of light spectra, by file, serial number and channel."""
    wanted = {(s.dark_file, s.serial_number, s.direction) for s in spectra if s.dark_file is not None}
    return {key: _dark(connection, run_id, *key) for key in wanted}


def _dark(connection: Connection, run_id: int, name: str | None, serial_number: str, direction: str) -> int | None:
    key = {"run": run_id, "file": name, "serial": storable(serial_number), "channel": storable(direction)}
    return connection.execute(_FIND_DARK, key).scalar()


def _note_latest(
    connection: Connection, dark: bool, added: Mapping[int, tuple[str, str, datetime]], *, recorded: bool
) -> None:
    """Spectra of one kind were added: serial number, channel and start by number."""
    newest = {(serial, direction): (spectrum_id, start) for spectrum_id, (serial, direction, start) in added.items()}
    for (serial_number, direction), (spectrum_id, start) in newest.items():
        key = {"serial": serial_number, "channel": direction, "kind": dark}
        if not recorded:
            known = connection.execute(_LATEST_START, key).scalar()
            if known is not None and known > start:
                continue
        if connection.execute(_SET_LATEST, {**key, "spectrum_id": spectrum_id}).rowcount == 0:
            row = {"serial_number": serial_number, "direction": direction, "dark": dark, "spectrum_id": spectrum_id}
            connection.execute(insert(LatestRow).values(row))
