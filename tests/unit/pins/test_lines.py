from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from piccolo3.errors import DeviceError, DeviceTimeout
from piccolo3.pins import Edge, Pattern
from tests.pins import Bench, bench, wait_for


@pytest.fixture
def rig() -> Iterator[Bench]:
    with bench() as made:
        yield made


def test_nothing_happens_before_the_first_use(rig: Bench) -> None:
    rig.pins.lines("somebody")
    assert not rig.processes


def test_a_pulse_is_not_shorter_than_asked_for_and_says_when_it_was(rig: Bench) -> None:
    lines = rig.pins.lines("a shutter")
    before = time.monotonic()
    pulse = lines.pulse(18, 0.005, rest=0.01)
    assert before <= pulse.begin <= pulse.end - 0.005
    assert time.monotonic() >= pulse.end + 0.01
    assert rig.states(18) == [False, True, False]
    assert rig.widths(18)[-1] >= 5.0
    assert len(rig.processes) == 1


def test_pulses_on_two_pins_are_given_at_the_same_time(rig: Bench) -> None:
    rig.pins.start()
    one, other = rig.pins.lines("one"), rig.pins.lines("other")
    one.level(17, False)
    other.level(27, False)
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda job: job[0].pulse(job[1], 0.05), [(one, 17), (other, 27)])
    assert max(first.begin, second.begin) < min(first.end, second.end)


def test_claiming_a_pin_waits_for_the_end_of_a_pulse(rig: Bench) -> None:
    one, other = rig.pins.lines("one"), rig.pins.lines("other")
    one.level(17, False)
    with ThreadPoolExecutor() as pool:
        pulse = pool.submit(one.pulse, 17, 0.05)
        wait_for(lambda: rig.pin(17).state)
        other.level(27, True)
        claimed = time.monotonic()
    assert claimed >= pulse.result().end
    assert rig.states(27)[-1]


def test_a_pin_has_one_owner_until_that_gives_it_back(rig: Bench) -> None:
    one, other = rig.pins.lines("one"), rig.pins.lines("other")
    one.level(17, True)
    with pytest.raises(DeviceError, match=r"^the GPIO pins of other can't be used: GPIO 17 is in use by one$"):
        other.level(17, False)
    assert rig.pin(17).state
    one.close()
    other.level(17, False)
    assert not other.read(17)


def test_pins_are_off_when_they_are_given_back(rig: Bench) -> None:
    lines, light = rig.pins.lines("one"), rig.pins.lines("a light")
    lines.level(17, True)
    light.pattern(25, Pattern.ON)
    assert lines.read(17)
    lines.close()
    lines.close()
    wait_for(lambda: rig.states(17) == [False, True, False])
    with pytest.raises(DeviceError, match="not in use any more"):
        lines.level(17, True)
    rig.pins.close()
    assert rig.states(25) == [False, True, False]
    with pytest.raises(DeviceError, match="not in use any more"):
        rig.pins.lines("late").level(5, True)


def test_closing_ends_a_pulse(rig: Bench) -> None:
    lines = rig.pins.lines("one")
    with ThreadPoolExecutor() as pool:
        pulse = pool.submit(lines.pulse, 17, 30.0)
        wait_for(lambda: rig.pin(17).state)
        lines.close()
        with pytest.raises(DeviceError, match="not in use any more"):
            pulse.result(2)
    wait_for(lambda: not rig.pin(17).state)


def test_a_pattern_repeats_and_is_replaced_by_the_next(rig: Bench) -> None:
    light = rig.pins.lines("a light")
    light.pattern(25, Pattern.FAST)
    assert rig.pin(25).state
    wait_for(lambda: len(rig.states(25)) >= 4)  # off, on, off, on
    light.pattern(25, Pattern.OFF)
    assert not rig.pin(25).state
    seen = len(rig.states(25))
    time.sleep(0.15)
    assert len(rig.states(25)) == seen


def test_reading_needs_a_claim(rig: Bench) -> None:
    with pytest.raises(DeviceError, match="GPIO 5 is not in use"):
        rig.pins.lines("one").read(5)


@pytest.mark.parametrize("pin", [99, -3])
def test_a_pin_that_does_not_exist(rig: Bench, pin: int) -> None:
    with pytest.raises(DeviceError, match=r"the GPIO pins of one can't be used: ."):
        rig.pins.lines("one").level(pin, True)


def test_edges_are_told_with_their_times_and_without_bouncing(rig: Bench) -> None:
    edges: list[Edge] = []
    lines = rig.pins.lines("the trigger")
    assert lines.watch(12, edges.append, debounce=10.0, reset=20) is False
    assert rig.states(20) == [False, True, False]  # whatever was latched before does not count
    before = time.monotonic()
    for _ in range(3):
        rig.pin(12).drive_high()
        rig.pin(12).drive_low()
    wait_for(lambda: edges)
    assert rig.states(20) == [False, True, False, True, False]
    lines.close()
    rig.pin(12).drive_high()
    assert [edge.active for edge in edges] == [True]
    assert before <= edges[0].time <= time.monotonic()


def test_both_directions_of_a_falling_line(rig: Bench) -> None:
    edges: list[Edge] = []
    lines = rig.pins.lines("the button")
    lines.watch(10, edges.append, active=False, both=True)
    assert rig.pin(10).pull == "up"
    rig.pin(10).drive_low()
    rig.pin(10).drive_high()
    wait_for(lambda: len(edges) == 2)
    assert [edge.active for edge in edges] == [True, False]
    lines.close()


def test_what_is_called_for_an_edge_may_fail(rig: Bench, caplog: pytest.LogCaptureFixture) -> None:
    seen = threading.Event()

    def told(edge: Edge) -> None:
        if "failed" in caplog.text:
            seen.set()
        raise ValueError(edge)

    lines = rig.pins.lines("the trigger")
    lines.watch(12, told)
    rig.pin(12).drive_high()
    wait_for(lambda: "failed" in caplog.text)
    rig.pin(12).drive_low()
    rig.pin(12).drive_high()
    assert seen.wait(2)
    lines.close()


def test_unusable_pins_are_not_tried_again_and_again() -> None:
    with bench("no chip") as rig:
        lines = rig.pins.lines("one")
        for _ in range(2):
            with pytest.raises(DeviceError, match=r"^the GPIO pins of one can't be used: no chip$"):
                lines.level(17, True)
        with pytest.raises(DeviceError, match=r"^no chip$"):
            rig.pins.start()


def test_what_stands_is_restored_where_the_process_dies(rig: Bench) -> None:
    power, light, trigger = rig.pins.lines("power"), rig.pins.lines("light"), rig.pins.lines("trigger")
    edges: list[Edge] = []
    power.level(6, True)
    light.pattern(25, Pattern.ON)
    trigger.watch(12, edges.append)
    rig.processes[0].kill()
    wait_for(lambda: power.losses and light.losses and trigger.losses)
    wait_for(lambda: rig.states(6) == rig.states(25) == [False, True, False, True])
    assert len(rig.processes) == 2
    wait_for(lambda: rig.pin(12).when_changed is not None)
    rig.pin(12).drive_high()
    wait_for(lambda: edges)
    trigger.close()


def test_a_request_under_way_when_the_process_dies_fails_and_the_next_one_works(rig: Bench) -> None:
    lines = rig.pins.lines("a shutter")
    rig.pins.start()
    with ThreadPoolExecutor() as pool:
        pulse = pool.submit(lines.pulse, 17, 30.0)
        wait_for(lambda: rig.pin(17).state)
        rig.processes[0].kill()
        with pytest.raises(DeviceError, match=r"the process that owns them ended .*; the next request starts another"):
            pulse.result(2)
    lines.pulse(17, 0.001)
    assert len(rig.processes) == 2


def test_a_process_that_does_not_answer_is_ended(rig: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.pins.lines._PATIENCE", 0.02)
    lines = rig.pins.lines("a shutter")
    lines.level(17, False)
    monkeypatch.setattr("piccolo3.pins.server.Server._answer", lambda *_: None)
    with pytest.raises(DeviceTimeout, match="does not answer"):
        lines.level(17, True)
    monkeypatch.undo()
    rig.processes[0].wait(2)
    lines.level(17, True)
    assert len(rig.processes) == 2
