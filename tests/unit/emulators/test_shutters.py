"""Blades and switches on pins."""

from __future__ import annotations

import json

import pytest

from emulators.shutters import Board
from emulators.specification import ShutterSpecification
from piccolo3.devices.simulated.blade import Blade

MS = 1_000_000
OPEN, CLOSE = 18, 17


@pytest.fixture
def board() -> Board:
    return Board()


def pulse_shutter(board: Board) -> Blade:
    blade = Blade()
    wired = ShutterSpecification(direction="up", driver="pulse", opening_pin=OPEN, closing_pin=CLOSE, travel_time=15.0)
    board.wire_shutter(wired, blade)
    return blade


def pulse(board: Board, pin: int, start: float, width: float) -> None:
    board.switch(pin, round(start * MS), 1, on=True)
    board.switch(pin, round((start + width) * MS), 1, on=False)


def test_a_pulse_moves_a_shutter_and_it_stays(board: Board) -> None:
    blade = pulse_shutter(board)
    pulse(board, OPEN, 100, 5)
    assert blade.open_share(0, 104 * MS) == 0
    assert 0 < blade.open_share(104 * MS, 115 * MS) < 1
    assert blade.open_share(115 * MS, 9000 * MS) == 1
    pulse(board, CLOSE, 9000, 5)
    assert blade.open_share(9015 * MS, 9020 * MS) == 0


def test_a_short_pulse_moves_nothing(board: Board) -> None:
    blade = pulse_shutter(board)
    pulse(board, OPEN, 100, 3.9)
    board.settle(1000 * MS)
    assert blade.open_share(0, 1000 * MS) == 0


def test_a_shutter_moves_while_the_pulse_lasts(board: Board) -> None:
    blade = pulse_shutter(board)
    board.switch(OPEN, 100 * MS, 1, on=True)
    board.settle(103 * MS)
    assert blade.open_share(0, 200 * MS) == 0
    board.settle(105 * MS)
    assert blade.open_share(0, 200 * MS) > 0
    board.switch(OPEN, 200 * MS, 1, on=False)
    assert blade.open_share(115 * MS, 300 * MS) == 1


@pytest.mark.parametrize("inverted", [False, True])
def test_a_level_holds_a_shutter(board: Board, inverted: bool) -> None:
    blade = Blade()
    wired = ShutterSpecification(direction="up", driver="level", opening_pin=5, inverted=inverted, travel_time=20)
    board.wire_shutter(wired, blade)
    assert blade.open_share(0, 100 * MS) == float(inverted)
    board.switch(5, 100 * MS, 1, on=True)
    assert blade.open_share(120 * MS, 200 * MS) == float(not inverted)
    board.release({5}, 1)  # now: whatever that is, it is later
    assert [change.on for change in board.changes] == [True, False]


def test_a_fibre_without_a_shutter_and_one_that_is_moved_by_hand(board: Board) -> None:
    none, hand = Blade(), Blade()
    board.wire_shutter(ShutterSpecification(direction="a", driver="none"), none)
    board.wire_shutter(ShutterSpecification(direction="b"), hand)
    assert none.open_share(0, MS) == 1
    assert hand.open_share(0, MS) == 0


def test_a_switch_takes_the_power_while_it_is_on(board: Board) -> None:
    told: list[bool] = []
    board.wire_switch(4, told.append)
    for on in (False, True, True, False):
        board.switch(4, 0, 1, on=on)
    assert told == [False, True]


def test_pins_of_a_process_that_has_ended_are_off(board: Board) -> None:
    told: list[bool] = []
    board.wire_switch(4, told.append)
    board.switch(4, 0, 1, on=True)
    board.release({4, 7}, 1)
    assert told == [False, True]


def test_buttons_are_heard_also_by_those_who_come_late(board: Board) -> None:
    first: list[bytes] = []
    board.add_listener(first.append)
    board.drive(21, on=False)
    late: list[bytes] = []
    board.add_listener(late.append)
    board.remove_listener(first.append)
    board.drive(21, on=True)
    assert [json.loads(message) for message in first] == [{"pin": "GPIO21", "on": False}]
    assert [json.loads(message)["on"] for message in late] == [False, True]


def test_what_a_pin_did_before_an_exposure_counts_in_it_however_late_it_is_read(board: Board) -> None:
    blade = Blade()
    board.wire_shutter(ShutterSpecification(direction="up", driver="level", opening_pin=OPEN, closing_pin=CLOSE), blade)
    said = [(100 * MS, True), (200 * MS, False), (300 * MS, True)]

    def looking() -> None:
        for moment, on in said:
            board.foresee(OPEN, moment, 1, on=on)

    board.look_ahead(looking)
    board.settle(1000 * MS)
    assert blade.open_share(400 * MS, 500 * MS) == 1.0
    for moment, on in said:  # and is read then
        board.switch(OPEN, moment, 1, on=on)
    assert [change.on for change in board.changes] == [True, False, True]
    board.look_ahead(looking, again=False)
    said.append((600 * MS, False))
    board.settle(1000 * MS)
    assert len(board.changes) == 3
