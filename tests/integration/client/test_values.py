from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from piccolo3.client import Piccolo
from piccolo3.client.failures import TimedOut
from piccolo3.client.link import LinkChange
from piccolo3.errors import ConnectionFailed, InvalidValue, NotAllowed, NotFound
from piccolo3.status import ShutterStatus, SpectrometerStatus
from tests.integration.client.support import run

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.client.link.WATCH", 0.05)
    monkeypatch.setattr("piccolo3.client.link._PAUSE", 0.02)
    monkeypatch.setattr("piccolo3.client.observation._WATCH", 0.05)


def new(server: FakeRig, started: str | None = "2026-11-21T00:00:00+00:00") -> FakeRig:
    if started is not None:
        server._value("sysinfo/started", started)
    return server


def test_values_are_read_set_and_followed(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url) as rig:
            assert await rig.control.delay.get() == await rig.control.delay() == 0
            await rig.control.delay.set(2.5)
            assert (rig.control.delay.path, await rig.control.delay()) == ("control/delay", 2.5)
            times = rig.spectrometers["dummy_A"].current_time["upwelling"]
            await times.set(12.5)
            assert await times() == 12.5
            async with rig.control.delay.observe() as delays:
                assert await anext(delays) == 2.5
                server.set("control/delay", 3)
                assert await anext(delays) == 3
            assert [delay async for delay in delays] == []
            assert rig.connected
            assert repr(rig.control.delay) == f"<Setting control/delay of {server.url}>"

    run(test)


def test_answers_of_a_wrong_type(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url) as rig:
            server.set("spectrometer/S_dummy_A/status", 99)
            server.set("control/delay", "soon")
            with pytest.raises(InvalidValue, match="99, which is no known state"):
                await rig.spectrometers["dummy_A"].status()
            with pytest.raises(InvalidValue, match="control/delay is 'soon', not a number"):
                await anext(rig.control.delay.observe())

    run(test)


def test_shutters(fake: Fake) -> None:
    async def test() -> None:
        server = new(fake())
        server._value("shutter/shutters", ["up"])
        server._value("shutter/up/status", "closed")
        server._action("shutter/up/open_shutter", lambda wanted: None)
        server._action("shutter/up/close_shutter", lambda wanted: None)
        async with server, Piccolo(server.url) as rig:
            (shutter,) = await rig.shutters.all()
            assert (shutter.direction, await shutter.status()) == ("up", ShutterStatus.CLOSED)
            await shutter.open()
            await shutter.close()
            assert [path for path, _ in server.calls] == ["shutter/up/open_shutter", "shutter/up/close_shutter"]

    run(test)


def test_waiting_for_a_value(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url) as rig:
            waiting = asyncio.create_task(rig.control.delay.wait_for(4, 5))
            status = asyncio.create_task(rig.spectrometers["dummy_A"].status.wait_for(lambda state: state < 6, 5))
            await asyncio.sleep(0.02)
            server.set("control/delay", 4)
            server.set("spectrometer/S_dummy_A/status", 3)
            assert await waiting == 4
            assert await status is SpectrometerStatus.DROPPED
            with pytest.raises(TimeoutError) as caught:
                await rig.control.delay.wait_for(7, 0.1)
            assert isinstance(caught.value, TimedOut)
            assert str(caught.value) == f"control/delay of {server.url} did not become 7 within 0.1 s: it is 4"

    run(test)


def test_what_can_not_be_observed(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url) as rig:
            server._value("control/delay", 1)
            server.observable.clear()
            with pytest.raises(NotAllowed, match="can't be observed"):
                await anext(rig.control.delay.observe())
            with pytest.raises(NotFound):
                await anext(rig.control.mode.observe())

    run(test)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
@pytest.mark.parametrize("restarted", [True, False, None])
def test_observation_outlasts_the_server(
    fake: Fake, scheme: str, restarted: bool | None, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[LinkChange] = []
    gone = asyncio.Event()

    def tell(change: LinkChange) -> None:
        told.append(change)
        gone.set()

    async def test() -> None:
        server = new(fake(), None if restarted is None else "2026-11-21T00:00:00+00:00")
        await server.start()
        async with Piccolo(f"{scheme}://[::1]:{server.port}", timeout=0.5, on_link=tell) as rig:
            observed = [rig.control.delay.observe() for _ in range(10)]
            assert [await anext(values) for values in observed] == [0] * 10
            waiting = [asyncio.ensure_future(anext(values)) for values in observed]
            await asyncio.sleep(0.01)
            await server.stop()
            if restarted is not None:
                await gone.wait()
            server.values[("control", "delay")] = 5.0
            if restarted:
                server.values[("sysinfo", "started")] = "2026-11-21T00:00:01+00:00"
            await server.start()
            assert await asyncio.gather(*waiting) == [5] * 10
            waiting = [asyncio.ensure_future(anext(values)) for values in observed]
            await asyncio.sleep(0.1)
            server.set("control/delay", 6.0)
            assert await asyncio.gather(*waiting) == [6] * 10
            assert rig.connected
        await server.stop()
        assert not rig.connected

    with caplog.at_level(logging.WARNING, "piccolo3.client.link"):
        run(test)
    if restarted is not None:
        lost, found = told
        assert (lost.connected, found.connected, found.restarted) == (False, True, restarted)
        assert "again: the server was restarted" in found.sentence or not restarted
        assert found.sentence in caplog.text


def test_a_restart_that_nobody_noticed(fake: Fake) -> None:
    told: list[LinkChange] = []

    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url, on_link=told.append) as rig:
            values = rig.control.delay.observe()
            assert await anext(values) == 0
            waiting = asyncio.ensure_future(anext(values))
            server.values[("sysinfo", "started")] = "2026-11-21T00:00:01+00:00"
            server.values[("control", "delay")] = 1  # without a notification
            assert await waiting == 1

    run(test)
    assert [(change.connected, change.restarted) for change in told] == [(True, True)]


def test_a_listener_that_fails_harms_nobody(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: LinkChange) -> None:
        raise ValueError("broken listener")

    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url, on_link=broken) as rig:
            values = rig.control.delay.observe()
            await anext(values)
            server.values[("sysinfo", "started")] = "2026-11-21T00:00:01+00:00"
            server.values[("control", "delay")] = 1
            assert await anext(values) == 1

    run(test)
    assert "broken listener" in caplog.text


def test_closing_ends_whoever_waits(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server:
            async with Piccolo(server.url) as rig:
                values = rig.control.delay.observe()
                await anext(values)
                waiting = asyncio.ensure_future(anext(values))
                await asyncio.sleep(0.01)
            with pytest.raises(ConnectionFailed, match="has been closed"):
                await waiting
            async with rig:  # the same once more
                assert await anext(rig.control.delay.observe()) == 0

    run(test)


def test_a_cancelled_consumer_loses_nothing(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url) as rig:
            values = rig.control.delay.observe()
            assert await anext(values) == 0
            for number in range(1, 20):
                waiting = asyncio.ensure_future(anext(values))
                await asyncio.sleep(0.001 * (number % 4))
                server.set("control/delay", number)
                await asyncio.sleep(0.001 * (number % 3))
                waiting.cancel()
                (result,) = await asyncio.gather(waiting, return_exceptions=True)
                if isinstance(result, asyncio.CancelledError):
                    result = await anext(values)
                assert result == number

    run(test)


def test_what_a_server_of_another_version_does_not_have(fake: Fake) -> None:
    async def test() -> None:
        async with new(fake()) as server, Piccolo(server.url) as rig:
            with pytest.raises(NotFound, match=r"at .* has no control/mode: perhaps it is of another version"):
                await rig.control.mode()
            with pytest.raises(NotFound, match="there is no file x"):  # what it says itself
                await rig.put(("data_dir", "runs", "a run", "spectra"), "x")

    run(test)
