"""What other programs read: metrics of Prometheus and the OpenAPI document, judged by their own parsers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from piccolo3.jsonvalue import JsonValue
from piccolo3.web.metrics import _HELP, _text
from tests.integration.web.support import serving_web
from tests.integration.web.test_web import record


def families(text: str) -> dict[str, Any]:
    return {one.name: one for one in text_string_to_metric_families(text)}


def test_metrics(rig_url: str, tmp_path: Path) -> None:
    async def scrape() -> str:
        async with serving_web(rig_url, tmp_path) as web:
            await record(web, "measured")
            job: dict[str, JsonValue] = {"when": {"kind": "once", "at": "2199-01-01T00:00:00+00:00"}, "task": "dark"}
            added = await web.post("control/scheduler/add", [[], job])
            try:
                answer = await web.client.get("/metrics")
            finally:
                await web.post("control/scheduler/delete", [[], {"jid": added.json()["id"]}])
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
            return answer.text

    found = families(asyncio.run(scrape()))
    assert set(found) - set(_HELP) == set(), "there is no help for these"
    states = {name.removeprefix("piccolo_batch_") for name in found if name.startswith("piccolo_batch_")}
    assert states == {"step", "steps", "sequence", "seconds_left"}
    missing = set(_HELP) - set(found)
    known_here = {name for name in missing if "voltage" not in name and "throttled" not in name}
    assert known_here <= {"piccolo_cpu_temperature", "piccolo_clock_offset", "piccolo_detector_temperature"}
    for one in found.values():
        assert one.type == "gauge"
        assert one.documentation
        for sample in one.samples:
            assert sample.labels.get("rig", "rig") == "rig"
    status = {sample.labels["of"]: sample.value for sample in found["piccolo_spectrometer_status"].samples}
    assert status == {"dummy_FLM": 6, "dummy_STS": 6}
    assert found["piccolo_last_batch_complete"].samples[0].value == 1
    assert found["piccolo_next_job_seconds"].samples[0].value == 7226582400


def test_what_is_named_oddly_can_be_read() -> None:
    labels = {"rig": 'a "b" \\ c\nd'}
    found = families(_text([("piccolo_up", labels, 1.0), ("piccolo_x", {}, float("nan"))]))
    assert found["piccolo_up"].samples[0].labels == labels


def test_metrics_of_a_rig_that_is_not_there(tmp_path: Path) -> None:
    async def scrape() -> str:
        async with serving_web("coap://[::1]:9", tmp_path) as web:
            answer = await web.client.get("/metrics")
            assert answer.status_code == 200
            return answer.text

    found = families(asyncio.run(scrape()))
    assert found["piccolo_up"].samples[0].value == 0
    assert "piccolo_info" not in found


def test_the_openapi_document_is_valid(rig_url: str, tmp_path: Path) -> None:
    async def fetch() -> dict[str, Any]:
        async with serving_web(rig_url, tmp_path) as web:
            document = await web.get("openapi.json")
            assert isinstance(document, dict)
            return document

    document = asyncio.run(fetch())
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    log = document["paths"]["/sysinfo/log"]["get"]
    assert {one["name"] for one in log["parameters"]} == {"limit", "before", "after", "level"}
    for path in ("/spectra/{id}", "/events", "/live/stream", "/download/{run}.zip"):
        assert "get" in document["paths"][path]
