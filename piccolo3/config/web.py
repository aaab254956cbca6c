"""The file of the web front end: checked, all mistakes told at once, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from piccolo3.config.build import settings_of
from piccolo3.config.check import Node, check
from piccolo3.config.document import read
from piccolo3.config.findings import COMMAND_LINE, Findings
from piccolo3.config.model import Setting
from piccolo3.config.options_web import RIG_URL, WEB
from piccolo3.errors import ConfigurationError

__all__ = ["BrandConfig", "HttpConfig", "RigConfig", "SessionConfig", "WebConfiguration", "load_web"]

_HOUR = 3600.0
_NO_OVERRIDES: Mapping[tuple[str, ...], object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """Where to listen; `anonymous` is nobody, look, operate, or None for what the address and the users allow."""

    address: str
    port: int
    certificate: Path | None
    key: Path | None
    users: Path
    anonymous: str | None
    hosts: tuple[str, ...]
    documentation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RigConfig:
    """One rig; `name` is a segment of a path."""

    name: str
    url: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """How long (s) a session lasts without a request, and at all."""

    idle: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandConfig:
    """How it looks; `theme` is auto, light or dark."""

    name: str
    logo: Path | None
    colour: str
    theme: str
    templates: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfiguration:
    """Everything in the file, with warnings and where each value comes from."""

    http: HttpConfig
    rigs: tuple[RigConfig, ...]
    sessions: SessionConfig
    brand: BrandConfig
    warnings: tuple[str, ...]
    settings: tuple[Setting, ...]


def load_web(
    file: Path | None, overrides: Mapping[tuple[str, ...], object] = _NO_OVERRIDES, *, rig: str | None = None
) -> WebConfiguration:
    """The file, checked; without one everything has its default, and paths start from `~/.config/piccolo3`.

    `overrides` are from the command line, by section and name; `rig` is the URL of one that takes the place of those
    in the file. ConfigurationError has all mistakes.
    """
    findings = Findings()
    document = None if file is None else read(file, findings, "it was named as the file of the web front end")
    said = {path: str(value) for path, value in overrides.items() if value is not None}
    root = check(WEB, document, said, findings)
    directory = Path.home() / ".config/piccolo3" if file is None else file.absolute().parent
    _check_files(root, directory, findings)
    if rig is not None and not _is_url(rig):
        findings.problem(COMMAND_LINE, f"the rig {rig}: it must be {RIG_URL.allowed}")
    if findings.problems:
        raise ConfigurationError(findings.problems)
    http, sessions, brand = root.children["http"], root.children["sessions"], root.children["brand"]
    return WebConfiguration(
        http=HttpConfig(
            address=http.take("address", str),
            port=http.take("port", int),
            certificate=_file(http, "certificate", directory),
            key=_file(http, "key", directory),
            users=directory / http.take("users", str),
            anonymous=http.get("anonymous", str),
            hosts=tuple(str(host).lower() for host in http.take("hosts", tuple)),
            documentation=http.take("documentation", bool),
        ),
        rigs=_rigs(root.children["rigs"]) if rig is None else (RigConfig(name="rig", url=rig, title="rig"),),
        sessions=SessionConfig(
            idle=sessions.take("idle", float) * _HOUR, longest=sessions.take("longest", float) * _HOUR
        ),
        brand=BrandConfig(
            name=brand.take("name", str),
            logo=_file(brand, "logo", directory),
            colour=brand.take("colour", str),
            theme=brand.take("theme", str),
            templates=_file(brand, "templates", directory),
        ),
        warnings=findings.warnings,
        settings=tuple(settings_of(root)),
    )


def _rigs(node: Node) -> tuple[RigConfig, ...]:
    rigs = tuple(
        RigConfig(name=name, url=child.take("url", str), title=child.take("title", str) or name)
        for name, child in node.children.items()
    )
    return rigs or (RigConfig(name="rig", url="coap://localhost", title="rig"),)


def _is_url(text: str) -> bool:
    try:
        return RIG_URL.parse(text) == text
    except ValueError:
        return False


def _file(node: Node, name: str, directory: Path) -> Path | None:
    text = node.get(name, str)
    return None if text is None else directory / text


def _check_files(root: Node, directory: Path, findings: Findings) -> None:
    http, brand = root.children["http"], root.children["brand"]
    for one, other in (("certificate", "key"), ("key", "certificate")):
        if http.get(one, str) and http.values[other].value is None and not http.values[other].broken:
            findings.problem(http.values[one].origin, f"[http]: with '{one}' there has to be '{other}'")
    for node, name in ((http, "certificate"), (http, "key"), (brand, "logo")):
        path = _file(node, name, directory)
        if path is not None and not path.is_file():
            findings.problem(node.values[name].origin, f"[{node.path[0]}]: {name} = {path}: there is no such file")
    templates = _file(brand, "templates", directory)
    if templates is not None and not templates.is_dir():
        findings.problem(brand.values["templates"].origin, f"[brand]: templates = {templates}: there is no such folder")
