"""The exception tree."""

from __future__ import annotations

import pytest

from piccolo3 import errors
from piccolo3.errors import (
    Busy,
    ConfigurationError,
    Conflict,
    DeviceError,
    DeviceInterrupted,
    DeviceRemoved,
    DeviceTimeout,
    NotBusy,
    PiccoloError,
    SpectrumRejected,
    StoreError,
    Unavailable,
)


def test_every_class_is_public_and_in_one_tree() -> None:
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes == set(errors.__all__)
    assert list(errors.__all__) == sorted(errors.__all__)
    assert all(issubclass(getattr(errors, name), PiccoloError) for name in errors.__all__)


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (Busy, Conflict),
        (NotBusy, Conflict),
        (DeviceError, Unavailable),
        (StoreError, Unavailable),
        (DeviceTimeout, DeviceError),
        (DeviceRemoved, DeviceError),
        (DeviceInterrupted, DeviceError),
        (SpectrumRejected, DeviceError),
    ],
)
def test_what_can_be_caught_together(kind: type[PiccoloError], parent: type[PiccoloError]) -> None:
    assert issubclass(kind, parent)


def test_message_and_details() -> None:
    error = Busy("a batch is running", run="r1")
    assert str(error) == error.message == "a batch is running"
    assert error.details == {"run": "r1"}
    assert str(Busy()) == ""
    assert Busy().details == {}


def test_a_configuration_error_has_all_problems() -> None:
    error = ConfigurationError(["one", "two"])
    assert error.problems == ("one", "two")
    assert str(error) == error.message == "one\ntwo"
    assert error.details == {}
