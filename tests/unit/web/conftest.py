"""The application without a rig: nothing listens where it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from piccolo3.clock import ManualClock
from piccolo3.config import load_web
from piccolo3.web.application import application
from piccolo3.web.users import Role, Users

PASSWORD = "correct horse battery"
Make = Callable[..., TestClient]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make(tmp_path: Path, clock: ManualClock) -> Iterator[Make]:
    """Make a client of an application with this configuration, with users or without."""
    with ExitStack() as stack:

        def made(text: str = "", *, users: bool = True) -> TestClient:
            file = tmp_path / "web.cfg"
            file.write_text(text or "[rigs]\n[[rig]]\nurl = coap://[::1]:9\n")
            configuration = load_web(file)
            if users:
                Users(configuration.http.users).put("anna", Role.OPERATE, PASSWORD)
                Users(configuration.http.users).put("otto", Role.LOOK, PASSWORD)
            app = application(configuration, clock)
            return stack.enter_context(TestClient(app, base_url="http://localhost", follow_redirects=False))

        yield made
