"""For machines that ask: what can be asked (``/pipelines``), is the process alive, does it take questions."""

from quart import Blueprint, Response, current_app

from backend.http.runs import json_response
from backend.pipeline import Pipeline

blueprint = Blueprint("probes", __name__)


@blueprint.get("/pipelines")
async def pipelines() -> Response:
    return json_response({"pipelines": [_describe(pipeline) for pipeline in current_app.extensions["pipelines"]]})


@blueprint.get("/healthz")
async def healthz() -> Response:
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
async def readyz() -> Response:
    manager = current_app.extensions["manager"]
    if manager.draining:
        return json_response({"status": "draining", "runs": manager.running}, 503)
    return json_response({"status": "ready", "runs": manager.running})


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
