from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from piccolo3.config import SpectrometerConfig
from piccolo3.errors import Busy, InvalidValue, NotFound, Unavailable
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording import IntegrationTimeChanged, IntegrationTimes, as_number
from piccolo3.status import AutointegrationState
from tests.unit.recording.bench import Bench, MemoryState, run
from tests.unit.workers.fakes import spectrometer_config

Request = Callable[[IntegrationTimes], None]
NOT_DONE, SUCCESS = AutointegrationState.NOT_DONE, AutointegrationState.SUCCESS


def changes(bench: Bench) -> list[str]:
    """What was told, and forgotten then."""
    told = [
        f"{event.serial_number} {event.what}" + (f" {event.channel}" if event.channel else "")
        for event in bench.events
        if isinstance(event, IntegrationTimeChanged)
    ]
    bench.events.clear()
    return told


def test_they_start_as_the_device_can() -> None:
    async def scenario(bench: Bench) -> None:
        times = bench.times
        assert times.min_time("A") == 8.0
        assert times.max_time("A") == 10_000.0
        assert times.current_time("A", "upwelling") == 8.0
        assert times.auto_state("A", "upwelling") is NOT_DONE

    run(scenario)


def test_they_start_as_configured() -> None:
    def config(serial: str) -> SpectrometerConfig:
        return spectrometer_config(serial, min_integration_time=20.0, max_integration_time=1e9)

    async def scenario(bench: Bench) -> None:
        assert bench.times.min_time("A") == 20.0
        assert bench.times.max_time("A") == 60_000.0  # of the device
        assert bench.times.current_time("A", "upwelling") == 20.0
        bench.times.set_min_time("A", 8)
        assert bench.times.min_time("A") == 8.0

    run(scenario, config=config)


def test_setting_and_telling() -> None:
    async def scenario(bench: Bench) -> None:
        times = bench.times
        times.set_current_time("A", "upwelling", 55)
        assert changes(bench) == ["A current_time upwelling"]
        times.set_current_time("A", "upwelling", 55)
        assert changes(bench) == []
        times.set_min_time("A", 60)
        assert changes(bench) == ["A min_time", "A current_time downwelling", "A current_time upwelling"]
        assert times.current_time("A", "downwelling") == 60.0
        times.set_min_time("A", 8)
        times.set_max_time("A", 40.5)
        assert times.current_time("A", "upwelling") == 40.5
        assert changes(bench) == [
            "A min_time",
            "A max_time",
            "A current_time downwelling",
            "A current_time upwelling",
        ]
        assert times.current_time("B", "upwelling") == 8.0

    run(scenario)


def test_automatic_times() -> None:
    async def scenario(bench: Bench) -> None:
        times = bench.times
        times.set_automatic("A", "upwelling", 70.0, SUCCESS)
        assert times.current_time("A", "upwelling") == 70.0
        assert times.auto_state("A", "upwelling") is SUCCESS
        assert times.auto_state("A", "downwelling") is NOT_DONE
        assert changes(bench) == ["A current_time upwelling", "A autointegration upwelling"]
        times.set_automatic("A", "upwelling", None, AutointegrationState.FAILED)
        assert times.current_time("A", "upwelling") == 70.0
        times.set_automatic("A", "upwelling", 1e9, SUCCESS)
        assert times.current_time("A", "upwelling") == 10_000.0
        times.set_current_time("A", "upwelling", 10_000)
        assert times.auto_state("A", "upwelling") is NOT_DONE

    run(scenario)


def test_what_was_achieved() -> None:
    async def scenario(bench: Bench) -> None:
        times = bench.times
        assert times.achieved("A", "upwelling") is None
        times.set_automatic("A", "upwelling", 70.0, SUCCESS, 79.96)
        assert times.achieved("A", "upwelling") == 80.0
        assert times.achieved("A", "downwelling") is None
        assert changes(bench) == ["A current_time upwelling", "A autointegration upwelling", "A achieved upwelling"]
        times.set_automatic("A", "upwelling", 70.0, SUCCESS, 79.98)
        assert changes(bench) == []
        times.set_current_time("A", "upwelling", 70)
        assert times.achieved("A", "upwelling") is None
        assert changes(bench) == ["A autointegration upwelling", "A achieved upwelling"]
        times.set_automatic("A", "upwelling", 70.0, SUCCESS, 81.0)
        times.set_max_time("A", 50)
        assert times.achieved("A", "upwelling") is None
        assert "achieved" not in str(bench.state.values)

    run(scenario)


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (lambda t: t.set_min_time("A", 7.9), InvalidValue, r"integration time 7.9 is smaller than minimum 8$"),
        (lambda t: t.set_min_time("A", 10001), InvalidValue, r"integration time 10001 is larger than maximum 10000$"),
        (lambda t: t.set_max_time("A", 7), InvalidValue, r"integration time 7 is smaller than minimum 8$"),
        (lambda t: t.set_max_time("A", 60001), InvalidValue, r"integration time 60001 is larger than maximum 60000$"),
        (lambda t: t.set_current_time("A", "upwelling", 7), InvalidValue, r"smaller than minimum 8$"),
        (lambda t: t.set_current_time("A", "upwelling", 10001), InvalidValue, r"larger than maximum 10000$"),
        (lambda t: t.set_current_time("A", "upwelling", math.nan), InvalidValue, "finite"),
        (lambda t: t.set_max_time("A", math.inf), InvalidValue, "finite"),
        (lambda t: t.set_current_time("A", "sideways", 10), NotFound, "unknown channel sideways"),
        (lambda t: t.set_current_time("C", "upwelling", 10), NotFound, "unknown spectrometer C"),
        (lambda t: t.set_min_time("C", 10), NotFound, "unknown spectrometer C"),
        (lambda t: t.current_time("A", "sideways"), NotFound, "unknown channel sideways"),
        (lambda t: t.auto_state("A", "sideways"), NotFound, "unknown channel sideways"),
        (lambda t: t.achieved("A", "sideways"), NotFound, "unknown channel sideways"),
        (lambda t: t.max_time("C"), NotFound, "unknown spectrometer C"),
    ],
)
def test_refused_means_unchanged(request_: Request, error: type[Exception], message: str) -> None:
    async def scenario(bench: Bench) -> None:
        before = dict(bench.state.values)
        with pytest.raises(error, match=message):
            request_(bench.times)
        assert bench.state.values == before
        assert changes(bench) == []

    run(scenario)


def test_only_an_idle_spectrometer_is_set() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.workers["A"].disconnect()
        requests: list[Request] = [
            lambda t: t.set_min_time("A", 10),
            lambda t: t.set_max_time("A", 10),
            lambda t: t.set_current_time("A", "upwelling", 10),
        ]
        for request in requests:
            with pytest.raises(Unavailable, match=r"^status of spectrometer A is DISCONNECTED$"):
                request(bench.times)
        bench.times.set_min_time("B", 10)

    run(scenario)


def test_not_while_a_batch_is_recorded() -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold("A")
        await bench.recorder.record_dark()
        with pytest.raises(Busy):
            bench.times.set_current_time("B", "upwelling", 10)
        bench.release()
        await bench.ends()
        bench.times.set_current_time("B", "upwelling", 10)

    run(scenario)


def test_they_survive() -> None:
    state = MemoryState()

    async def first(bench: Bench) -> None:
        bench.times.set_max_time("A", 20_000)
        bench.times.set_min_time("A", 10.5)
        bench.times.set_current_time("A", "upwelling", 15_000)
        bench.times.set_automatic("B", "downwelling", 33.0, SUCCESS)

    async def second(bench: Bench) -> None:
        assert bench.times.max_time("A") == 20_000.0
        assert bench.times.min_time("A") == 10.5
        assert bench.times.current_time("A", "upwelling") == 15_000.0
        assert bench.times.current_time("B", "downwelling") == 33.0
        assert bench.times.auto_state("B", "downwelling") is SUCCESS
        assert bench.times.max_time("B") == 10_000.0

    run(first, state=state)
    run(second, state=state)


@pytest.mark.parametrize(
    "saved",
    [
        None,
        [],
        {"A": 3},
        {"A": {"min": "x", "max": -1, "current": [1], "auto": None}},
        {"A": {"min": math.nan, "max": True, "current": {"upwelling": math.inf}, "auto": {"upwelling": "z"}}},
    ],
)
def test_saved_nonsense_does_no_harm(saved: JsonValue) -> None:
    state = MemoryState()
    state.put("integration_times", saved)

    async def scenario(bench: Bench) -> None:
        assert bench.times.min_time("A") == 8.0
        assert bench.times.max_time("A") == 10_000.0
        assert bench.times.current_time("A", "upwelling") == 8.0

    run(scenario, state=state)


def test_before_the_device_was_open() -> None:
    async def scenario(bench: Bench) -> None:
        class Unknown:
            info = None
            config = spectrometer_config("A")

        times = IntegrationTimes({"A": Unknown()}, ["x"], MemoryState(), bench.broker)  # type: ignore[dict-item]
        assert (times.min_time("A"), times.max_time("A"), times.current_time("A", "x")) == (0.0, 10_000.0, 0.0)

    run(scenario)


def test_whole_numbers_are_served_as_integers() -> None:
    assert repr(as_number(20.0)) == "20"
    assert repr(as_number(20.5)) == "20.5"
