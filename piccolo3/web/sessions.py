"""Sessions of people who are logged in, and how often somebody may try a password.

Sessions are in memory only: what is not there can't be forged, and a restart ends all of them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.config import SessionConfig
from piccolo3.web.users import Role, User, Users

__all__ = ["Session", "Sessions", "Throttle"]

_MOST = 1000  # sessions; the one that was not used for longest has to go
_TRIES = 5  # wrong passwords of one address, after which it has to wait
_TRIES_ALL = 50  # of all addresses together
_REFILL = 60.0  # s after which another one is allowed


@dataclass(slots=True)
class Session:
    """Somebody who is logged in; `csrf` has to come with everything that changes something."""

    user: User
    csrf: str
    begun: float
    used: float


class Sessions:
    """Sessions by the hash of their secret, so that nothing in memory is good for a cookie."""

    def __init__(self, users: Users, config: SessionConfig, clock: Clock) -> None:
        self._users = users
        self._config = config
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, user: User) -> str:
        """A new session; its secret, for the cookie."""
        self._expire()
        while len(self._sessions) >= _MOST:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].used)]
        secret, now = secrets.token_urlsafe(32), self._clock.monotonic()
        self._sessions[_key(secret)] = Session(user, secrets.token_urlsafe(32), now, now)
        return secret

    def find(self, secret: str) -> Session | None:
        """The session with this secret, if it has not ended; one whose user has changed has."""
        key = _key(secret)
        session = self._sessions.get(key)
        if session is None:
            return None
        if self._is_over(session) or self._users.all().get(session.user.name) != session.user:
            del self._sessions[key]
            return None
        session.used = self._clock.monotonic()
        return session

    def end(self, secret: str) -> None:
        """Log out."""
        self._sessions.pop(_key(secret), None)

    def role(self, secret: str) -> Role:
        """What the session allows now; to be asked again and again by what lasts long. Does not count as use."""
        session = self._sessions.get(_key(secret))
        if session is None or self._is_over(session):
            return Role.NOBODY
        return session.user.role if self._users.all().get(session.user.name) == session.user else Role.NOBODY

    def _is_over(self, session: Session) -> bool:
        now = self._clock.monotonic()
        return now - session.used > self._config.idle or now - session.begun > self._config.longest

    def _expire(self) -> None:
        for key in [key for key, session in self._sessions.items() if self._is_over(session)]:
            del self._sessions[key]


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", errors="replace")).digest()


class Throttle:
    """Wrong passwords by address: some at once, and then one a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[float, float]] = {}  # how many, and when that was so

    def wait(self, address: str) -> float:
        """How long (s) this address has to wait before it may try again, 0 if it may now."""
        worst = max(self._count("") - _TRIES_ALL, self._count(_network(address)) - _TRIES)
        return max(0.0, (worst + 1) * _REFILL) if worst > -1 else 0.0

    def failed(self, address: str) -> None:
        """A password was wrong."""
        now = self._clock.monotonic()
        for name in ("", _network(address)):
            self._failures[name] = (self._count(name) + 1, now)
        if len(self._failures) > _MOST:
            self._failures = {name: item for name, item in self._failures.items() if self._count(name) > 0}
        while len(self._failures) > _MOST:
            del self._failures[next(name for name in self._failures if name)]

    def succeeded(self, address: str) -> None:
        """It was right: what went before does not count any more."""
        self._failures.pop(_network(address), None)
        self._failures[""] = (max(0.0, self._count("") - 1), self._clock.monotonic())

    def _count(self, name: str) -> float:
        count, when = self._failures.get(name, (0.0, 0.0))
        return max(0.0, count - (self._clock.monotonic() - when) / _REFILL)


def _network(address: str) -> str:
    """The address, of IPv6 its network: whoever has one has all of it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address or "?"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
