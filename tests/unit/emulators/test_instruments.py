"""The firmware of the instruments, told by bytes."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators import KINDS, InstrumentSpecification
from emulators.answers import Answer
from emulators.catalogue import Protocol, kind_of
from emulators.faults import Phase
from emulators.instrument import Instrument, Reaction
from emulators.light import Light
from emulators.making import make_instrument
from emulators.obp import Flag, Message
from piccolo3.config import SimulationConfig

MS = 1_000_000


def made(kind: str, depth: int | None = None) -> Instrument:
    light = Light(SimulationConfig())
    light.blade("downwelling").move(0, 0, opened=True)
    instrument = make_instrument(InstrumentSpecification(serial_number="X1", kind=kind, depth=depth), light)
    instrument.switch_on(0)
    return instrument


def say(instrument: Instrument, data: bytes, now: int = 0) -> list[Reaction]:
    return list(instrument.receive(0x01, data, now))


def ask(instrument: Instrument, data: bytes, now: int = 0) -> bytes:
    (reaction,) = say(instrument, data, now)
    answer = reaction.act()
    assert answer is not None
    assert reaction.answers
    return answer.render()


def ask_obp(instrument: Instrument, kind: int, data: bytes = b"", now: int = 0) -> Message:
    message = Message(type=kind, data=data, version=0x2000 if instrument.kind.protocol == Protocol.OBP2 else 0x1100)
    return Message.parsed(ask(instrument, message.packed(), now))


OOI = sorted(name for name, kind in KINDS.items() if kind.protocol == Protocol.OOI)
OBP = sorted(name for name, kind in KINDS.items() if kind.protocol != Protocol.OOI)


@pytest.mark.parametrize("kind", OOI)
@given(data=st.binary(max_size=80))
def test_ooi_instruments_bear_everything(kind: str, data: bytes) -> None:
    instrument = INSTRUMENTS[kind]
    for reaction in say(instrument, data):
        answer = reaction.act()
        if reaction.phase is not Phase.SPECTRUM and answer is not None:
            assert len(answer.render()) in {2, 3, 16, 17}


@pytest.mark.parametrize("kind", OBP)
@given(
    data=st.binary(max_size=40), message_type=st.sampled_from([0x110010, 0x100832, 0x180101, 0x420011, 0x00C01, 0x999])
)
def test_obp_instruments_answer_everything(kind: str, data: bytes, message_type: int) -> None:
    instrument = INSTRUMENTS[kind]
    message = Message(type=message_type, data=data, flags=Flag.WANTS_ACK, regarding=7)
    reply = Message.parsed(ask(instrument, message.packed()))
    assert reply.type == message_type
    assert reply.regarding == 7
    assert Flag.RESPONSE in reply.flags
    assert (Flag.NACK in reply.flags) == bool(reply.error)


INSTRUMENTS = {kind: made(kind) for kind in KINDS}


def test_the_eeprom_of_a_usb2000plus() -> None:
    instrument = made("USB2000PLUS")
    assert ask(instrument, b"\x05\x00") == b"\x05\x00X1" + bytes(13)
    coefficients = [float(ask(instrument, bytes((5, slot)))[2:].rstrip(b"\0")) for slot in range(1, 5)]
    assert coefficients == pytest.approx(instrument.kind.model.wavelength_coefficients)
    assert struct.unpack("<H", ask(instrument, b"\x05\x11")[6:8]) == (65535,)
    say(instrument, b"\x06\x0fother")[0].act()
    assert ask(instrument, b"\x05\x0f")[2:7] == b"other"


def test_the_wavelengths_of_a_qe65000_start_at_its_tenth_pixel() -> None:
    instrument = made("QE65000")
    coefficients = [float(ask(instrument, bytes((5, slot)))[2:].rstrip(b"\0")) for slot in range(1, 5)]
    expected = np.polynomial.polynomial.polyval(500, instrument.kind.model.wavelength_coefficients)
    assert np.polynomial.polynomial.polyval(500 - 10, coefficients) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("kind", OOI)
def test_a_spectrum_of_an_ooi_instrument(kind: str) -> None:
    instrument = made(kind)
    say(instrument, b"\x02" + struct.pack("<I", 10_000 // instrument.kind.time_unit), 0)[0].act()
    instrument.sensor.clear(100 * MS)
    (reaction,) = say(instrument, b"\x09", 101 * MS)
    assert reaction.endpoint == 0x82
    answer = reaction.act()
    assert answer is not None
    raw = answer.render()
    assert raw[-1] == 0x69
    values = np.frombuffer(raw[:-1], "<u2") ^ instrument.kind.flipped
    model = instrument.kind.model
    assert values.size == instrument.kind.transmitted
    assert model.offset / 2 < values[: model.pixels].min()
    assert values[: model.pixels].max() < model.saturation
    assert not values[model.pixels :].any()


@pytest.mark.parametrize(("kind", "code"), [("NIRQUEST512", b"\x72"), ("QE65000", b"\x72")])
def test_the_cooler_of_an_ooi_instrument(kind: str, code: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    instrument = made(kind)
    say(instrument, b"\x73" + struct.pack("<h", -105), 0)[0].act()
    say(instrument, b"\x71\x01\x00", 0)[0].act()
    assert struct.unpack("<h", ask(instrument, code, 0)) == (250,)
    (later,) = struct.unpack("<h", ask(instrument, code, 200_000 * MS))
    assert later == pytest.approx(-105, abs=1)


def test_an_uncooled_instrument_says_nothing_of_its_temperature() -> None:
    (reaction,) = say(made("FLAMES"), b"\x72")
    assert reaction.act() is None


def test_the_buffer_of_a_qepro() -> None:
    instrument = made("QEPRO", depth=4)
    counted: Callable[[int], int] = lambda now: struct.unpack("<I", ask_obp(instrument, 0x100900, now=now).data)[0]  # noqa: E731
    assert counted(0) == 0
    assert counted(25 * MS) == 3  # of 8 ms each
    assert counted(1000 * MS) == 4
    say(instrument, Message(type=0x100831, data=struct.pack("<I", 1)).packed(), 1000 * MS)[0].act()
    assert counted(1000 * MS) == 3
    say(instrument, Message(type=0x100830).packed(), 1000 * MS)[0].act()
    assert counted(1000 * MS) == 0
    say(instrument, Message(type=0x100832, data=struct.pack("<I", 15_000)).packed(), 1000 * MS)[0].act()
    assert struct.unpack("<I", ask_obp(instrument, 0x100822).data) == (15_000,)
    assert counted(9000 * MS) == 1000


def test_the_metadata_of_a_qepro() -> None:
    instrument = made("QEPRO")
    now = 1003 * MS
    say(instrument, Message(type=0x100830).packed(), now)[0].act()
    reply = ask_obp(instrument, 0x100928, now=now)
    number, ticks, integration_time = struct.unpack_from("<IQI", reply.data)
    assert (number, ticks, integration_time) == (125, 126 * 8000, 8000)
    assert len(reply.data) == 32 + 4 * 1044


def test_coefficients_are_numbered() -> None:
    instrument = made("STS")
    assert ask_obp(instrument, 0x180100).data == b"\x04"
    (second,) = struct.unpack("<f", ask_obp(instrument, 0x180101, b"\x01").data)
    assert second == pytest.approx(instrument.kind.model.wavelength_coefficients[1])
    assert Flag.NACK in ask_obp(instrument, 0x180101, b"\x09").flags


def test_an_own_shutter_keeps_the_light_out() -> None:
    instrument = made("STS")
    say(instrument, Message(type=0x110610, data=b"\0").packed(), 0)[0].act()
    dark = np.frombuffer(ask_obp(instrument, 0x101100, now=500 * MS).data, "<u2")
    say(instrument, Message(type=0x110610, data=b"\1").packed(), 600 * MS)[0].act()
    light = np.frombuffer(ask_obp(instrument, 0x101100, now=1000 * MS).data, "<u2")
    assert light.max() > dark.max() + 1000


def test_all_coefficients_at_once_in_the_second_protocol() -> None:
    instrument = made("ST")
    data = ask_obp(instrument, 0x1100).data
    assert struct.unpack_from("<I", data) == (4,)
    assert struct.unpack("<4f", data[4:]) == pytest.approx(instrument.kind.model.wavelength_coefficients)
    say(instrument, Message(type=0xC01, data=struct.pack("<I", 500)).packed(), 0)[0].act()
    assert instrument.sensor.integration_time == 5 * MS  # it counts in steps of 10 µs


def test_the_time_that_the_power_came_decides_when_exposures_are() -> None:
    instrument = made("FLAMES")
    instrument.switch_on(70 * MS)
    answer: Answer | None = say(instrument, b"\x09", 80 * MS)[0].act()
    assert answer is not None
    assert (answer.complete, answer.ready) == (170 * MS, 171.5 * MS)


def test_integration_times_are_kept_within_what_it_can_do() -> None:
    instrument = made("FLAMES")
    say(instrument, b"\x02" + struct.pack("<I", 1), 0)[0].act()
    assert instrument.sensor.integration_time == MS
    say(instrument, b"\x02\x10\x27", 0)[0].act()  # what is left out is 0
    assert instrument.sensor.integration_time == 10 * MS


@pytest.mark.parametrize(
    ("serial_number", "kind"),
    [
        ("QEP01234", "QEPRO"),
        ("S11908", "STS"),
        ("ST00012", "ST"),
        ("SR400123", "SR4"),
        ("USB2+H1", "USB2000PLUS"),
        ("Z", None),
    ],
)
def test_serial_numbers_tell_the_kind(serial_number: str, kind: str | None) -> None:
    assert kind_of(serial_number) == kind


def test_what_is_delivered_is_known() -> None:
    instrument = made("FLAMES")
    answer = say(instrument, b"\x09", time.monotonic_ns())[0].act()
    assert answer is not None
    counts = np.frombuffer(answer.render()[:-1], "<u2").astype(np.int32)
    assert not instrument.sensor.truth
    answer.delivered()
    (known,) = instrument.sensor.truth
    assert known.checksum == instrument.sensor.checksum(counts)
    assert known.open_share == {"downwelling": 1.0}
    assert known.integration_time == 100 * MS
