"""What every adapter of a shutter does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from piccolo3.clock import Clock, ManualClock, SystemClock
from piccolo3.config import ChannelConfig
from piccolo3.devices import GatedShutter, Shutter
from piccolo3.devices.gpio import LevelShutter, PulseShutter
from piccolo3.devices.simulated import SimulatedShutter
from piccolo3.devices.simulated.blade import Blade
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus
from tests.pins import bench

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
    """A shutter under test, and what its lines saw since the last time asked: (pin, ms on), ms None for a level."""

    shutter: Shutter
    clock: Clock
    seen: Callable[[], list[tuple[int, float | None]]]
    stop: Callable[[], object] = lambda: None


def simulated(config: ChannelConfig) -> Adapter:
    clock = ManualClock()
    shutter = SimulatedShutter(config, Blade(), clock)

    def seen() -> list[tuple[int, float | None]]:
        pulses: list[tuple[int, float | None]] = [(p.pin, (p.end - p.start) * 1000) for p in shutter.pulses]
        shutter.pulses.clear()
        return pulses

    return Adapter(shutter, clock, seen)


def gpio(config: ChannelConfig) -> Adapter:
    stack = ExitStack()
    rig = stack.enter_context(bench())
    told = {OPEN_PIN: 0, CLOSE_PIN: 0}

    def seen() -> list[tuple[int, float | None]]:
        found: list[tuple[int, float | None]] = []
        for pin in told:
            assert not rig.pin(pin).state, "a line was left on"
            widths = rig.widths(pin)
            found += [(pin, width) for width in widths[told[pin] :]]
            told[pin] = len(widths)
        return found

    return Adapter(PulseShutter(config, rig.pins), SystemClock(), seen, stack.close)


def level(config: ChannelConfig) -> Adapter:
    stack = ExitStack()
    rig = stack.enter_context(bench())
    before = [bool(rig.pin(OPEN_PIN).state)]

    def seen() -> list[tuple[int, float | None]]:
        assert rig.states(CLOSE_PIN) == [False]
        was, before[0] = before[0], bool(rig.pin(OPEN_PIN).state)
        return [(OPEN_PIN, None)] if was is not before[0] else []

    return Adapter(LevelShutter(config, rig.pins), SystemClock(), seen, stack.close)


def inside(config: ChannelConfig) -> Adapter:
    """The one inside a spectrometer, and what that is told."""
    clock, told = ManualClock(), [False]
    shutter, before = GatedShutter(config, clock), [False]
    shutter.mover = told.append

    def seen() -> list[tuple[int, float | None]]:
        was, before[0] = before[0], told[-1]
        assert told[-1] is (shutter.status is ShutterStatus.OPEN)
        return [(OPEN_PIN, None)] if was is not before[0] else []

    return Adapter(shutter, clock, seen)


PULSED = {"simulated": simulated, "gpio": gpio}
ADAPTERS = {**PULSED, "level": level, "spectrometer": inside}


def makers(adapters: Mapping[str, Callable[[ChannelConfig], Adapter]]) -> Callable[..., object]:
    @pytest.fixture(params=adapters)
    def make(request: pytest.FixtureRequest) -> Iterator[Callable[[ChannelConfig], Adapter]]:
        made: list[Adapter] = []

        def make(config: ChannelConfig) -> Adapter:
            made.append(adapters[request.param](config))
            made[-1].shutter.close()
            made[-1].seen()
            return made[-1]

        yield make
        for adapter in made:
            adapter.shutter.release()
            adapter.stop()

    return make


make = makers(ADAPTERS)
make_pulsed = makers(PULSED)


def status(adapter: Adapter) -> ShutterStatus:
    return adapter.shutter.status


def about(adapter: Adapter, pin: int, duration: float) -> tuple[int, object]:
    """A pulse of that many ms; on real time it may be longer."""
    exact = isinstance(adapter.clock, ManualClock)
    return (pin, pytest.approx(duration, abs=1e-6) if exact else _Between(duration, duration + 50))


@dataclass(frozen=True)
class _Between:
    low: float
    high: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and self.low <= other <= self.high

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("reverse", [False, True])
def test_one_pulse_on_one_pin_moves_it(make_pulsed: Callable[[ChannelConfig], Adapter], reverse: bool) -> None:
    adapter = make_pulsed(replace(CONFIG, reverse=reverse, pulse_time=7.5))
    adapter.shutter.open()
    assert status(adapter) is ShutterStatus.OPEN
    assert adapter.seen() == [about(adapter, CLOSE_PIN if reverse else OPEN_PIN, 7.5)]
    adapter.shutter.close()
    assert status(adapter) is ShutterStatus.CLOSED
    assert adapter.seen() == [about(adapter, OPEN_PIN if reverse else CLOSE_PIN, 7.5)]


def test_moving_it_again_gives_another_pulse(make_pulsed: Callable[[ChannelConfig], Adapter]) -> None:
    adapter = make_pulsed(CONFIG)
    adapter.shutter.open()
    adapter.shutter.open()
    assert adapter.seen() == [about(adapter, OPEN_PIN, 5.0)] * 2


@pytest.mark.parametrize("reverse", [False, True])
def test_it_is_where_it_was_moved_last(make: Callable[[ChannelConfig], Adapter], reverse: bool) -> None:
    adapter = make(replace(CONFIG, reverse=reverse))
    assert status(adapter) is ShutterStatus.CLOSED
    adapter.shutter.open()
    assert len(adapter.seen()) == 1
    adapter.shutter.open()
    assert status(adapter) is ShutterStatus.OPEN
    adapter.seen()
    adapter.shutter.close()
    assert len(adapter.seen()) == 1
    assert status(adapter) is ShutterStatus.CLOSED


@pytest.mark.alone
def test_returns_when_it_has_settled(make: Callable[[ChannelConfig], Adapter]) -> None:
    adapter = make(CONFIG)
    start = adapter.clock.monotonic()
    adapter.shutter.open()
    shortest = 0.010 if isinstance(adapter.shutter, LevelShutter | GatedShutter) else 0.015
    assert shortest - 1e-9 <= adapter.clock.monotonic() - start < shortest + 0.2


def test_cant_be_moved_after_its_release(make: Callable[[ChannelConfig], Adapter]) -> None:
    adapter = make(CONFIG)
    adapter.shutter.release()
    adapter.shutter.release()
    for move in (adapter.shutter.open, adapter.shutter.close):
        with pytest.raises(DeviceError):
            move()
    assert status(adapter) is ShutterStatus.CLOSED


def status_of(shutter: GatedShutter) -> ShutterStatus:
    """A function, for type checkers believe that properties don't change."""
    return shutter.status


def test_one_inside_a_spectrometer_is_unavailable_without_it() -> None:
    shutter = GatedShutter(CONFIG, ManualClock())
    assert shutter.status is ShutterStatus.UNAVAILABLE
    with pytest.raises(DeviceError, match="not started"):
        shutter.open()

    def fail(opened: bool) -> None:
        raise DeviceError("gone")

    shutter.mover = lambda opened: None
    shutter.open()
    assert status_of(shutter) is ShutterStatus.OPEN
    shutter.lost()
    assert status_of(shutter) is ShutterStatus.UNAVAILABLE
    shutter.close()
    assert status_of(shutter) is ShutterStatus.CLOSED
    shutter.mover = fail
    with pytest.raises(DeviceError, match="gone"):
        shutter.close()
    assert status_of(shutter) is ShutterStatus.UNAVAILABLE
