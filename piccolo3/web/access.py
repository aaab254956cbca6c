"""Who may do what: the gate that every request goes through before anything else looks at it.

- The host that a browser asks for has to be one of ours: else a foreign page could point its own name at us.
- What changes something has to come from our own pages (Origin, Sec-Fetch-Site), and from somebody who is logged in by
  cookie with the token of the session, which no other page can know.
- Bodies are small.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from piccolo3.clock import Clock
from piccolo3.config import WebConfiguration
from piccolo3.web.sessions import Sessions, Throttle
from piccolo3.web.users import Role, User, Users

__all__ = ["SAFE", "Access", "Visitor"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REMEMBERED = 300.0  # s for which a password in a header needs no new hash
_MOST = 100


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks; `csrf` is None where no token is needed, `secret` that of the session if there is one."""

    name: str | None
    role: Role
    csrf: str | None = None
    secret: str | None = None


class Access:
    """Users, sessions and tries, and what follows from them for a request."""

    def __init__(self, configuration: WebConfiguration, clock: Clock) -> None:
        self._http = configuration.http
        self._clock = clock
        self.users = Users(configuration.http.users)
        self.sessions = Sessions(self.users, configuration.sessions, clock)
        self.throttle = Throttle(clock)
        self.secure = configuration.http.certificate is not None
        self.cookie = "__Host-piccolo" if self.secure else "piccolo"
        own = socket.gethostname().lower()
        self._hosts = {"localhost", own, own.partition(".")[0], f"{own.partition('.')[0]}.local", *self._http.hosts}
        self._key = secrets.token_bytes(32)
        self._remembered: dict[bytes, tuple[float, User]] = {}
        self._hashing = asyncio.Semaphore(1)  # hashes take memory, on purpose

    @property
    def anonymous(self) -> Role:
        """What somebody may do who is not logged in."""
        if self._http.anonymous is not None:
            return Role[self._http.anonymous.upper()]
        return Role.OPERATE if is_loopback(self._http.address) and not self.users.all() else Role.NOBODY

    def is_our_host(self, headers: Headers) -> bool:
        """Whether the host that was asked for is an address, or a name that is ours."""
        host = _host(headers.get("host", ""))
        if host is None:
            return False
        try:
            ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return host in self._hosts
        return True

    @staticmethod
    def is_our_page(headers: Headers, scheme: str) -> bool:
        """Whether a request comes from one of our own pages, or from no page at all."""
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        return origin is None or origin.lower() == f"{scheme}://{headers.get('host', '')}".lower()

    async def visitor(self, connection: HTTPConnection) -> Visitor:
        """Who asks: by the cookie, or by name and password in the header, for programs."""
        secret = connection.cookies.get(self.cookie)
        if secret:
            session = self.sessions.find(secret)
            if session is not None:
                return Visitor(session.user.name, session.user.role, session.csrf, secret)
        header = connection.headers.get("authorization", "")
        if header[:6].lower() == "basic " and (user := await self._basic(connection, header)) is not None:
            return Visitor(user.name, user.role)
        return Visitor(None, self.anonymous)

    def still(self, visitor: Visitor) -> bool:
        """Whether a visitor, who came a while ago, would still be let in."""
        if visitor.secret is not None:
            return self.sessions.role(visitor.secret) >= Role.LOOK
        if visitor.name is not None:
            return visitor.name in self.users.all()
        return self.anonymous >= Role.LOOK

    async def check(self, name: str, password: str, address: str) -> User | float:
        """The user with this name and password, or how long (s) to wait before the next try (0: just wrong)."""
        wait = self.throttle.wait(address)
        if wait > 0:
            return wait
        self.throttle.failed(address)  # beforehand: many at once must not all be let through
        async with self._hashing:
            user = await asyncio.to_thread(self.users.check, name, password)
        if user is None:
            return 0.0
        self.throttle.succeeded(address)
        return user

    async def _basic(self, connection: HTTPConnection, header: str) -> User | None:
        key = hmac.digest(self._key, header.encode("utf-8", errors="replace"), hashlib.sha256)
        when, known = self._remembered.get(key, (0.0, None))
        if known is not None and self._clock.monotonic() < when and self.users.all().get(known.name) == known:
            return known
        self._remembered.pop(key, None)
        try:
            name, _, password = base64.b64decode(header[6:].strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        user = await self.check(name, password, address_of(connection))
        if not isinstance(user, User):
            return None
        if len(self._remembered) >= _MOST:
            self._remembered.clear()
        self._remembered[key] = (self._clock.monotonic() + _REMEMBERED, user)
        return user


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from."""
    return connection.client.host if connection.client else ""


def is_loopback(address: str) -> bool:
    """Whether only this computer can reach an address."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _host(text: str) -> str | None:
    try:
        parts = urlsplit(f"//{text}")
        return parts.hostname if parts.username is None and not parts.path else None
    except ValueError:
        return None
