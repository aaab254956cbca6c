from __future__ import annotations

import logging
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from piccolo3.devices.hosting import HostedSpectrometer, process
from piccolo3.devices.hosting.serving import METHODS
from piccolo3.devices.interface import Spectrometer
from piccolo3.errors import (
    DeviceError,
    DeviceInterrupted,
    DeviceRemoved,
    InvalidValue,
    PiccoloError,
    SpectrumRejected,
)
from tests.unit.devices.hosting.puppet import INFO, PIXELS, Puppet, Puppeteer

PRELOAD = ("tests.unit.devices.hosting.puppet", "no.such.module")

Hosted = Callable[..., HostedSpectrometer]


@pytest.fixture(scope="module", autouse=True)
def fork_server() -> Iterator[None]:
    """Keep it between tests, for it takes a while to load what it needs."""
    keeper = HostedSpectrometer(partial(Puppet, {}), "keeper", preload=PRELOAD)
    keeper.reset()
    yield
    keeper.release()


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    made = []

    def make(**faults: str) -> HostedSpectrometer:
        made.append(HostedSpectrometer(partial(Puppet, faults), "P1", preload=PRELOAD))
        return made[-1]

    yield make
    for spectrometer in made:
        spectrometer.close()


def host_of(spectrometer: HostedSpectrometer) -> psutil.Process:
    return psutil.Process(int(spectrometer.temperature() or 0))


def is_gone(process: psutil.Process, *, orphan: bool = False) -> bool:
    """Ended, at once or within a moment, and reaped; that of an orphan is up to the machine."""
    deadline = time.monotonic() + 2.0
    while process.is_running() and time.monotonic() < deadline:
        if orphan and process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.001)
    return not process.is_running()


def test_what_a_host_is_asked_and_answers(hosted: Hosted) -> None:
    spectrometer = hosted()
    assert spectrometer.open() == INFO
    assert spectrometer.exposure_number() is None
    first, second = spectrometer.read(1.0), spectrometer.read(1.0)
    assert first.dtype == np.int32
    assert first.tolist() == [1] * PIXELS
    assert second.tolist() == [2] * PIXELS
    assert spectrometer.exposure_number() == 2
    spectrometer.set_integration_time(5.0)
    spectrometer.clear_buffer()
    spectrometer.set_cooler(True, -5.0)
    for call in (spectrometer.set_shutter, spectrometer.set_lamp):
        with pytest.raises(DeviceError, match="this spectrometer"):
            call(True)
    assert host_of(spectrometer).pid != os.getpid()


def test_a_host_does_all_that_a_spectrometer_can() -> None:
    methods = {name for name, member in vars(Spectrometer).items() if callable(member) and not name.startswith("_")}
    assert methods <= vars(HostedSpectrometer).keys()
    assert methods - METHODS == {"exposure_number", "interrupt"}


def test_each_opening_has_a_host_of_its_own(hosted: Hosted) -> None:
    spectrometer = hosted()
    spectrometer.open()
    first = host_of(spectrometer)
    with pytest.raises(DeviceError, match="open already"):
        spectrometer.open()
    spectrometer.close()
    assert is_gone(first)
    spectrometer.close()
    spectrometer.open()
    assert host_of(spectrometer) != first


def test_a_closed_one_can_be_reset(hosted: Hosted) -> None:
    spectrometer = hosted()
    spectrometer.reset()
    spectrometer.open()
    spectrometer.reset()
    host_of(spectrometer)


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("removed", DeviceRemoved, "pulled out"),
        ("rejected", SpectrumRejected, "nothing but zeros"),
        ("invalid", InvalidValue, "not a time"),
        ("library", DeviceError, "LibraryError: Data transfer error"),
    ],
)
@pytest.mark.parametrize("method", ["make", "open", "read"])
def test_errors_are_raised_again(
    hosted: Hosted, method: str, fault: str, kind: type[PiccoloError], message: str
) -> None:
    spectrometer = hosted(**{method: fault})
    with pytest.raises(kind) as caught:
        use(spectrometer)
    assert type(caught.value) is kind
    assert str(caught.value) == message
    if fault == "removed":
        assert caught.value.details == {"serial_number": "P1", "ports": [1, 2], "since": "/"}


def test_a_driver_that_fails_to_open_leaves_nothing(hosted: Hosted) -> None:
    children = psutil.Process().children(recursive=True)
    spectrometer = hosted(open="removed")
    for _ in range(2):
        with pytest.raises(DeviceRemoved):
            spectrometer.open()
    assert psutil.Process().children(recursive=True) == children


def test_a_library_that_is_not_there_is_told() -> None:
    spectrometer = HostedSpectrometer(Puppeteer, "P1", preload=PRELOAD)
    with pytest.raises(DeviceError, match="ImportError: No module named seabreeze"):
        spectrometer.open()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("segv", "the host process of P1 was ended by SIGSEGV"),
        ("abort", "the host process of P1 was ended by SIGABRT"),
        ("killed", "the host process of P1 was ended by SIGKILL, perhaps for want of memory"),
        ("exit", "the host process of P1 ended with exit status 3"),
        pytest.param(  # it may write its coverage between its last word and its end
            *("leave", "the host process of P1 ended with exit status 1"), marks=pytest.mark.alone
        ),
    ],
)
@pytest.mark.parametrize("method", ["make", "open", "read", "reset"])
def test_a_crash_is_told(hosted: Hosted, method: str, fault: str, message: str) -> None:
    spectrometer = hosted(**{method: fault})
    with pytest.raises(DeviceError) as caught:
        use(spectrometer)
    assert str(caught.value) == message
    spectrometer.close()


def test_after_a_crash_a_new_host_does_it(tmp_path: Path) -> None:
    once = tmp_path / "once"
    once.touch()
    spectrometer = HostedSpectrometer(partial(Puppet, {"read": "segv"}, once), "P1", preload=PRELOAD)
    spectrometer.open()
    for _ in range(2):
        with pytest.raises(DeviceError, match="SIGSEGV"):
            spectrometer.read(1.0)
    spectrometer.close()
    spectrometer.open()
    assert spectrometer.read(1.0).size == PIXELS
    spectrometer.close()


def use(spectrometer: HostedSpectrometer) -> None:
    """Call what has faults in these tests."""
    spectrometer.open()
    spectrometer.read(1.0)
    spectrometer.reset()


@contextmanager
def interrupting(spectrometer: HostedSpectrometer) -> Iterator[None]:
    """Interrupt it as soon as it has had the time to hang."""
    done = threading.Event()

    def interrupt() -> None:
        while not done.wait(0.05):
            spectrometer.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("fault", ["hang", "stuck"])
@pytest.mark.parametrize("method", ["make", "open", "read", "reset"])
def test_what_hangs_can_be_interrupted(hosted: Hosted, method: str, fault: str) -> None:
    spectrometer = hosted(**{method: fault})
    start = time.monotonic()
    with interrupting(spectrometer), pytest.raises(DeviceInterrupted):
        use(spectrometer)
    assert time.monotonic() - start < 1.0
    spectrometer.close()


def test_an_interrupted_one_can_only_be_closed(hosted: Hosted) -> None:
    spectrometer = hosted()
    spectrometer.interrupt()
    spectrometer.open()
    host = host_of(spectrometer)
    spectrometer.interrupt()
    assert is_gone(host)
    for _ in range(2):
        with pytest.raises(DeviceInterrupted):
            spectrometer.read(1.0)
    spectrometer.close()
    spectrometer.interrupt()
    spectrometer.open()
    assert spectrometer.read(1.0).size == PIXELS


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_host_that_died_idle_is_noticed(hosted: Hosted, number: signal.Signals) -> None:
    spectrometer = hosted()
    spectrometer.open()
    host = host_of(spectrometer)
    host.send_signal(number)
    assert is_gone(host)
    for _ in range(2):
        with pytest.raises(DeviceError, match=number.name):
            spectrometer.read(1.0)
    with pytest.raises(DeviceError, match="open already"):
        spectrometer.open()


def test_a_host_that_is_killed_busy_is_noticed(hosted: Hosted) -> None:
    spectrometer = hosted(read="stuck")
    spectrometer.open()
    timer = threading.Timer(0.05, host_of(spectrometer).kill)
    timer.start()
    with pytest.raises(DeviceError, match="SIGKILL"):
        spectrometer.read(1.0)
    timer.join()


def test_closing_ends_what_does_not_want_to(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process, "_POLITE", 0.05)
    spectrometer = hosted(close="hang")
    spectrometer.open()
    host = host_of(spectrometer)
    spectrometer.close()
    assert is_gone(host)
    assert "does not end; killing it" in caplog.text


def test_an_error_of_closing_is_told_and_does_not_matter(hosted: Hosted, caplog: pytest.LogCaptureFixture) -> None:
    spectrometer = hosted(close="library")
    spectrometer.open()
    host = host_of(spectrometer)
    spectrometer.close()
    assert is_gone(host)
    assert "closing P1: LibraryError: Data transfer error" in caplog.text


def test_signals_from_the_keyboard_are_for_the_daemon(hosted: Hosted) -> None:
    spectrometer = hosted()
    spectrometer.open()
    host = host_of(spectrometer)
    for one in (host, host.parent()):
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            assert one is not None
            one.send_signal(number)
    assert host_of(spectrometer) == host


def test_where_no_process_can_be_started_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    spectrometer = HostedSpectrometer(partial(Puppet, {}), "P1")
    with pytest.raises(DeviceError, match="no process can be started for P1: No such file or directory"):
        spectrometer.open()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DeviceError, match="no process can be started for P1: the fork server has died"):
        spectrometer.open()
    spectrometer.release()


def test_an_answer_that_nobody_waited_for_is_not_taken_for_another(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrometer = hosted()
    spectrometer.open()
    with monkeypatch.context() as patch:
        patch.setattr(process, "receive", lambda _: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            spectrometer.clear_buffer()
    with pytest.raises(DeviceInterrupted):
        spectrometer.read(1.0)


def test_the_log_of_the_host_is_ours(hosted: Hosted, caplog: pytest.LogCaptureFixture) -> None:
    spectrometer = hosted(read="log", close="log")
    spectrometer.open()
    spectrometer.read(1.0)
    (record,) = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == ("some.driver", logging.WARNING, "P1 is hot")
    assert record.process != os.getpid()
    spectrometer.close()
    assert len(caplog.records) == 2


def test_a_failure_that_nobody_foresaw_leaves_its_traceback(hosted: Hosted, caplog: pytest.LogCaptureFixture) -> None:
    spectrometer = hosted(read="library")
    spectrometer.open()
    with pytest.raises(DeviceError):
        spectrometer.read(1.0)
    assert "the driver of spectrometer P1 failed in an unexpected way" in caplog.text
    assert "in raise_library" in caplog.text


@pytest.mark.parametrize("fault", ["flood", "log much"])
def test_a_host_that_complains_a_lot_does_its_work(
    hosted: Hosted, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spectrometer = hosted(read=fault)
    spectrometer.open()
    assert spectrometer.read(1.0).size == PIXELS


def test_a_host_is_known_by_name_and_goes_first_when_memory_runs_out(hosted: Hosted) -> None:
    spectrometer = hosted()
    spectrometer.open()
    host = host_of(spectrometer)
    assert host.name() == "spec P1"
    score = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in (host.pid, os.getpid())]
    assert score[0] > score[1] or score == [1000, 1000]


def test_a_host_has_no_descriptors_of_others(hosted: Hosted, tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w"), socket.create_server(("localhost", 0)):
        first, second = hosted(), hosted()
        first.open()
        second.open()
        descriptors = {
            int(entry.name): str(entry.readlink()) for entry in Path(f"/proc/{host_of(second).pid}/fd").iterdir()
        }
    assert descriptors.pop(0) == "/dev/null"
    kinds = sorted(re.sub(r"[\d:].*", "", target) for number, target in descriptors.items() if number > 2)
    assert kinds == ["/memfd", "socket"]


def test_a_dead_fork_server_takes_its_hosts_and_is_replaced() -> None:
    spectrometer = HostedSpectrometer(partial(Puppet, {}), "P1")
    spectrometer.open()
    host = host_of(spectrometer)
    server = host.parent()
    assert server is not None
    server.kill()
    assert is_gone(host, orphan=True)
    with pytest.raises(DeviceError, match="has ended"):
        spectrometer.read(1.0)
    spectrometer.close()
    spectrometer.open()
    assert host_of(spectrometer).parent() != server
    assert is_gone(server)
    spectrometer.close()
    spectrometer.release()


def test_nothing_outlives_the_daemon(tmp_path: Path) -> None:
    """Though its driver holds the lock of the interpreter."""
    script = (
        "import sys; from functools import partial\n"
        "from piccolo3.devices.hosting import HostedSpectrometer\n"
        "from tests.unit.devices.hosting.puppet import Puppet\n"
        "spectrometer = HostedSpectrometer(partial(Puppet, {'read': 'hang'}), 'P1')\n"
        "spectrometer.open()\n"
        "print(int(spectrometer.temperature()), flush=True)\n"
        "spectrometer.read(1.0)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        host = psutil.Process(int(daemon.stdout.readline()))
        server = host.parent()
        daemon.kill()
    assert server is not None
    assert is_gone(host, orphan=True)
    assert is_gone(server, orphan=True)


@pytest.mark.parametrize("fault", [{}, {"close": "hang"}])
def test_released_it_leaves_no_process(fault: dict[str, str]) -> None:
    spectrometer = HostedSpectrometer(partial(Puppet, fault), "P1")
    spectrometer.open()
    host = host_of(spectrometer)
    server = host.parent()
    assert server is not None
    spectrometer.release()
    assert not host.is_running()
    assert not server.is_running()
    with pytest.raises(DeviceInterrupted):
        spectrometer.temperature()
    spectrometer.close()
    spectrometer.release()


def test_what_can_not_be_carried_over_is_refused_at_once() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        HostedSpectrometer(lambda: Puppet({}), "P1")
