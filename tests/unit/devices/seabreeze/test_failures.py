from __future__ import annotations

import errno

import pytest

from piccolo3.devices.seabreeze.failures import as_device_error, device_errors, is_unsupported
from piccolo3.errors import DeviceError, DeviceRemoved, DeviceTimeout


class SeaBreezeError(Exception):
    def __init__(self, text: str, error_code: int | None = None) -> None:
        super().__init__(text)
        self.error_code = error_code


@pytest.mark.parametrize(
    ("error", "here", "kind", "text"),
    [
        (SeaBreezeError("Data transfer error", 6), True, DeviceError, "reading X1 failed: Data transfer error"),
        (SeaBreezeError("Data transfer error", 6), False, DeviceRemoved, "X1 is not connected any more"),
        (OSError(errno.ENODEV, "gone"), True, DeviceRemoved, "X1 is not connected any more"),
        (OSError(errno.ETIMEDOUT, "late"), True, DeviceTimeout, "reading X1 failed: [Errno 110] late (TimeoutError)"),
        (AssertionError(), True, DeviceError, "reading X1 failed: no reason given (AssertionError)"),
        (ValueError("a\n  b"), True, DeviceError, "reading X1 failed: a b (ValueError)"),
    ],
)
def test_every_failure_has_its_error(error: Exception, here: bool, kind: type[DeviceError], text: str) -> None:
    found = as_device_error(error, "X1", "reading", lambda: here)
    assert (type(found), found.message) == (kind, text)


def test_our_own_errors_pass() -> None:
    ours = DeviceTimeout("late")
    with pytest.raises(DeviceTimeout) as caught, device_errors("X1", "reading", lambda: True):
        raise ours
    assert caught.value is ours
    with pytest.raises(DeviceError, match="reading X1 failed") as other, device_errors("X1", "reading", lambda: True):
        raise KeyError("b")
    assert isinstance(other.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotImplementedError(), True),
        (SeaBreezeError("Feature not implemented", 4), True),
        (SeaBreezeError("No such feature on device", 5), True),
        (SeaBreezeError("Data transfer error", 6), False),
        (OSError(), False),
    ],
)
def test_what_a_device_does_not_have(error: Exception, expected: bool) -> None:
    assert is_unsupported(error) == expected
