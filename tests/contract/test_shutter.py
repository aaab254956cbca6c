"""What every adapter of a shutter does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from piccolo3.clock import ManualClock
from piccolo3.config import ChannelConfig
from piccolo3.devices import Shutter
from piccolo3.devices.gpio import GpioShutter
from piccolo3.devices.simulated import SimulatedShutter
from piccolo3.devices.simulated.blade import Blade
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

OPEN_PIN, CLOSE_PIN = 18, 17
CONFIG = ChannelConfig(
    shutter="shutter_1",
    direction="upwelling",
    driver="simulated",
    open_pin=OPEN_PIN,
    close_pin=CLOSE_PIN,
    pulse_time=5.0,
    settling_time=10.0,
)


@dataclass
class Adapter:
    """A shutter under test, and the pulses that its lines saw since the last time asked: (pin, ms)."""

    shutter: Shutter
    clock: ManualClock
    pulses: Callable[[], list[tuple[int, float]]]


def simulated(config: ChannelConfig) -> Adapter:
    clock = ManualClock()
    shutter = SimulatedShutter(config, Blade(), clock)

    def pulses() -> list[tuple[int, float]]:
        seen = [(pulse.pin, (pulse.end - pulse.start) * 1000) for pulse in shutter.pulses]
        shutter.pulses.clear()
        return seen

    return Adapter(shutter, clock, pulses)


def gpio(config: ChannelConfig) -> Adapter:
    clock = ManualClock()
    now = [0.0]
    changes: list[tuple[float, int, bool]] = []

    class Pin(MockPin):  # type: ignore[misc]
        def _change_state(self, value: bool) -> bool:
            changed: bool = super()._change_state(value)
            if changed:
                changes.append((clock.monotonic(), int(self.info.name.removeprefix("GPIO")), value))
            return changed

    shutter = GpioShutter(config, clock, MockFactory(pin_class=Pin))

    def pulses() -> list[tuple[int, float]]:
        since = now[0]
        now[0] = clock.monotonic()
        seen = []
        started: dict[int, float] = {}
        for time, pin, value in changes:
            if time < since:
                continue
            if value:
                started[pin] = time
            elif pin in started:
                seen.append((pin, (time - started.pop(pin)) * 1000))
        assert not started, "a line was left on"
        return seen

    return Adapter(shutter, clock, pulses)


ADAPTERS = {"simulated": simulated, "gpio": gpio}


@pytest.fixture(params=ADAPTERS)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[ChannelConfig], Adapter]]:
    made: list[Adapter] = []

    def make(config: ChannelConfig) -> Adapter:
        made.append(ADAPTERS[request.param](config))
        return made[-1]

    yield make
    for adapter in made:
        adapter.shutter.release()


def status(adapter: Adapter) -> ShutterStatus:
    return adapter.shutter.status


def approximately(*pulses: tuple[int, float]) -> list[tuple[int, object]]:
    return [(pin, pytest.approx(duration, abs=1e-6)) for pin, duration in pulses]


@pytest.mark.parametrize("reverse", [False, True])
def test_starts_closed_by_a_pulse(make: Callable[[ChannelConfig], Adapter], reverse: bool) -> None:
    adapter = make(replace(CONFIG, reverse=reverse))
    assert status(adapter) is ShutterStatus.CLOSED
    assert adapter.pulses() == approximately((OPEN_PIN if reverse else CLOSE_PIN, 5.0))


@pytest.mark.parametrize("reverse", [False, True])
def test_one_pulse_on_one_pin_moves_it(make: Callable[[ChannelConfig], Adapter], reverse: bool) -> None:
    adapter = make(replace(CONFIG, reverse=reverse, pulse_time=7.5))
    adapter.pulses()
    adapter.shutter.open()
    assert status(adapter) is ShutterStatus.OPEN
    assert adapter.pulses() == approximately((CLOSE_PIN if reverse else OPEN_PIN, 7.5))
    adapter.shutter.close()
    assert status(adapter) is ShutterStatus.CLOSED
    assert adapter.pulses() == approximately((OPEN_PIN if reverse else CLOSE_PIN, 7.5))


def test_moving_it_again_gives_another_pulse(make: Callable[[ChannelConfig], Adapter]) -> None:
    adapter = make(CONFIG)
    adapter.pulses()
    adapter.shutter.open()
    adapter.shutter.open()
    assert adapter.pulses() == approximately((OPEN_PIN, 5.0), (OPEN_PIN, 5.0))


def test_returns_when_it_has_settled(make: Callable[[ChannelConfig], Adapter]) -> None:
    adapter = make(CONFIG)
    start = adapter.clock.monotonic()
    adapter.shutter.open()
    assert adapter.clock.monotonic() - start == pytest.approx(0.015)


def test_cant_be_moved_after_its_release(make: Callable[[ChannelConfig], Adapter]) -> None:
    adapter = make(CONFIG)
    adapter.shutter.release()
    adapter.shutter.release()
    for move in (adapter.shutter.open, adapter.shutter.close):
        with pytest.raises(DeviceError):
            move()
    assert status(adapter) is ShutterStatus.CLOSED
