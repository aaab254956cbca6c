"""The USB bus: what is attached, who has it open, and who has claimed it, as the Linux kernel sees it.

An interface that one handle has claimed is busy for all others, and so is the configuration; opening is always allowed.
A transfer through an interface that nobody has claimed claims it. A reset ends all claims but those of who asked for
it, whoever that is (`usb_reset_device` unbinds usbfs, which has no reset methods).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from struct import Struct

from emulators.device import Attachment, Device, Handle
from emulators.light import Light
from emulators.making import make_instrument
from emulators.specification import InstrumentSpecification
from emulators.wire import Status

__all__ = ["Bus"]

_NUMBER = 1
_ADDRESSES = 126
_LISTED = Struct("<IBBBBHHH")
_ENDPOINT = Struct("<BBH")
_ENDPOINTS = 8
_BULK = 2
_RELEASE = 0x0002
_LANGUAGE = b"\x04\x03\x09\x04"
_GET_DESCRIPTOR, _STRING = (0x80, 6), 3


class Bus:
    """All devices, by serial number, plugged in or not; any thread may call."""

    def __init__(self, instruments: Mapping[str, InstrumentSpecification], light: Light) -> None:
        self.devices: Mapping[str, Device] = {
            name: Device(make_instrument(specification, light)) for name, specification in instruments.items()
        }
        self._instruments = instruments
        self._lock = threading.Lock()
        self._identities = itertools.count(1)
        self._tokens = itertools.count(1)
        self._handles: dict[int, Handle] = {}
        self._unpowered: set[str] = set()
        self._unplugged: set[str] = set(self.devices)
        for name, specification in instruments.items():
            self.devices[name].switch_on()
            if specification.present:
                self._unplugged.discard(name)
                self._appear(name)

    def plug_in(self, serial_number: str) -> None:
        """Put the plug in; nothing happens if it is."""
        with self._lock:
            if serial_number in self._unplugged or self.devices[serial_number].attachment is None:
                self._unplugged.discard(serial_number)
                if self.devices[serial_number].instrument.kind.bus_powered and serial_number not in self._unpowered:
                    self._boot(serial_number)
                else:
                    self._appear(serial_number)

    def unplug(self, serial_number: str) -> None:
        """Pull the plug."""
        device = self.devices[serial_number]
        with self._lock:
            self._unplugged.add(serial_number)
            device.detach()

    def set_power(self, serial_number: str, on: bool) -> None:
        """Switch the power of an instrument; nothing happens if it is switched so."""
        device = self.devices[serial_number]
        with self._lock:
            if on and serial_number in self._unpowered:
                self._unpowered.discard(serial_number)
                self._boot(serial_number)
            elif not on and serial_number not in self._unpowered:
                self._unpowered.add(serial_number)
                device.detach(why="power off")

    def opened_by(self, serial_number: str) -> tuple[int, ...]:
        """The processes that have it open, one for each handle."""
        device = self.devices[serial_number]
        with self._lock:
            return tuple(handle.pid for handle in self._handles.values() if handle.device is device)

    def listed(self) -> bytes:
        """What is attached, in the way of the messages."""
        with self._lock:
            attached = [(device, device.attachment) for device in self.devices.values()]
        return b"".join(_listed(device, attachment) for device, attachment in attached if attachment is not None)

    def open(self, identity: int, pid: int) -> tuple[Status, Handle | None]:
        """Open what is attached with this identity."""
        for device in self.devices.values():
            attachment = device.attachment
            if attachment is not None and attachment.identity == identity:
                handle = Handle(next(self._tokens), pid, device, attachment)
                with device.condition:
                    device.note("opened", pid)
                    status = device.connecting(handle, "open")
                if status is Status.SUCCESS:
                    with self._lock:
                        self._handles[handle.token] = handle
                    return status, handle
                return status, None
        return Status.NO_DEVICE, None

    def handle(self, token: int) -> Handle | None:
        """The open handle of that token."""
        with self._lock:
            return self._handles.get(token)

    def close(self, handle: Handle, *, died: bool = False) -> None:
        """Close it, if it is open: its claims end, and so do the transfers that it has under way."""
        with self._lock:
            self._handles.pop(handle.token, None)
        with handle.device.condition:
            if handle.closed:
                return
            handle.closed = True
            handle.device.note("lost with its process" if died else "closed", handle.pid)
            claims = handle.attachment.claims
            for interface in [number for number, owner in claims.items() if owner is handle]:
                del claims[interface]
            handle.device.condition.notify_all()

    def claim(self, handle: Handle, interface: int, *, silent: bool = False) -> Status:
        """Claim an interface; `silent` is for what a transfer does by itself."""
        device, attachment = handle.device, handle.attachment
        with device.condition:
            if attachment.gone:
                return Status.NO_DEVICE
            if interface:
                return Status.NOT_FOUND
            owner = attachment.claims.get(interface)
            if owner is handle:
                return Status.SUCCESS
            status = Status.BUSY if owner is not None else Status.SUCCESS
            if status is Status.SUCCESS and not silent:
                status = device.connecting(handle, "claim")
            if status is Status.SUCCESS:
                attachment.claims[interface] = handle
            if not silent:
                device.note("claimed" if status is Status.SUCCESS else f"claim refused: {status.name}", handle.pid)
            return status

    def release(self, handle: Handle, interface: int) -> Status:
        """Give an interface back."""
        with handle.device.condition:
            if handle.attachment.gone:
                return Status.NO_DEVICE
            if handle.attachment.claims.get(interface) is not handle:
                return Status.NOT_FOUND
            del handle.attachment.claims[interface]
            handle.device.note("released", handle.pid)
            return Status.SUCCESS

    def set_configuration(self, handle: Handle, value: int) -> Status:
        """Only where nobody has claimed anything."""
        device, attachment = handle.device, handle.attachment
        with device.condition:
            if attachment.gone:
                return Status.NO_DEVICE
            if value != 1:
                return Status.NOT_FOUND
            status = Status.BUSY if attachment.claims else device.connecting(handle, "configuration")
            device.note(
                "configured" if status is Status.SUCCESS else f"configuration refused: {status.name}", handle.pid
            )
            return status

    def reset(self, handle: Handle) -> Status:
        """Reset it, whoever has claimed it."""
        with handle.device.condition:
            attachment = handle.attachment
            if attachment.gone:
                return Status.NO_DEVICE
            for interface in [number for number, owner in attachment.claims.items() if owner is not handle]:
                handle.device.note("claim lost by a reset", attachment.claims[interface].pid)
                del attachment.claims[interface]
            handle.device.forget(handle.pid)
            return Status.SUCCESS

    def control(self, handle: Handle, setup: bytes) -> tuple[Status, bytes]:
        """Control transfers: there are only strings to be had."""
        kind, request, index, descriptor = setup[0], setup[1], setup[2], setup[3]
        if handle.attachment.gone:
            return Status.NO_DEVICE, b""
        if (kind, request) != _GET_DESCRIPTOR or descriptor != _STRING:
            return Status.PIPE, b""
        instrument = handle.device.instrument
        texts = {1: "Ocean Optics Inc.", 2: f"{instrument.kind.name} (emulated)", 3: instrument.serial_number}
        if index == 0:
            return Status.SUCCESS, _LANGUAGE
        text = texts.get(index, "").encode("utf-16-le")
        return Status.SUCCESS, bytes((2 + len(text), _STRING)) + text

    def _boot(self, serial_number: str) -> None:
        """The power comes: it takes a while until it is there."""
        boot_time = self._instruments[serial_number].boot_time
        if not boot_time:
            self.devices[serial_number].switch_on()
            self._appear(serial_number)
            return
        timer = threading.Timer(boot_time, self._booted, (serial_number,))
        timer.daemon = True
        timer.start()

    def _booted(self, serial_number: str) -> None:
        with self._lock:
            if serial_number not in self._unpowered and self.devices[serial_number].attachment is None:
                self.devices[serial_number].switch_on()
                self._appear(serial_number)

    def _appear(self, serial_number: str) -> None:
        """On the bus, if it is plugged in and has power."""
        if serial_number not in self._unplugged and serial_number not in self._unpowered:
            identity = next(self._identities)
            self.devices[serial_number].attach(Attachment(identity, 1 + identity % _ADDRESSES))


def _listed(device: Device, attachment: Attachment) -> bytes:
    kind = device.instrument.kind
    port = 1 + attachment.identity % 7
    header = _LISTED.pack(
        attachment.identity,
        _NUMBER,
        attachment.address,
        port,
        len(kind.endpoints),
        kind.vendor,
        kind.product,
        _RELEASE,
    )
    endpoints = b"".join(_ENDPOINT.pack(endpoint.address, _BULK, endpoint.size) for endpoint in kind.endpoints)
    return header + endpoints.ljust(_ENDPOINTS * _ENDPOINT.size, b"\0")
