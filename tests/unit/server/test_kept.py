from __future__ import annotations

import pytest

from piccolo3.server.kept import without_passwords


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "url = postgresql://u:secret@host/name  # instrument, line 3",
            "url = postgresql://u:***@host/name  # instrument, line 3",
        ),
        (
            "url = 'postgresql+psycopg://u:p@ss:w/rd@host:5432/name'",
            "url = 'postgresql+psycopg://u:***@host:5432/name'",
        ),
        (
            "postgresql://host/name?user=u&password=secret&sslmode=require",
            "postgresql://host/name?user=u&password=***&sslmode=require",
        ),
        ("postgresql://u@host/name", "postgresql://u@host/name"),
        ("sqlite:////data/piccolo3.sqlite", "sqlite:////data/piccolo3.sqlite"),
        ("a = coap://[::1]:5683\nb = user@host", "a = coap://[::1]:5683\nb = user@host"),
    ],
)
def test_passwords_are_not_kept(text: str, expected: str) -> None:
    assert without_passwords(text) == expected
