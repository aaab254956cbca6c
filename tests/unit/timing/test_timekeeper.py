"""Trust in the clock, and steps of it. No test sets the clock of the machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import Busy, InvalidValue, Unavailable
from piccolo3.events import Broker
from piccolo3.jsonvalue import JsonValue
from piccolo3.timing import ClockSource, ClockStepped, ClockTrustChanged, Machine, Timekeeper
from piccolo3.wire import parse_time

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


class Kept:
    """What survives a restart of the daemon."""

    def __init__(self) -> None:
        self.values: dict[str, JsonValue] = {}
        self.puts = 0

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        return self.values.get(key, default)

    def put(self, key: str, value: JsonValue) -> None:
        self.values[key] = value
        self.puts += 1


class Pi:
    """A machine without a battery for its clock, and the daemon's timekeeper on it."""

    def __init__(
        self,
        *,
        kernel: bool | None = False,
        kept: Kept | None = None,
        boot_id: str | None = "boot 1",
        always: bool = False,
        set_by_gps: bool = False,
        gps_ahead: float | None = None,
        refused: str | None = None,
    ) -> None:
        self.clock = ManualClock(NOON)
        self.kernel = kernel
        self.kept = kept or Kept()
        self.gps_ahead = gps_ahead
        self.refused = refused
        self.gate: asyncio.Event | None = None
        self.attempts = 0
        self.notes: list[tuple[str, str]] = []
        self.steps: list[ClockStepped] = []
        self.changes: list[ClockTrustChanged] = []
        self.right = self.clock.utcnow() - timedelta(seconds=self.clock.monotonic())
        broker = Broker()
        broker.subscribe(ClockStepped, self.steps.append)
        broker.subscribe(ClockTrustChanged, self.changes.append)
        self.watch = Watch()
        self.keeper = Timekeeper(
            self.clock,
            broker,
            Machine(synchronised=lambda: self.kernel, boot_id=lambda: boot_id, set_clock=self.set_clock),
            self.kept,
            always=always,
            gps=self.gps,
            set_by_gps=set_by_gps,
            tolerance=2.0,
            watch=self.watch,
            note=lambda message, level, details: self.notes.append((level, message)),
        )
        self.keeper.check()

    def gps(self) -> datetime | None:
        if self.gps_ahead is None:
            return None
        return self.right + timedelta(seconds=self.clock.monotonic() + self.gps_ahead)

    async def set_clock(self, text: Callable[[], str]) -> datetime:
        self.attempts += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.refused is not None:
            raise Unavailable(self.refused)
        wanted = parse_time(text(), naive="utc")
        self.clock.step((wanted - self.clock.utcnow()).total_seconds())
        return wanted

    @property
    def state(self) -> tuple[bool, str, object]:
        return self.keeper.trusted, self.keeper.source.value, self.keeper.metadata()["Clock"]


class Watch:
    """The kernel, which tells of steps."""

    def __init__(self) -> None:
        self.told: Callable[[], None] | None = None
        self.can = True

    def start(self, told: Callable[[], None]) -> bool:
        self.told = told if self.can else None
        return self.can

    def stop(self) -> None:
        self.told = None


def run(test: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 10))


# ---- trust ----


def test_nothing_is_trusted_until_the_kernel_says_so_and_then_it_stays() -> None:
    pi = Pi()
    assert pi.state == (False, "none", "unsynchronised")
    assert pi.keeper.synchronised() is False
    pi.kernel = True
    pi.keeper.check()
    assert pi.state == (True, "ntp", "ntp")
    assert pi.keeper.synchronised() is True
    pi.kernel = False  # the network is gone
    pi.keeper.check()
    assert pi.state == (True, "ntp", "ntp")
    assert pi.keeper.synchronised() is False
    assert [(change.trusted, change.source) for change in pi.changes] == [
        (False, ClockSource.NONE),
        (True, ClockSource.NTP),
    ]
    assert [level for level, _ in pi.notes] == ["warning", "info"]
    assert pi.kept.puts == 1


def test_where_the_kernel_does_not_tell_nothing_is_trusted_but_not_distrusted_either() -> None:
    pi = Pi(kernel=None)
    assert pi.state == (False, "unknown", "unknown")
    assert pi.keeper.synchronised() is None


def test_the_clock_that_was_set_by_hand_is_trusted_though_nothing_keeps_it_right() -> None:
    async def test() -> None:
        pi = Pi()
        await pi.keeper.set_clock("2026-07-01T00:00:00+00:00")
        assert pi.state == (True, "manual", "manual")
        assert pi.keeper.synchronised() is False
        assert pi.clock.utcnow() == datetime(2026, 7, 1, tzinfo=UTC)
        assert [(step.cause, step.step.seconds) for step in pi.steps] == [("manual", 9.5 * 86_400)]

    run(test())


def test_whoever_can_not_set_it_is_told_and_nothing_is_trusted() -> None:
    async def test() -> None:
        pi = Pi(refused="not allowed")
        with pytest.raises(Unavailable, match="not allowed"):
            await pi.keeper.set_clock("2026-07-01T00:00:00+00:00")
        pi.refused = None
        with pytest.raises(InvalidValue):
            await pi.keeper.set_clock("soon")
        assert pi.state == (False, "none", "unsynchronised")
        assert not pi.steps

    run(test())


def test_two_can_not_set_it_at_once() -> None:
    async def test() -> None:
        pi = Pi()
        pi.gate = asyncio.Event()
        first = asyncio.create_task(pi.keeper.set_clock("2026-07-01T00:00:00Z"))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pi.keeper.set_clock("2026-08-01T00:00:00Z")
        pi.gate.set()
        await first
        assert [step.cause for step in pi.steps] == ["manual"]

    run(test())


@pytest.mark.parametrize("source", ["ntp", "gps", "manual"])
def test_trust_survives_the_daemon_but_not_the_machine(source: str) -> None:
    async def test() -> None:
        kept = Kept()
        first = Pi(kept=kept)
        if source == "ntp":
            first.kernel = True
        elif source == "gps":
            first.gps_ahead = 0.0
        else:
            await first.keeper.set_clock("2026-07-01T00:00:00Z")
        first.keeper.check()
        kept.values = json.loads(json.dumps(kept.values))
        assert Pi(kept=kept).state == (True, source, source)
        assert Pi(kept=kept, boot_id="boot 2").state[0] is False
        assert Pi(kept=kept, boot_id=None).state[0] is False

    run(test())


@pytest.mark.parametrize(
    "saved",
    [None, 5, [], {}, {"boot": "boot 1"}, {"boot": "boot 1", "source": "x"}, {"boot": "boot 1", "source": "none"}],
)
def test_what_was_kept_may_be_anything(saved: JsonValue) -> None:
    kept = Kept()
    kept.values["clock"] = saved
    assert Pi(kept=kept).state == (False, "none", "unsynchronised")


def test_where_boots_can_not_be_told_apart_nothing_is_remembered() -> None:
    kept = Kept()
    assert Pi(kept=kept, boot_id=None, kernel=True).state[0] is True
    assert Pi(kept=kept, boot_id=None).state[0] is False


def test_with_always_it_is_trusted_but_spectra_say_what_is_known() -> None:
    pi = Pi(always=True)
    assert pi.state == (True, "none", "unsynchronised")
    assert not pi.notes
    pi.kernel = True
    pi.keeper.check()
    assert pi.state == (True, "ntp", "ntp")
    assert [level for level, _ in pi.notes] == ["info"]


# ---- steps ----


@pytest.mark.parametrize("seconds", [0.2, -0.2, 3600.0, -3600.0, 1e9, -1e9])
def test_a_step_is_an_event_with_before_and_after_and_changes_no_trust(seconds: float) -> None:
    pi = Pi(kernel=True)
    pi.clock.advance(10.0)
    pi.clock.step(seconds)
    pi.kernel = False  # as it is when the clock was set
    pi.keeper.check()
    (event,) = pi.steps
    assert event.step.before == NOON + timedelta(seconds=10)
    assert event.step.after == event.step.before + timedelta(seconds=seconds)
    assert event.cause == "other"
    assert pi.keeper.steps == 1
    assert pi.state == (True, "ntp", "ntp")
    level, message = pi.notes[-1]
    assert level == "warning"
    assert (
        f"{'forward' if seconds > 0 else 'back'} by {abs(seconds):.3f} s, from 2026-06-21T12:00:10+00:00 to" in message
    )
    pi.keeper.check()
    assert len(pi.steps) == 1


def test_the_kernel_tells_of_a_step_at_once() -> None:
    async def test() -> None:
        pi = Pi()
        pi.clock.asleep = lambda seconds: asyncio.sleep(3600)  # type: ignore[method-assign]
        pi.keeper.start()
        pi.clock.step(5.0)
        assert not pi.steps
        assert pi.watch.told is not None
        pi.watch.told()
        assert [event.step.seconds for event in pi.steps] == [5.0]
        await pi.keeper.stop()
        assert pi.watch.told is None

    run(test())


@pytest.mark.parametrize(("can", "always", "pause"), [(True, True, 60.0), (False, True, 10.0), (True, False, 5.0)])
def test_otherwise_it_is_looked_at_now_and_then(can: bool, always: bool, pause: float) -> None:
    async def test() -> None:
        pi = Pi(always=always)
        pi.watch.can = can
        pauses: list[float] = []
        enough = asyncio.Event()

        async def asleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                pi.clock.step(5.0)
            if len(pauses) == 3:
                enough.set()
                await asyncio.sleep(3600)

        pi.clock.asleep = asleep  # type: ignore[method-assign]
        pi.keeper.start()
        await enough.wait()
        assert pauses == [pause] * 3
        assert len(pi.steps) == 1
        await pi.keeper.stop()

    run(test())


def test_an_error_in_the_program_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        pi = Pi(always=True)
        pauses = [0]
        enough = asyncio.Event()

        async def asleep(seconds: float) -> None:
            pauses[0] += 1
            if pauses[0] == 3:
                enough.set()
                await asyncio.sleep(3600)

        def broken() -> datetime | None:
            raise ZeroDivisionError

        pi.clock.asleep = asleep  # type: ignore[method-assign]
        pi.keeper.start()
        pi.keeper._comparison._gps = broken
        await enough.wait()
        assert len([record for record in caplog.records if record.exc_info]) == 2
        await pi.keeper.stop()

    run(test())


# ---- GPS ----


def test_a_clock_that_agrees_with_gps_is_trusted_and_kept_right_by_it() -> None:
    pi = Pi(gps_ahead=-0.4)
    assert pi.state == (True, "gps", "gps")
    assert pi.keeper.synchronised() is True
    pi.gps_ahead = None
    pi.clock.advance(60.0)
    pi.keeper.check()
    assert pi.keeper.synchronised() is True
    pi.clock.advance(60.0)
    assert pi.keeper.synchronised() is False
    assert pi.state == (True, "gps", "gps")


def test_a_time_server_counts_more_than_gps_but_the_difference_is_told_once() -> None:
    pi = Pi(kernel=True, gps_ahead=30.0)
    for _ in range(3):
        pi.keeper.check()
    assert pi.state == (True, "ntp", "ntp")
    assert [message for level, message in pi.notes if level == "warning"] == [
        "the clock is 30.0 s behind GPS, though a time server is said to keep it right: it is left as it is"
    ]
    assert pi.attempts == 0


def test_gps_that_says_otherwise_ends_trust_where_it_may_not_set_the_clock() -> None:
    async def test() -> None:
        pi = Pi()
        await pi.keeper.set_clock("2026-06-21T13:00:00Z")
        pi.gps_ahead = 0.0
        pi.keeper.check()
        assert pi.state == (False, "none", "unsynchronised")
        assert pi.keeper.sentence == "the clock is 3600.0 s ahead of GPS"
        assert pi.attempts == 1
        pi.gps_ahead = 3598.5  # it comes nearer, but not near enough
        pi.keeper.check()
        assert pi.state[0] is False
        pi.gps_ahead = 3599.5
        pi.keeper.check()
        assert pi.state == (True, "gps", "gps")

    run(test())


@pytest.mark.parametrize("ahead", [-1e9, -2.5, 2.5, 3600.0])
def test_gps_sets_the_clock_where_that_is_allowed(ahead: float) -> None:
    async def test() -> None:
        pi = Pi(set_by_gps=True, gps_ahead=ahead)
        for _ in range(5):
            await asyncio.sleep(0)
            pi.keeper.check()
        assert pi.state == (True, "gps", "gps")
        assert pi.attempts == 1
        (event,) = pi.steps
        assert event.cause == "gps"
        assert event.step.seconds == pytest.approx(ahead)
        assert pi.clock.utcnow() == pi.gps()

    run(test())


def test_gps_that_may_not_set_the_clock_after_all_tries_again_later_without_much_ado() -> None:
    async def test() -> None:
        pi = Pi(set_by_gps=True, gps_ahead=3600.0, refused="not allowed")
        for _ in range(300):
            pi.clock.advance(1.0)
            pi.keeper.check()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert pi.state == (False, "none", "unsynchronised")
        assert pi.attempts == 6
        assert len([message for _, message in pi.notes if "can't be set by GPS" in message]) == 1
        pi.refused = None
        pi.clock.advance(60.0)
        pi.keeper.check()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert pi.state == (True, "gps", "gps")

    run(test())


def test_a_clock_that_is_being_set_when_the_daemon_stops() -> None:
    async def test() -> None:
        pi = Pi(set_by_gps=True, gps_ahead=3600.0)
        pi.gate = asyncio.Event()
        pi.keeper.check()
        await asyncio.sleep(0)
        await pi.keeper.stop()
        assert not pi.steps

    run(test())


# ---- for clients ----


def test_what_clients_are_told_fits_into_a_datagram() -> None:
    pi = Pi(kernel=True)
    assert pi.keeper.as_dict() == {
        "trusted": True,
        "always": False,
        "source": "ntp",
        "synchronised": True,
        "sentence": "the clock is kept right by a time server or a receiver",
        "confirmed": "2026-06-21T12:00:00+00:00",
        "steps": 0,
        "last_step": None,
    }
    pi.clock.step(1e9 / 3)
    pi.keeper.check()
    found = pi.keeper.as_dict()
    assert found["last_step"] == {
        "before": "2026-06-21T12:00:00+00:00",
        "after": "2037-01-12T12:35:33.333333+00:00",
        "seconds": 333333333.333,
        "cause": "other",
    }
    assert len(json.dumps(found)) < 600
