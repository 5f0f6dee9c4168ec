"""For machines that ask: what can be asked (``/pipelines``), is the process alive, does it take questions."""

from quart import Blueprint, Response

from backend.errors import StorageError
from backend.http.application import extension
from backend.http.metrics import exposition
from backend.http.runs import json_response
from backend.pipeline import Pipeline
from backend.runs.manager import RunManager

blueprint = Blueprint("probes", __name__)


@blueprint.get("/pipelines")
async def pipelines() -> Response:
    return json_response({"pipelines": [_describe(pipeline) for pipeline in extension("pipelines")]})


@blueprint.get("/healthz")
async def healthz() -> Response:
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
async def readyz() -> Response:
    manager: RunManager = extension("manager")
    if manager.draining:
        return json_response({"status": "draining", "runs": manager.running}, 503)
    try:
        await manager.check()
    except StorageError:
        return json_response({"status": "the run log can't be written", "runs": manager.running}, 503)
    return json_response({"status": "ready", "runs": manager.running})


@blueprint.get("/metrics")
async def metrics() -> Response:
    text = exposition(extension("manager"))
    return Response(text, 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _describe(pipeline: Pipeline) -> dict[str, object]:
    return {
        "name": pipeline.name,
        "title": pipeline.title,
        "plan": pipeline.plan(),
        "columns": pipeline.columns,
        "examples": pipeline.examples,
        "options": [{"key": option.key, "label": option.label, "kind": option.kind} for option in pipeline.options],
        "follow_ups": bool(pipeline.follows),
        "attributions": list(pipeline.attributions()),
    }
