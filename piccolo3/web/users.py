"""Who may come in: names, roles and hashes of passwords, in a file that only its owner can read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from piccolo3.errors import ConfigurationError, InvalidValue

__all__ = ["LONGEST", "Role", "User", "Users", "hashed"]

LONGEST = 1024  # characters of a password
_SHORTEST = 8
_N, _R, _P = 1 << 14, 8, 1  # 16 MB and some 50 ms on a desktop, 300 ms on a Raspberry Pi (RFC 7914)
_NAME = re.compile(r"[\w.+@-]{1,64}")


class Role(IntEnum):
    """What somebody may do; more includes less."""

    NOBODY = 0
    LOOK = 1
    OPERATE = 2


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password."""

    name: str
    role: Role
    hash: str


def hashed(password: str) -> str:
    """The hash of a password: `scrypt$n$r$p$salt$hash`. InvalidValue for one that is too short or too long."""
    if not _SHORTEST <= len(password) <= LONGEST:
        raise InvalidValue(f"a password has at least {_SHORTEST} and at most {LONGEST} characters")
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", str(_N), str(_R), str(_P), _text(salt), _text(_scrypt(password, salt, _N, _R, _P))))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    text = unicodedata.normalize("NFKC", password).encode("utf-8", errors="surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _matches(password: str, known: str) -> bool:
    try:
        _, n, r, p, salt, wanted = known.split("$")
        found = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(found, base64.b64decode(wanted))
    except (ValueError, binascii.Error, MemoryError):
        return False


class Users:
    """The file; read again when it has changed. Calls block for the time of a hash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._users: Mapping[str, User] = {}
        self._nobody = "$".join(("scrypt", str(_N), str(_R), str(_P), _text(bytes(16)), _text(bytes(32))))

    def all(self) -> Mapping[str, User]:
        """Everybody by name, none where there is no file. ConfigurationError where it can't be read."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._users = None, {}
            return self._users
        except OSError as error:
            raise ConfigurationError([f"{self.path}: {error.strerror}"]) from error
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._stamp:
            if found.st_mode & 0o077:
                raise ConfigurationError([f"{self.path}: others must not read it: chmod 600 {self.path}"])
            self._users, self._stamp = self._read(), stamp
        return self._users

    def check(self, name: str, password: str) -> User | None:
        """The user with this name and password; it takes the same time whether there is such a name or not."""
        user = self.all().get(name)
        right = _matches(password[:LONGEST], user.hash if user else self._nobody)
        return user if right and user else None

    def put(self, name: str, role: Role, password: str) -> None:
        """Add somebody, or change their password and role."""
        if not _NAME.fullmatch(name):
            raise InvalidValue("a name has letters, digits and . _ + @ -, at most 64 of them")
        self._write({**self.all(), name: User(name, role, hashed(password))})

    def remove(self, name: str) -> bool:
        """Take somebody out; whether they were there. Their sessions end with it."""
        users = dict(self.all())
        if users.pop(name, None) is None:
            return False
        self._write(users)
        return True

    def _read(self) -> Mapping[str, User]:
        users: dict[str, User] = {}
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise ConfigurationError([f"{self.path}: it can't be read: {error}"]) from error
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.split(":")
            if len(parts) != 3 or parts[1] not in ("look", "operate") or not _NAME.fullmatch(parts[0]):
                raise ConfigurationError(
                    [f"{self.path}, line {number}: this is not `name:look` or `operate` and a hash"]
                )
            users[parts[0]] = User(parts[0], Role[parts[1].upper()], parts[2])
        return users

    def _write(self, users: Mapping[str, User]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{user.name}:{user.role.name.lower()}:{user.hash}\n" for user in users.values())
        temporary = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                if os.geteuid() == 0:  # who serves has to be able to read it
                    owner = (self.path if self.path.exists() else self.path.parent).stat()
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                file.write(f"# name, role and hash of the password; written by piccolo3-web passwd\n{text}")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self._stamp = None
