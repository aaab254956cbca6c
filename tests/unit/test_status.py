"""The values of the enumerations are a contract with clients and files."""

from __future__ import annotations

from piccolo3.status import AutointegrationState, ShutterStatus, SpectrometerStatus, SpectrumKind


def test_spectrometer_status() -> None:
    assert {state.name: state.value for state in SpectrometerStatus} == {
        "NO_WORKER": 1,
        "POWERED_OFF": 2,
        "DROPPED": 3,
        "CONNECTING": 4,
        "DISCONNECTED": 5,
        "IDLE": 6,
        "RECORDING": 7,
        "AUTOINTEGRATING": 8,
    }


def test_texts() -> None:
    assert {state.name: state.value for state in AutointegrationState} == {
        "NOT_DONE": "n",
        "SUCCESS": "s",
        "FAILED": "f",
    }
    assert {state.name: state.value for state in ShutterStatus} == {
        "OPEN": "open",
        "CLOSED": "closed",
        "UNAVAILABLE": "unavailable",
    }
    assert {kind.name: kind.value for kind in SpectrumKind} == {"DARK": "dark", "LIGHT": "light"}
    assert [kind.value for kind in SpectrumKind] == ["dark", "light"]
