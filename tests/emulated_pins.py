"""A pin factory for the process that owns the pins: it notes every change, and takes inputs, in a folder.

The folder is named by PINS_FOLDER: `changes` has a line `time pin level` for each change; what is written into the pipe
`inputs` as lines `pin level` happens.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from gpiozero.pins.mock import MockFactory, MockPin


class NotingPin(MockPin):  # type: ignore[misc]
    def _change_state(self, value: bool) -> bool:
        changed: bool = super()._change_state(value)
        if changed:
            self.factory.note(f"{time.monotonic()!r} {self.info.name.removeprefix('GPIO')} {int(value)}\n")
        return changed


class NotingFactory(MockFactory):  # type: ignore[misc]
    def __init__(self) -> None:
        self._folder = Path(os.environ["PINS_FOLDER"])
        self._changes = (self._folder / "changes").open("a", buffering=1, encoding="ascii")
        super().__init__(pin_class=NotingPin)
        if (self._folder / "inputs").exists():
            threading.Thread(target=self._listen, daemon=True).start()

    def note(self, line: str) -> None:
        self._changes.write(line)

    def _listen(self) -> None:
        with (self._folder / "inputs").open(encoding="ascii") as inputs:
            for line in inputs:
                pin, level = map(int, line.split())
                if level:
                    self.pin(pin).drive_high()
                else:
                    self.pin(pin).drive_low()


def changes(folder: Path) -> list[tuple[float, int, bool]]:
    """What the pins did: (monotonic s, pin, level)."""
    try:
        lines = (folder / "changes").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    return [(float(time), int(pin), level == "1") for time, pin, level in map(str.split, lines)]


def pulses(folder: Path) -> list[tuple[int, float]]:
    """The pulses that have ended, as (pin, ms), in the order of their beginning."""
    begun: dict[int, float] = {}
    found: list[tuple[float, int, float]] = []
    for moment, pin, level in changes(folder):
        if level:
            begun[pin] = moment
        elif pin in begun:
            begin = begun.pop(pin)
            found.append((begin, pin, 1000 * (moment - begin)))
    return [(pin, width) for _, pin, width in sorted(found)]
