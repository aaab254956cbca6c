"""`.well-known/core` and `description`."""

from __future__ import annotations

import asyncio

import pytest
from aiocoap.numbers.codes import Code
from aiocoap.util.linkformat import parse

from piccolo3.components.describe import describe
from tests.integration.coap.toy import GET, toy_and_client


def links(query: str = "") -> dict[str, dict[str, str | None]]:
    async def main() -> str:
        async with toy_and_client() as (_, client):
            answer = await client.ask(GET, f".well-known/core{query}")
            assert (answer.code, answer.opt.content_format) == (Code.CONTENT, 40)
            return str(answer.payload.decode())

    return {link.href: dict(link.attr_pairs) for link in parse(asyncio.run(main())).links}


def test_every_resource_is_listed_with_its_attributes() -> None:
    found = links()
    assert found["/.well-known/core"] == {"ct": "40"}
    assert found["/control/delay"] == {
        "rt": "piccolo3.value",
        "if": "core.p",
        "ct": "50 60",
        "title": "pause between sequences",
        "obs": None,
    }
    assert found["/control/status"]["if"] == "core.rp"
    assert found["/control/status"]["title"] == '"status"'
    assert found["/control/record"] == {"rt": "piccolo3.command", "if": "core.a", "ct": "50 60", "title": "record"}
    assert "obs" in found["/spectrometer/S_x/current_time/upwelling"]
    assert "/data_dir/runs/old%20%C3%A4/name" in found
    assert "/description" in found
    assert "/control/delay" in found
    assert len(found) == 2 + 14 + 4 + 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?href=/control/delay", ["/control/delay"]),
        ("?href=/control/a*", ["/control/abort", "/control/all_runs"]),
        ("?ct=40", ["/.well-known/core"]),
        ("?rt=piccolo3.d*", ["/description"]),
        ("?obs&href=/control/d*", ["/control/delay"]),
        ("?title=abort", ["/control/abort"]),
        ("?if=core.p", ["/control/current_run", "/control/delay", "/control/jobs"]),
        ("?href=/nothing", []),
        ("?ep=node", []),
    ],
)
def test_filters(query: str, expected: list[str]) -> None:
    assert sorted(links(query)) == expected


@pytest.mark.parametrize("accept", [None, 50, 60])
def test_the_description_is_the_whole_tree(accept: int | None) -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, client):
            assert await client.json(GET, "description", accept=accept) == describe(toy.root)
            answer = await client.ask(GET, "description", accept=accept)
            again = await client.ask(GET, "description", accept=accept, etags=[answer.opt.etag])
            assert again.code == Code.VALID

    asyncio.run(main())
