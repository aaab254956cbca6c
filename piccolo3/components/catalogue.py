"""What the catalogue of the data directory answers: spectra, batches, files, events, housekeeping; how its check is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Boolean, Integer, Json, JsonValue, ListOf, Nullable, SafeName, Text
from piccolo3.components.declaration import command, lookup, value
from piccolo3.components.entries import (
    batch_item,
    event_item,
    file_item,
    full_spectrum,
    page_of,
    sample_item,
    spectrum_item,
)
from piccolo3.errors import InvalidValue
from piccolo3.events import Broker
from piccolo3.spectrum import Flag
from piccolo3.store import Order, SpectrumQuery
from piccolo3.wire import MAX_OBSERVABLE, parse_time
from piccolo3.workers import Verifier, VerifierChanged, Writer

__all__ = ["CatalogueResources"]

_MOST = 100  # entries of a page
_WHEN = Nullable(Text(max_length=40))
_RUN = Argument("run", Nullable(Text(max_length=255)), default=None, text="null: all")
_LIMIT = Argument("limit", Integer(minimum=1, maximum=_MOST), default=20, text="the most that are answered")
_CURSOR = Argument("cursor", Nullable(Text(max_length=500)), default=None, text="of the page before")
_SINCE = Argument("since", _WHEN, default=None, text="ISO 8601, with an offset from UTC")
_UNTIL = Argument("until", _WHEN, default=None, text="before this")
_FLAGS = Nullable(ListOf(Text(enum=tuple(Flag.__members__)), max_items=len(Flag)))
_NAME = Nullable(Text(max_length=64))
_NAME_OF_QUANTITY = Text(max_length=100)
_PAGED = "newest first; there are more while the answer has a cursor, also if the page is short"


class CatalogueResources(Component):
    """The part of the data directory that needs its catalogue."""

    def __init__(
        self,
        name: str,
        writer: Writer,
        verifier: Verifier,
        broker: Broker,
        *,
        title: str,
        children: Sequence[Component],
    ) -> None:
        super().__init__(name, title=title, children=children)
        self._writer = writer
        self._verifier = verifier
        broker.subscribe(VerifierChanged, lambda _: self.announce("check"))

    @command(
        _SINCE,
        _UNTIL,
        _RUN,
        Argument("batch", Nullable(Integer(minimum=0)), default=None, text="needs a run"),
        Argument("serial", _NAME, default=None, text="of the spectrometer"),
        Argument("direction", _NAME, default=None, text="name of the channel"),
        Argument("dark", Nullable(Boolean()), default=None, text="null: dark and light"),
        Argument("any_flags", _FLAGS, default=None, text="has one of these at least"),
        Argument("no_flags", _FLAGS, default=None, text="has none of these"),
        Argument("order", Text(enum=tuple(Order)), default="time", text="of the exposure, or of recording"),
        _LIMIT,
        _CURSOR,
        answer=Json("spectra (without pixels), cursor"),
        title="spectra that fit a query",
        text=_PAGED,
        safe=True,
    )
    async def query(
        self,
        since: str | None,
        until: str | None,
        run: str | None,
        batch: int | None,
        serial: str | None,
        direction: str | None,
        dark: bool | None,
        any_flags: Sequence[str] | None,
        no_flags: Sequence[str] | None,
        order: str,
        limit: int,
        cursor: str | None,
    ) -> JsonValue:
        """Return a page of spectra."""
        wanted = SpectrumQuery(
            since=_moment("since", since),
            until=_moment("until", until),
            run=run,
            batch=batch,
            serial_number=serial,
            direction=direction,
            dark=dark,
            any_flags=_flag(any_flags),
            no_flags=_flag(no_flags),
            order=Order(order),
            limit=limit,
            cursor=cursor,
        )
        page = await self._writer.ask(lambda store: store.query(wanted))
        return page_of("spectra", page, spectrum_item)

    @lookup(
        Argument("id", Text(pattern=r"[0-9]{1,18}"), text="as in the answer to a query"),
        Json("id, run, batch, sequence, file, metadata, pixels (in CBOR a typed array)"),
        title="one spectrum at full resolution",
    )
    async def spectrum(self, number: str) -> JsonValue:
        """Return a spectrum."""
        wanted = int(number)
        return full_spectrum(wanted, await self._writer.ask(lambda store: store.spectrum(wanted)))

    @command(
        Argument("run", Nullable(SafeName()), default=None, text="null: all"),
        _LIMIT,
        _CURSOR,
        answer=Json("batches (with their commands and how they ended), cursor"),
        title="batches",
        text=_PAGED,
        safe=True,
    )
    async def batches(self, run: str | None, limit: int, cursor: str | None) -> JsonValue:
        """Return a page of batches."""
        page = await self._writer.ask(lambda store: store.batches(run, limit=limit, cursor=cursor))
        return page_of("batches", page, batch_item)

    @command(
        _RUN,
        _LIMIT,
        _CURSOR,
        answer=Json("files (run, name, size, state, problem), cursor"),
        title="files that are not there or not what was written",
        text=_PAGED,
        safe=True,
    )
    async def troubled(self, run: str | None, limit: int, cursor: str | None) -> JsonValue:
        """Return a page of files."""
        page = await self._writer.ask(lambda store: store.files(run, limit=limit, cursor=cursor, troubled=True))
        return page_of("files", page, file_item)

    @command(
        _SINCE,
        _UNTIL,
        _LIMIT,
        _CURSOR,
        answer=Json("events (time, level, kind, source, message, details), cursor"),
        title="what has happened",
        text=_PAGED,
        safe=True,
    )
    async def events(self, since: str | None, until: str | None, limit: int, cursor: str | None) -> JsonValue:
        """Return a page of events."""
        begin, end = _moment("since", since), _moment("until", until)
        page = await self._writer.ask(lambda store: store.events(begin, end, limit=limit, cursor=cursor))
        return page_of("events", page, event_item)

    @command(
        _SINCE,
        _UNTIL,
        Argument(
            "names", Nullable(ListOf(_NAME_OF_QUANTITY, max_items=_MOST)), default=None, text="of quantities; null: all"
        ),
        _LIMIT,
        _CURSOR,
        answer=Json("samples (time, values by the name of the quantity), cursor"),
        title="what housekeeping has measured",
        text=_PAGED,
        safe=True,
    )
    async def housekeeping(
        self, since: str | None, until: str | None, names: Sequence[str] | None, limit: int, cursor: str | None
    ) -> JsonValue:
        """Return a page of samples; the name detector_temperature means those of all spectrometers."""
        begin, end = _moment("since", since), _moment("until", until)
        page = await self._writer.ask(lambda store: store.housekeeping(begin, end, limit=limit, cursor=cursor))
        return page_of("samples", page, partial(sample_item, names=names))

    @value(
        Json("state (waiting, running, complete, failed), done, total, indexed, found, ended", size=MAX_OBSERVABLE),
        title="the check of the files against their catalogue",
        observable=True,
    )
    def check(self) -> JsonValue:
        """Return how far it is, and what was found."""
        return self._verifier.as_dict()

    @check.setter(Argument("deep", Boolean(), default=False, text="also read what looks unchanged"))
    async def set_check(self, deep: bool) -> None:
        """Check once more."""
        self._verifier.again(deep=deep)


def _flag(names: Sequence[str] | None) -> Flag | None:
    return None if names is None else Flag(sum(Flag[name] for name in set(names)))


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_time(text, naive="refuse")
    except InvalidValue as error:
        raise InvalidValue(f"{name}: {error.message}", argument=name) from None
