"""Where the pins are on the 40-pin header of a Raspberry Pi (raspberrypi.com/documentation, GPIO pinout)."""

from __future__ import annotations

__all__ = ["place"]

_HEADER = {
    0: 27, 1: 28, 2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33,
    14: 8, 15: 10, 16: 36, 17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37, 27: 13,
}  # fmt: skip


def place(pin: int) -> str:
    """A pin (BCM number) as people find it: `GPIO 18 (header pin 12)`."""
    return f"GPIO {pin} (header pin {_HEADER[pin]})"
