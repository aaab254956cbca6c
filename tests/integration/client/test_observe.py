from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from piccolo3.client import Observation, Outcome, Piccolo, Progress
from piccolo3.errors import ConnectionFailed, NotAllowed, NotFound
from tests.integration.client.support import run

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]


def watching(rig: Piccolo, path: str, watch: float = 0.05) -> Observation:
    return Observation(rig._connection, path, watch)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_first_the_value_then_the_changes(fake: Fake, scheme: str) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(f"{scheme}://[::1]:{server.port}") as rig:
            values = rig.observe("control/numSequences")
            assert await anext(values) == 1
            server.set("control/numSequences", 1)  # no change
            server.set("control/numSequences", 2)
            assert await anext(values) == 2
            await rig.control.set_sequences(3)
            assert await anext(values) == 3

    run(test)


def test_several_observers_and_leaving_early(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            for _ in range(3):
                async for value in rig.observe("control/delay"):
                    assert value == 0
                    break
            async with rig.observe("control/delay") as first, rig.observe("control/delay") as second:
                assert [await anext(first), await anext(second)] == [0, 0]
                server.set("control/delay", 1.5)
                assert [await anext(first), await anext(second)] == [1.5, 1.5]
            assert [value async for value in first] == []

    run(test)


def test_a_waiting_observer_can_be_cancelled_and_goes_on(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            values = rig.observe("control/delay")
            assert await anext(values) == 0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await anext(values)
            server.set("control/delay", 1)
            assert await anext(values) == 1

    run(test)


def test_what_can_not_be_observed(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            with pytest.raises(NotAllowed, match="sysinfo/host can't be observed"):
                await anext(rig.observe("sysinfo/host"))
            with pytest.raises(NotFound):
                await anext(rig.observe("control/nonsense"))

    run(test)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_the_end_of_the_server_ends_the_observation(fake: Fake, scheme: str) -> None:
    async def test() -> None:
        server = fake()
        await server.start()
        async with Piccolo(f"{scheme}://[::1]:{server.port}", timeout=0.5) as rig:
            values = watching(rig, "control/status")
            assert await anext(values) == "idle"
            await server.stop()
            with pytest.raises(ConnectionFailed):
                await anext(values)

    run(test)


def test_a_restarted_server_is_observed_again(fake: Fake) -> None:
    async def test() -> None:
        server = fake()
        await server.start()
        async with Piccolo(server.url, timeout=1) as rig:
            values = watching(rig, "control/delay")
            assert await anext(values) == 0
            await server.stop()
            server.values[("control", "delay")] = 5.0
            await server.start()
            assert await anext(values) == 5
            waiting = asyncio.ensure_future(anext(values))
            await asyncio.sleep(0.02)
            server.set("control/delay", 6.0)
            assert await waiting == 6
        await server.stop()

    run(test)


def test_an_open_observation_does_not_outlive_the_connection(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server:
            async with Piccolo(server.url) as rig:
                values = rig.observe("control/status")
                await anext(values)
                waiting = asyncio.ensure_future(anext(values))
                await asyncio.sleep(0.01)
            with pytest.raises(ConnectionFailed, match=r"closed|not open"):
                await waiting

    run(test)


def test_a_value_that_does_not_fit_into_a_datagram(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            values = rig.observe("control/status")
            await anext(values)
            server.set("control/status", "x" * 6000)
            assert await anext(values) == "x" * 6000

    run(test)


def test_follow_a_batch(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            for _ in range(2):
                async with rig.control.follow() as batch:
                    await rig.control.record_sequence("spectra", sequences=3)
                    steps = [progress async for progress in batch]
                assert all(isinstance(step, Progress) for step in steps)
                assert steps[-1].sequence == 2
                assert isinstance(batch.outcome, Outcome)
                assert batch.outcome.complete
                assert batch.outcome.batch == 7
                assert [step async for step in batch] == []

    run(test)


def test_follow_an_old_server(fake: Fake) -> None:
    async def test() -> None:
        async with fake(old=True, step=0.02) as server, Piccolo(server.url) as rig:
            async with rig.control.follow() as batch:
                await rig.control.record_sequence("spectra", sequences=3)
                steps = [progress async for progress in batch]
            assert steps[-1].steps == 3
            assert {step.phase for step in steps} & {"downwelling dark", "downwelling light"}
            assert batch.outcome == Outcome("ended")

    run(test)


def test_the_server_goes_while_a_batch_is_followed(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "piccolo3.client.follow.Observation", lambda connection, path: Observation(connection, path, 0.05)
    )

    async def test() -> None:
        server = fake(hold=True)
        await server.start()
        async with Piccolo(server.url, timeout=0.5) as rig, rig.control.follow() as batch:
            await rig.control.record_sequence(sequences=3)
            await server.stop()
            with pytest.raises(ConnectionFailed):
                async for _ in batch:
                    pass

    run(test)


def test_a_refused_start_is_told(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig, rig.control.follow():
            with pytest.raises(NotFound, match="scheduler is not available"):
                await rig.control.record_sequence(at_time="2026-11-21T00:00:00+00:00")

    run(test)
