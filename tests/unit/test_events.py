"""The broker of events."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass

import pytest

from piccolo3.events import Broker, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTwice(Counted):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Event):
    pass


def test_events_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Counted(number=1).number = 2  # type: ignore[misc]


def test_a_listener_hears_its_kind_and_what_derives_from_it() -> None:
    broker = Broker()
    counted: list[Event] = []
    twice: list[Event] = []
    everything: list[Event] = []
    broker.subscribe(Counted, counted.append)
    broker.subscribe(CountedTwice, twice.append)
    broker.subscribe(Event, everything.append)
    events = [Counted(number=1), CountedTwice(number=2), Other()]
    for event in events:
        broker.publish(event)
    assert counted == events[:2]
    assert twice == events[1:2]
    assert everything == events


def test_listeners_are_called_in_the_order_of_their_subscription() -> None:
    broker = Broker()
    calls: list[str] = []
    for name in ("first", "second", "third"):
        broker.subscribe(Event, lambda _, name=name: calls.append(name))  # type: ignore[misc]
    broker.publish(Other())
    assert calls == ["first", "second", "third"]


def test_who_unsubscribed_hears_nothing_more() -> None:
    broker = Broker()
    heard: list[Event] = []
    unsubscribe = broker.subscribe(Counted, heard.append)
    broker.publish(Counted(number=1))
    unsubscribe()
    unsubscribe()
    broker.publish(Counted(number=2))
    assert heard == [Counted(number=1)]


def test_unsubscribing_ends_one_subscription() -> None:
    broker = Broker()
    heard: list[Event] = []
    unsubscribe = broker.subscribe(Counted, heard.append)
    broker.subscribe(Counted, heard.append)
    unsubscribe()
    broker.publish(Counted(number=1))
    assert len(heard) == 1


def test_a_listener_may_unsubscribe_while_it_is_called() -> None:
    broker = Broker()
    heard: list[str] = []

    def once(_: Event) -> None:
        heard.append("once")
        unsubscribe()

    unsubscribe = broker.subscribe(Event, once)
    broker.subscribe(Event, lambda _: heard.append("always"))
    broker.publish(Other())
    broker.publish(Other())
    assert heard == ["once", "always", "always"]


def test_a_broken_listener_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker()
    heard: list[Event] = []

    def broken(_: Event) -> None:
        raise ZeroDivisionError("spam")

    broker.subscribe(Event, broken)
    broker.subscribe(Event, heard.append)
    with caplog.at_level(logging.ERROR):
        broker.publish(Counted(number=3))
    assert heard == [Counted(number=3)]
    (record,) = caplog.records
    assert "a listener failed on Counted(number=3)" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
