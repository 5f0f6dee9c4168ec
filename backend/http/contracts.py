"""Contracts for programs: ``GET /schema/events.json`` and ``GET /openapi.json``, made from the types in the code."""

from functools import cache
from typing import Any

import msgspec
from quart import Blueprint, Response

from backend.http.application import extension
from shared import events as ev

blueprint = Blueprint("contracts", __name__)

_UNKNOWN = (
    "The events of a run, and the two frames that belong to one connection alone (stream.snapshot, stream.bye). A "
    "reader ignores types and fields that it doesn't know: the vocabulary grows within a version (v of run.started)."
)


@blueprint.get("/schema/events.json")
async def events_schema() -> Response:
    return _json(_events_schema())


@blueprint.get("/openapi.json")
async def openapi_document() -> Response:
    return _json(_openapi_of(tuple(pipeline.name for pipeline in extension("pipelines"))))


@cache
def _events_schema() -> bytes:
    schema = msgspec.json.schema(ev.WireKnown)
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return _encode({"$schema": dialect, "title": "Windowseat events", "description": _UNKNOWN, **schema})


@cache
def _openapi_of(pipelines: tuple[str, ...]) -> bytes:
    from backend.http.openapi import openapi

    return _encode(openapi(pipelines))


def _encode(document: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document))


def _json(body: bytes) -> Response:
    # Read by tools of other sites too: there is nothing of anybody's in it.
    return Response(body, 200, {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"})
