"""Loading the server file and the instrument file that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from piccolo3.config.build import build_datadir, build_instrument, build_server, path_of, settings_of
from piccolo3.config.check import Node, check
from piccolo3.config.declaration import where
from piccolo3.config.document import read
from piccolo3.config.findings import COMMAND_LINE, Findings
from piccolo3.config.model import Configuration, ServerConfig
from piccolo3.config.options import INSTRUMENT, SERVER
from piccolo3.config.rules import apply_rules
from piccolo3.errors import ConfigurationError

__all__ = ["load", "load_server"]

Overrides = Mapping[tuple[str, ...], object]
_NO_OVERRIDES: Overrides = {}


def load(server_file: Path | None, overrides: Overrides = _NO_OVERRIDES) -> Configuration:
    """Both files, checked; without `server_file` the server has its defaults.

    `overrides` come from the command line and count more than the files: values by section and name, such as
    `{("datadir", "datadir"): "/data"}`; None is the same as leaving out. Raises ConfigurationError with all mistakes
    of both files and of the command line at once.
    """
    findings, directory = Findings(), Path.cwd()
    said = _texts(overrides)
    server = _server_node(server_file, said, findings)
    nodes = [server]
    _check_fallback(server, directory, findings)
    path = _instrument_file(server, directory)
    if path is not None:
        document = read(path, findings, "the option 'config' of the server file names the instrument file")
        if document is not None:
            nodes.append(check(INSTRUMENT, document, said, findings))
            apply_rules(nodes[-1], findings)
            _check_overrides(nodes, said, findings)
    if findings.problems:
        raise ConfigurationError(findings.problems)
    return Configuration(
        server=build_server(server, directory),
        instrument=build_instrument(nodes[-1]),
        warnings=findings.warnings,
        settings=tuple(setting for node in nodes for setting in settings_of(node)),
    )


def load_server(server_file: Path | None, overrides: Overrides = _NO_OVERRIDES) -> ServerConfig:
    """The server file alone, for what has to happen before the instrument file can be read, such as mounting."""
    findings = Findings()
    node = _server_node(server_file, _texts(overrides), findings)
    if findings.problems:
        raise ConfigurationError(findings.problems)
    return build_server(node, Path.cwd())


def _texts(overrides: Overrides) -> dict[tuple[str, ...], str]:
    return {path: str(value) for path, value in overrides.items() if value is not None}


def _server_node(server_file: Path | None, said: Mapping[tuple[str, ...], str], findings: Findings) -> Node:
    document = None
    if server_file is not None:
        document = read(server_file, findings, "it was named as the server file")
    return check(SERVER, document, said, findings)


def _instrument_file(server: Node, directory: Path) -> Path | None:
    """Where the instrument file is, None if a mistake in the server file leaves that open."""
    datadir = server.children["datadir"]
    for node, name in ((server, "config"), (datadir, "datadir"), (datadir, "mount"), (datadir, "mntpnt")):
        if node.values[name].broken:
            return None
    place = ServerConfig(config=path_of(server, "config"), datadir=build_datadir(datadir), directory=directory)
    return place.instrument_file


def _check_fallback(server: Node, directory: Path, findings: Findings) -> None:
    datadir = server.children["datadir"]
    fallback = datadir.get("fallback", str)
    if fallback is None or any(datadir.values[name].broken for name in ("datadir", "mount", "mntpnt")):
        return
    place = ServerConfig(datadir=build_datadir(datadir), directory=directory)
    data, spare = place.data_dir.resolve(), (directory / fallback).resolve()
    carrier = (directory / place.datadir.mntpnt).resolve() if place.datadir.mount else data
    if spare.is_relative_to(carrier) or data.is_relative_to(spare):
        text = f"{where(datadir.path)}: fallback = {fallback}: it must be elsewhere than the data directory"
        findings.problem(datadir.values["fallback"].origin, text)


def _check_overrides(nodes: list[Node], said: Mapping[tuple[str, ...], str], findings: Findings) -> None:
    known = {(*node.path, name) for root in nodes for node in root.walk() for name in node.values}
    for path in said:
        if path not in known:
            place = f"{where(path[:-1])}: " if path[:-1] else ""
            findings.problem(COMMAND_LINE, f"{place}there is no option '{path[-1] if path else ''}'")
