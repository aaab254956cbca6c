from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from piccolo3.client import Piccolo
from piccolo3.client.connection import Connection
from piccolo3.errors import Busy, ConnectionFailed, InvalidValue, NotAllowed, NotBusy, NotFound
from piccolo3.status import AutointegrationState, SpectrometerStatus
from tests.integration.client.support import run

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_get_put_post(fake: Fake, scheme: str) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(f"{scheme}://[::1]:{server.port}") as rig:
            assert await rig.get("control/status") == "idle"
            assert await rig.put("control/numSequences", 5) is None
            assert server.calls[-1] == ("control/numSequences", "[[5], {}]")
            assert await rig.post("control/numSequences", new=6) is None
            assert server.calls[-1] == ("control/numSequences", '[[], {"new": 6}]')
            assert await rig.get(("control", "numSequences")) == 6
            assert await rig.put("data_dir/all_runs") == ["a run", "spectra"]

    run(test)


def test_ipv4_and_names(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        server = fake()
        await server.start(("udp6",), host="127.0.0.1")
        try:
            async with Piccolo(f"coap://127.0.0.1:{server.port}") as rig:
                assert await rig.sysinfo.version() == "0.6.0"

            async def addresses(*_: object) -> list[str]:
                return ["::1", "127.0.0.1"]

            # a name that stands for an IPv6 address too, where nobody listens
            monkeypatch.setattr(Connection, "_hosts", addresses)
            async with Piccolo(f"coap://rig.example:{server.port}") as rig:
                assert await rig.sysinfo.version() == "0.6.0"
        finally:
            await server.stop()

    run(test)


def test_errors_come_back_as_the_class_that_was_raised(fake: Fake) -> None:
    async def test() -> None:
        async with fake(hold=True) as server, Piccolo(server.url) as rig:
            with pytest.raises(NotFound):
                await rig.get("control/nonsense")
            with pytest.raises(NotAllowed):
                await rig.get("control/record_sequence")
            with pytest.raises(NotBusy, match="piccolo system is not busy"):
                await rig.control.abort()
            await rig.control.record_sequence()
            with pytest.raises(Busy):
                await rig.control.record_sequence()

    run(test)


def test_text_errors_of_old_servers(fake: Fake) -> None:
    async def test() -> None:
        async with fake(old=True, hold=True) as server, Piccolo(server.url) as rig:
            await rig.control.record_sequence()
            with pytest.raises(InvalidValue, match="piccolo system is busy"):
                await rig.control.record_sequence()
            await rig.control.abort()  # by GET

    run(test)


def test_nobody_listens(unused_port: int) -> None:
    async def test() -> None:
        begin = asyncio.get_running_loop().time()
        with pytest.raises(
            ConnectionFailed, match=f"nothing listens at coap://localhost:{unused_port}.*piccolo3-server"
        ):
            async with Piccolo(f"coap://localhost:{unused_port}"):
                pass
        with pytest.raises(ConnectionFailed, match="connection refused"):
            async with Piccolo(f"coap+tcp://localhost:{unused_port}"):
                pass
        assert asyncio.get_running_loop().time() - begin < 2

    run(test)


def test_nobody_answers() -> None:
    async def test() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            url = f"coap://127.0.0.1:{silent.getsockname()[1]}"
            begin = asyncio.get_running_loop().time()
            with pytest.raises(ConnectionFailed, match=f"no answer from {url} within 0.3 s: check") as caught:
                async with Piccolo(url, timeout=0.3):
                    pass
            assert 0.2 < asyncio.get_running_loop().time() - begin < 1
            assert caught.value.details["url"] == url

    run(test)


def test_a_request_is_not_sent_again_after_its_deadline() -> None:
    async def test() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            silent.setblocking(False)
            with pytest.raises(ConnectionFailed):
                async with Piccolo(f"coap://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3):
                    pass
            count = 0
            while True:
                try:
                    silent.recv(2000)
                except BlockingIOError:
                    break
                count += 1
            assert 3 <= count <= 5  # sent again, but only while somebody waited
            await asyncio.sleep(0.1)
            with pytest.raises(BlockingIOError):
                silent.recv(2000)

    run(test)


def test_unknown_host() -> None:
    async def test() -> None:
        with pytest.raises(ConnectionFailed, match=r"the host name 'no-such-rig.invalid' .* is not known"):
            async with Piccolo("coap://no-such-rig.invalid"):
                pass

    run(test)


def test_a_stopped_server_is_found_again(fake: Fake) -> None:
    async def test() -> None:
        server = fake()
        await server.start()
        async with Piccolo(server.url, timeout=1) as rig:
            await server.stop()
            with pytest.raises(ConnectionFailed):
                await rig.get("control/status")
            await server.start()
            assert await rig.get("control/status") == "idle"
        await server.stop()
        with pytest.raises(ConnectionFailed, match="not open"):
            await rig.get("control/status")

    run(test)


def test_a_slow_answer_is_not_waited_for(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url, timeout=0.3) as rig:
            server.delay_answers = 5
            with pytest.raises(ConnectionFailed, match=r"within 0.3 s"):
                await rig.get("control/status")

    run(test)


def test_proxies(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            assert await rig.sysinfo.host() == "rig"
            assert (await rig.sysinfo.cpu(), await rig.sysinfo.mem()) == (1.5, 12)
            assert await rig.sysinfo.clock() == datetime(2026, 11, 21, 0, 10, 16, 113751, tzinfo=UTC)
            assert await rig.spectrometers.channels() == ("downwelling", "upwelling")
            spectrometers = await rig.spectrometers.all()
            assert [one.name for one in spectrometers] == ["S_dummy_A", "S_dummy_B"]
            one = rig.spectrometers["dummy_A"]
            assert (one.name, one.serial_number) == ("S_dummy_A", "dummy_A")
            assert await one.status() is SpectrometerStatus.IDLE
            assert await one.autointegration("upwelling") is AutointegrationState.NOT_DONE
            await one.set_min_time(2.5)
            await one.set_max_time(500)
            await one.set_current_time("upwelling", 12)
            assert (await one.min_time(), await one.max_time()) == (2.5, 500)
            assert (await one.current_time("upwelling"), await one.current_time("downwelling")) == (12, 0)
            await rig.control.set_sequences(4)
            await rig.control.set_autointegration(0)
            await rig.control.set_delay(1.5)
            await rig.control.set_target(70)
            assert await rig.control.sequences() == 4
            assert await rig.control.autointegration() == 0
            assert await rig.control.delay() == 1.5
            assert await rig.control.target() == 70
            assert await rig.control.status() == "idle"
            assert await rig.control.current_sequence() == -1
            assert await rig.control.outcome() is None
            assert (await rig.control.progress()).phase == "idle"
            await rig.control.pause()
            assert not server.going.is_set()
            server.set("spectrometer/S_dummy_A/status", 99)
            with pytest.raises(InvalidValue, match="99"):
                await one.status()
            server.set("spectrometer/S_dummy_A/autointegration/upwelling", "x")
            with pytest.raises(InvalidValue, match="'x'"):
                await one.autointegration("upwelling")

    run(test)


@pytest.mark.parametrize("old", [False, True])
def test_data_directory(fake: Fake, old: bool, pico_text: str) -> None:
    async def test() -> None:
        async with fake(old=old) as server, Piccolo(server.url) as rig:
            large = pico_text + " " * 100_000  # comes in blocks, and is more than a server would take
            server.add_file("b000000_s000000_light.pico", large)
            assert await rig.data_dir.path() == "/data"
            assert await rig.data_dir.runs() == ("a run", "spectra")
            assert (await rig.data_dir.current_run()).name == "spectra"
            await rig.data_dir.set_current_run("a run")
            run = await rig.data_dir.current_run()
            assert run.name == "a run"
            assert await run.current_batch() == 0
            (file,) = await run.files()
            assert await run.read(file) == large
            spectra = await run.spectra(file)
            assert spectra.spectra[0].serial_number == "dummy_A"
            with pytest.raises((NotFound, InvalidValue), match="there is no file"):
                await run.read("nothing.pico")

    run(test)
