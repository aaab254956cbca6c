"""What the HTTP interface has beside the tree of the rig, for the OpenAPI document: spectra, streams, downloads."""

from __future__ import annotations

from piccolo3.jsonvalue import JsonValue

__all__ = ["more_paths"]

Item = dict[str, JsonValue]


def more_paths(rig: str, errors: Item) -> dict[str, JsonValue]:
    """Paths; those that are not below `api` have another server."""
    outside: Item = {"servers": [{"url": f"/r/{rig}"}]}

    def get(summary: str, kind: str, *parameters: Item) -> Item:
        answer: Item = {"description": "done", "content": {kind: {"schema": {}}}}
        return {"get": {"summary": summary, "tags": ["web"], "parameters": [*parameters], "responses": _all(answer)}}

    def _all(answer: Item) -> Item:
        return {"200": answer, **errors}

    return {
        "/spectra": get(
            "the catalogue, a page at a time; takes what data_dir/query takes",
            "application/json",
            *(_query(name, "string") for name in ("since", "until", "run", "serial", "direction", "cursor")),
            *(_query(name, "integer") for name in ("batch", "limit")),
        ),
        "/spectra/{id}": get(
            "one spectrum; with Accept: application/octet-stream a header of JSON after its length (4 bytes, little "
            "endian), wavelengths (32 bit floats) and pixels (32 bit integers)",
            "application/json",
            _path("id", "integer"),
        ),
        "/events": get(
            "server-sent events: `value` (path, value or error, time), `connection` (connected, since, reason)",
            "text/event-stream",
            _query("paths", "string", "paths of values, with commas between them"),
        ),
        "/live/stream": {
            **get(
                "server-sent events: `detector` (wavelengths) and `spectrum` (pixels) as they are recorded",
                "text/event-stream",
            ),
            **outside,
        },
        "/download": {
            **get(
                "spectra in another format, of a run, a batch of it, or with these ids; several files are a zip",
                "application/octet-stream",
                _query("run", "string"),
                _query("batch", "integer"),
                _query("ids", "string", "numbers with commas between them"),
                _query("format", "string", enum=["csv", "netcdf", "flox", "pico"]),
                _query("level", "string", enum=["raw", "corrected", "reflectance"]),
            ),
            **outside,
        },
        "/download/{run}.zip": {
            **get("a run as it was recorded", "application/zip", _path("run", "string")),
            **outside,
        },
        "/download/{run}/{file}.pico": {
            **get("a file as it was recorded", "application/json", _path("run", "string"), _path("file", "string")),
            **outside,
        },
    }


def _query(name: str, kind: str, text: str = "", enum: list[JsonValue] | None = None) -> Item:
    schema: Item = {"type": kind} if enum is None else {"type": kind, "enum": enum, "default": enum[0]}
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _path(name: str, kind: str) -> Item:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
