from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.instrument_file import rig_of
from emulators.specification import InstrumentSpecification, RigSpecification, ShutterSpecification
from piccolo3.errors import ConfigurationError

FILE = """
[channels]
    [[shutter_1]]
        direction = upwelling
    [[shutter_2]]
        direction = downwelling
        reverse = True
    [[shutter_7]]
        direction = side
        driver = level
        open_pin = 16
[spectrometers]
    [[QEP01234]]
        power_switch = 4
    [[odd]]
    [[dummy_A]]
[simulation]
    clouds = 0.5
"""


def test_the_rig_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "instrument.config"
    file.write_text(FILE)
    found = rig_of(file, {"odd": "STS"})
    assert found.instruments == (
        InstrumentSpecification(serial_number="QEP01234", kind="QEPRO", power_switch=4),
        InstrumentSpecification(serial_number="odd", kind="STS"),
    )
    up, down, side = found.shutters
    assert (up.driver, up.opening_pin, up.closing_pin, up.travel_time) == ("pulse", 18, 17, 15.0)
    assert down.opening_pin != down.closing_pin
    assert (side.driver, side.opening_pin, side.inverted, side.travel_time) == ("level", 16, False, 10.0)
    assert found.clouds == 0.5


def test_a_kind_that_nobody_knows(tmp_path: Path) -> None:
    file = tmp_path / "instrument.config"
    file.write_text(FILE)
    with pytest.raises(ConfigurationError, match=r"--kind odd=\.\.\., one of"):
        rig_of(file, {})


texts = st.text("abcXYZ019+_", min_size=1)


@given(
    st.builds(
        RigSpecification,
        instruments=st.lists(
            st.builds(InstrumentSpecification, serial_number=texts, kind=texts, depth=st.none() | st.integers(1, 9))
        ).map(tuple),
        shutters=st.lists(st.builds(ShutterSpecification, direction=texts, opening_pin=st.integers(0, 27))).map(tuple),
        seed=st.integers(0, 99),
    )
)
def test_specifications_can_be_sent(specification: RigSpecification) -> None:
    assert RigSpecification.from_json(specification.to_json()) == specification
