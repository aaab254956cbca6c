"""Emulated spectrometers behind the real drivers, each in a host process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from emulators import EmulatedRig
from piccolo3.devices.hosting import HostedSpectrometer
from piccolo3.devices.seabreeze import SeabreezeSpectrometer

__all__ = ["KINDS", "Bench"]

KINDS = {"QEP00001": "QEPRO", "USB2P0001": "USB2000PLUS", "STS00001": "STS"}
_PRELOAD = ("piccolo3.devices.seabreeze", "seabreeze.cseabreeze", "seabreeze.pyseabreeze", "usb.backend.libusb1")


class Bench:
    """A rig of emulated instruments, and hosts that have nothing else on their bus."""

    def __init__(self, rig: EmulatedRig, register_file: Path) -> None:
        self.rig = rig
        self._register_file = register_file
        self._made: list[HostedSpectrometer] = []

    @classmethod
    @contextmanager
    def of(cls, kinds: dict[str, str], directory: Path) -> Iterator[Bench]:
        """The fork server of the hosts is started where the instruments are to be found, and lasts as long as they."""
        with EmulatedRig(kinds) as rig, pytest.MonkeyPatch.context() as patch:
            bench = cls(rig, directory / "register")
            for name, value in rig.changes.items():
                patch.setenv(name, value)
            keeper = bench.spectrometer(next(iter(kinds)), "auto")
            keeper.open()
            keeper.close()
            patch.undo()
            yield bench
            for spectrometer in bench._made:  # or else the fork server would be there for the next bench, too
                spectrometer.release()

    def spectrometer(self, serial_number: str, backend: str) -> HostedSpectrometer:
        """One of them, through a backend."""
        make = partial(SeabreezeSpectrometer, serial_number, backend=backend, register_file=self._register_file)
        self._made.append(HostedSpectrometer(make, serial_number, preload=_PRELOAD))
        return self._made[-1]

    def switch_off_and_on(self, serial_number: str) -> None:
        """Let it forget its integration time."""
        self.rig.set_power(serial_number, on=False)
        self.rig.set_power(serial_number, on=True)
        self.rig.plug_in(serial_number)
