"""The URL of a server: `coap://host[:port]` (UDP) or `coap+tcp://host[:port]`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from piccolo3.errors import InvalidValue

__all__ = ["DEFAULT_PORT", "Address"]

DEFAULT_PORT = 5683  # RFC 7252, section 6.1; also for coap+tcp, RFC 8323, section 8.1
_SCHEMES = ("coap", "coap+tcp")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; `host` is a name or a literal address without brackets."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read a URL; a missing scheme means `coap`, a missing port 5683. InvalidValue for anything else."""
        try:
            parts = urlsplit(url if "://" in url else f"coap://{url}")
        except ValueError as problem:
            raise InvalidValue(f"{url!r} is not a URL: {problem}") from None
        try:
            port = parts.port
        except ValueError:
            raise InvalidValue(f"the port in the URL {url!r} is not a number from 1 to 65535") from None
        if parts.scheme not in _SCHEMES:
            raise InvalidValue(f"the URL {url!r} has to start with coap:// or coap+tcp://")
        if not parts.hostname:
            raise InvalidValue(f"the URL {url!r} names no host; an example is coap://localhost")
        if port == 0:
            raise InvalidValue(f"the port in the URL {url!r} is not a number from 1 to 65535")
        if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
            raise InvalidValue(f"the URL {url!r} has more than a scheme, a host and a port")
        return cls(parts.scheme, unquote(parts.hostname), DEFAULT_PORT if port is None else port)

    @property
    def is_literal(self) -> bool:
        """Whether the host is an IPv4 or IPv6 address, not a name."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True

    def at(self, host: str) -> Address:
        """The same scheme and port at another host."""
        return Address(self.scheme, host, self.port)

    def __str__(self) -> str:
        host = f"[{self.host.replace('%', '%25')}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" if self.port == DEFAULT_PORT else f"{self.scheme}://{host}:{self.port}"
