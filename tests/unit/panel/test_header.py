from __future__ import annotations

from gpiozero.pins.mock import MockFactory

from piccolo3.panel.header import place


def test_the_header_is_that_of_the_board() -> None:
    factory = MockFactory()
    for pin in range(28):
        board = next(iter(factory.board_info.find_pin(f"GPIO{pin}")), None)
        if board is not None:
            header, info = board
            assert (header.name, place(pin)) == ("J8", f"GPIO {pin} (header pin {info.number})")
    factory.close()
    assert place(18) == "GPIO 18 (header pin 12)"
