"""What the client asks for over a thin link, at a real daemon: compact forms, and nothing twice."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import aiocoap
import pytest
from aiocoap.numbers import codes

from piccolo3.client import Piccolo
from piccolo3.client.connection import Connection
from piccolo3.errors import InvalidValue, NotFound
from piccolo3.spectrum import dumps
from piccolo3.wire import COMPACT
from tests.system.support import Daemon

FOREIGN = (
    '{"Spectra": [{"Pixels": [1, 2, 3], "Metadata": {"Dark": true, "IntegrationTime": 5, "Datetime": "2020-01-01"}}]}'
)


class Watched:
    """The answers as they came over the link, of all connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[aiocoap.Message] = []
        exchange = Connection._exchange

        async def watched(self_: Connection, message: aiocoap.Message, seconds: float) -> aiocoap.Message | None:
            answer = await exchange(self_, message, seconds)
            if answer is not None:
                self.answers.append(answer)
            return answer

        monkeypatch.setattr(Connection, "_exchange", watched)

    def take(self) -> list[aiocoap.Message]:
        taken, self.answers = self.answers, []
        return taken


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_files_pages_and_the_last_spectrum(start: Callable[..., Daemon], watched: Watched, scheme: str) -> None:
    daemon = start()
    daemon.wait_until_ready()

    async def use() -> None:
        async with Piccolo(daemon.url.replace("coap", scheme)) as rig:
            batch = await rig.control.record_sequence("thin", sequences=1)
            assert (await batch.outcome()).complete
            run = rig.data_dir.run("thin")
            names = await run.files()
            assert len(names) == 2
            watched.take()
            for name in names:
                on_disk = (daemon.folder / "thin" / name).read_text(encoding="utf-8")
                assert await run.read(name) == on_disk
                (answer,) = watched.take()
                assert answer.opt.content_format == COMPACT
                assert len(answer.payload) < len(on_disk) / 6
                spectra = await run.spectra(name)
                assert dumps(spectra) == on_disk
                assert (spectra.run, spectra.batch, spectra.sequence) == ("thin", 0, 0)
                (answer,) = watched.take()
                assert (answer.code, answer.payload) == (codes.VALID, b"")
            first = [entry async for entry in rig.data_dir.query(run="thin")]
            pages = watched.take()
            assert [entry async for entry in rig.data_dir.query(run="thin")] == first
            again = watched.take()
            assert len(first) == 8
            assert {page.opt.content_format for page in pages} == {COMPACT}
            assert {(page.code, page.payload) for page in again} == {(codes.VALID, b"")}
            one = await rig.data_dir.latest_spectrum("dummy_B", "upwelling")
            (answer,) = watched.take()
            assert answer.opt.content_format == COMPACT
            assert one.serial_number == "dummy_B"
            with pytest.raises(NotFound):
                await run.read("b000009_s000000_dark.pico")
            with pytest.raises(NotFound):
                await run.spectra("b000009_s000000_dark.pico")
            # a file that is laid out in another way, and one that is none
            (daemon.folder / "thin" / "b000007_s000000_dark.pico").write_text(FOREIGN)
            (daemon.folder / "thin" / "b000008_s000000_dark.pico").write_text("{ ä")
            assert await run.read("b000007_s000000_dark.pico") == FOREIGN
            foreign = await run.spectra("b000007_s000000_dark.pico")
            assert (foreign.batch, foreign.spectra[0].pixels.tolist()) == (7, [1, 2, 3])
            assert await run.read("b000008_s000000_dark.pico") == "{ ä"
            with pytest.raises(InvalidValue, match="b000008"):
                await run.spectra("b000008_s000000_dark.pico")

    asyncio.run(use())


def test_the_hash_is_that_of_the_file(start: Callable[..., Daemon]) -> None:
    daemon = start()
    (daemon.folder / "old").mkdir()
    (daemon.folder / "old" / "b000000_s000000_dark.pico").write_text(FOREIGN)

    async def use() -> None:
        async with Piccolo(daemon.url) as rig:
            connection = rig._connection
            path = "data_dir/runs/old/spectra/b000000_s000000_dark.pico"
            body = await connection.request(codes.GET, path, accept=COMPACT)
            assert isinstance(body, dict)
            assert body["sha256"] == hashlib.sha256(FOREIGN.encode()).hexdigest()

    asyncio.run(use())
