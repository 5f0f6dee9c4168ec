"""The OpenAPI 3.2 description of the server. Bodies and events are made from the structs that the handlers use.

3.2, since it is the first version that can say what a stream is made of (``itemSchema``, Media Type Object,
https://spec.openapis.org/oas/v3.2.0#media-type-object): each item is a frame whose ``data`` is an event in JSON.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from backend.checking import SourceReport
from backend.http.assist import COMMON_OPTIONS, EXAMPLE, FOLLOW_UP_OPTIONS, MAX_QUESTION_CHARS, AssistRequest
from backend.runs.log import RunSummary
from shared import events as ev
from shared.view import RunView

Document = dict[str, Any]

_REF = "#/components/schemas/{name}"
_HTML: Document = {"text/html": {"schema": {"type": "string"}}}
_RUN = {"name": "run", "in": "path", "required": True, "description": "The id of a run.", "schema": {"type": "string"}}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Go on after this event: `<run>.<seq>`, the `id` of the last frame received.",
    "schema": {"type": "string"},
    "example": "ojruvwu2mfzgs3tbmrqw4zdfoi.17",
}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "Go on after the event of this number; `Last-Event-ID` wins.",
    "schema": {"type": "integer", "minimum": 0},
}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and body are the same run, however often they are sent; another body is a 409.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
_SNAPSHOT = {
    "name": "snapshot",
    "in": "query",
    "description": "1: begin with `stream.snapshot`, the fold of what there is, and go on from there.",
    "schema": {"enum": ["0", "1"]},
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error before a stream begins (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None


def openapi(pipelines: Sequence[str]) -> Document:
    """The document for a server that has ``pipelines``."""
    kinds = [ev.WireKnown, AssistRequest, RunSummary, RunView, Problem, SourceReport]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    components["Event"] = schemas[0]
    components["AssistRequest"]["properties"]["q"] |= {"minLength": 1, "maxLength": MAX_QUESTION_CHARS}
    components["AssistRequest"]["properties"]["pipeline"] = {"enum": [*pipelines], "default": pipelines[0]}
    components["AssistRequest"]["properties"]["options"] = _options()
    return {
        "openapi": "3.2.0",
        "info": {
            "title": "Windowseat",
            "version": version("windowseat"),
            "summary": "One POST starts a run, and its answer is the run itself, narrated over Server-Sent Events.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": _paths(),
        "components": {"schemas": components, "responses": {"Problem": _problem()}},
    }


def _options() -> Document:
    listed = {
        option.key: {"type": "string", "description": option.label} for option in (*COMMON_OPTIONS, *FOLLOW_UP_OPTIONS)
    }
    gone = "What becomes of the run when the last viewer has left."
    return {
        "type": "object",
        "description": "Those that every pipeline takes, and those that `GET /pipelines` lists for this one.",
        "properties": {
            **listed,
            "on_disconnect": {"enum": ["grace", "continue", "cancel"], "default": "grace", "description": gone},
        },
    }


def _paths() -> Document:
    return {
        "/assist": {"post": _assist()},
        "/agui": {"post": _agui()},
        "/runs": {"get": _runs()},
        "/runs/import": {"post": _import()},
        "/runs/{run}": {"get": _run(), "delete": _delete()},
        "/runs/{run}/events": {"get": _events()},
        "/runs/{run}/cancel": {"post": _cancel()},
        "/pipelines": {"get": _get("What can be asked: plans, columns, options, examples.", _json({"type": "object"}))},
        "/sources": {"get": _sources()},
        "/healthz": {"get": _get("Whether the process is alive.", _json({"type": "object"}))},
        "/readyz": {"get": _ready()},
        "/metrics": {"get": _get("Figures for Prometheus.", {"text/plain": {"schema": {"type": "string"}}})},
        "/schema/events.json": {"get": _get("The events as JSON Schema (2020-12).", _json({"type": "object"}))},
        "/openapi.json": {"get": _get("This document.", _json({"type": "object"}))},
        "/plain": {"post": _plain()},
        "/plain/{run}": {"get": _get("A run as one HTML document that grows.", _HTML, [_RUN])},
        "/": {"get": _get("The page.", _HTML)},
        "/static/{file}": {"get": _get("A file of the page.", {"*/*": {}}, [{**_RUN, "name": "file"}])},
    }


def _assist() -> Document:
    body = _json(_ref("AssistRequest"), example={"q": "somewhere hot tomorrow, under 5 hours, from New York"})
    return {
        "summary": "Ask: starts a run and streams it.",
        "description": "The stream ends with `run.finished`. One that ends without it was cut: read on from "
        "`GET /runs/{run}/events`.",
        "parameters": [_KEY, _LAST_EVENT_ID],
        "requestBody": {"required": True, "description": EXAMPLE, "content": body},
        "responses": {"200": _stream("The run, from its first event."), "default": _failed()},
    }


def _run() -> Document:
    summary = "One run as it stands, folded from its events; its page, for a browser."
    return _get(summary, {**_json(_ref("RunView")), **_HTML}, [_RUN])


def _plain() -> Document:
    fields = {"q": {"type": "string"}, "pipeline": {"type": "string"}}
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}
    return {
        "summary": "Ask from a form, without JavaScript: one HTML document that grows.",
        "requestBody": {"required": True, "content": form},
        "responses": {"200": {"description": "The run.", "content": _HTML}, "default": _failed()},
    }


def _agui() -> Document:
    return {
        "summary": "Ask in AG-UI 1.0 (https://docs.ag-ui.com): `RunAgentInput` in, its events out.",
        "description": "`forwardedProps` takes `pipeline` and `options`, or `run` and `after` to join a run.",
        "requestBody": {"required": True, "content": _json({"type": "object"})},
        "responses": {
            "200": {"description": "AG-UI events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            "default": _failed(),
        },
    }


def _runs() -> Document:
    parameters = [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 50}},
        {"name": "before", "in": "query", "description": "Older than this run.", "schema": {"type": "string"}},
        {"name": "q", "in": "query", "description": "With all these words.", "schema": {"type": "string"}},
    ]
    next_page = {"type": "string", "description": "The `before` of the next page, if there may be one."}
    listed = {
        "type": "object",
        "properties": {"runs": {"type": "array", "items": _ref("RunSummary")}, "next": next_page},
    }
    return _get("The newest runs, newest first.", _json(listed), parameters)


def _events() -> Document:
    return {
        "summary": "The events of a run, from the start or after any of them, then live.",
        "parameters": [_RUN, _LAST_EVENT_ID, _AFTER, _SNAPSHOT],
        "responses": {"200": _stream("The events."), "default": _failed()},
    }


def _import() -> Document:
    lines = {"application/x-ndjson": {"itemSchema": _ref("Event")}}
    kept = {"content": _json(_ref("RunSummary"))}
    return {
        "summary": "Keep a run that was recorded elsewhere, under its own id.",
        "requestBody": {"required": True, "description": "A whole run, an event a line.", "content": lines},
        "responses": {
            "201": {"description": "It is kept now.", **kept},
            "200": {"description": "It was here already.", **kept},
            "default": _failed(),
        },
    }


def _delete() -> Document:
    return {
        "summary": "Forget a run that is over.",
        "parameters": [_RUN],
        "responses": {"204": {"description": "It is forgotten."}, "default": _failed()},
    }


def _cancel() -> Document:
    return {
        "summary": "Cancel a run. Idempotent.",
        "parameters": [_RUN],
        "responses": {
            "202": {"description": "It is being cancelled: `run.notice` says so, then `run.finished`."},
            "200": {"description": "It was over.", "content": _json(_ref("RunSummary"))},
            "default": _failed(),
        },
    }


def _sources() -> Document:
    reports = {"type": "array", "items": _ref("SourceReport")}
    listed = {"pipeline": {"type": "string"}, "title": {"type": "string"}, "sources": reports}
    pipelines = {"type": "array", "items": {"type": "object", "properties": listed}}
    body = {"type": "object", "properties": {"asked": {"type": "boolean"}, "pipelines": pipelines}}
    return _get("How the sources of facts fare; they are asked for a client on the server's own network.", _json(body))


def _ready() -> Document:
    described = _get("Whether it takes questions.", _json({"type": "object"}))
    described["responses"]["503"] = {"description": "It is stopping.", "content": _json({"type": "object"})}
    return described


def _get(summary: str, content: Document, parameters: Sequence[Document] = ()) -> Document:
    described: Document = {
        "summary": summary,
        "responses": {"200": {"description": summary, "content": content}, "default": _failed()},
    }
    if parameters:
        described["parameters"] = list(parameters)
    return described


def _stream(description: str) -> Document:
    event = {"type": "string", "contentMediaType": "application/json", "contentSchema": _ref("Event")}
    frame = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "`<run>.<seq>`; absent where a frame is of this connection alone."},
            "data": event,
            "retry": {"type": "integer", "minimum": 0, "description": "Milliseconds."},
        },
        "required": ["data"],
    }
    content = {"text/event-stream": {"itemSchema": frame}, "application/x-ndjson": {"itemSchema": _ref("Event")}}
    return {"description": description, "content": content}


def _json(schema: Document, **more: Any) -> Document:
    return {"application/json": {"schema": schema, **more}}


def _ref(name: str) -> Document:
    return {"$ref": _REF.format(name=name)}


def _failed() -> Document:
    return {"$ref": "#/components/responses/Problem"}


def _problem() -> Document:
    return {
        "description": "What failed, whose fault it is, what to try.",
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
