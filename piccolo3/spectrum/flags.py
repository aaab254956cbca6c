"""The quality flags of a spectrum: a bitmask for programs, names for people."""

from __future__ import annotations

from enum import IntFlag

__all__ = ["Flag", "flag_names"]


class Flag(IntFlag):
    """What is doubtful about a spectrum. The bits are in files: they never change their meaning, new ones are added."""

    SATURATED = 1
    WEAK_SIGNAL = 2
    DARK_DRIFT = 4
    ILLUMINATION_UNSTABLE = 8
    DETECTOR_TEMPERATURE = 16
    CLOCK_UNSYNCHRONISED = 32
    REPEATED_EXPOSURE = 64


def flag_names(flags: Flag) -> list[str]:
    """The names of the flags, lowest bit first; a bit that has no name here (of newer software) is `BIT_<number>`."""
    return [_name(1 << bit) for bit in range(int(flags).bit_length()) if flags & 1 << bit]


def _name(bit: int) -> str:
    return Flag(bit).name or f"BIT_{bit.bit_length() - 1}"
