from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from piccolo3.devices.seabreeze.calls import Caller
from piccolo3.errors import DeviceInterrupted, DeviceTimeout


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller("X1")
    yield caller
    caller.finish(lambda: None)


def fail() -> None:
    raise ValueError("no")


def test_calls_come_one_after_the_other_from_one_thread(caller: Caller) -> None:
    threads = {caller.call(threading.get_ident, "asking") for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    with pytest.raises(ValueError, match="no"):
        caller.call(fail, "failing")
    assert caller.call(lambda: 3, "asking", 1.0) == 3


def test_a_call_that_hangs_is_left_behind(caller: Caller) -> None:
    let_go = threading.Event()
    with pytest.raises(DeviceTimeout, match=r"reading X1: no answer within 0\.01 s"):
        caller.call(let_go.wait, "reading", 0.01)
    last = caller.finish(lambda: None)
    assert not last.is_set()
    let_go.set()
    assert last.wait(5.0)


def test_an_interrupted_call_ends_at_once_and_so_do_later_ones(caller: Caller) -> None:
    let_go, entered = threading.Event(), threading.Event()

    def hang() -> bool:
        entered.set()
        return let_go.wait(5.0)

    def interrupt() -> None:
        entered.wait(5.0)
        caller.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(DeviceInterrupted):
        caller.call(hang, "reading")
    thread.join()
    with pytest.raises(DeviceInterrupted):
        caller.call(lambda: 1, "asking")
    let_go.set()


def test_the_last_call_may_fail(caller: Caller) -> None:
    assert caller.finish(fail).wait(5.0)
