"""Runs over HTTP: the newest, one as a view, its events from any point, and cancelling it."""

import re

import msgspec
from quart import Blueprint, Response, current_app, request

from backend.errors import InvalidRequest, NotFound
from backend.http.assist import refuse_other_sites
from backend.http.pages import page, wants_page
from backend.http.stream import stream_response
from backend.runs.manager import RunManager
from backend.runs.recovery import read_view

blueprint = Blueprint("runs", __name__)

MAX_LISTED = 200
_CURSOR = re.compile(r"(?P<run>[a-z2-7]{1,64})\.(?P<seq>[0-9]{1,9})", re.ASCII)


def _manager() -> RunManager:
    manager: RunManager = current_app.extensions["manager"]
    return manager


@blueprint.get("/runs")
async def list_runs() -> Response:
    limit = _whole_number("limit", default=50)
    runs = await _manager().log.runs(min(limit, MAX_LISTED), request.args.get("before"))
    return json_response({"runs": runs})


@blueprint.get("/runs/<run>")
async def show_run(run: str) -> Response:
    """The folded view; for a browser, the page of the run."""
    try:
        viewer = await _manager().attach(run)  # the same errors as for a stream
    except NotFound:
        if wants_page():
            return await page(404)
        raise
    _manager().release(viewer)
    if wants_page():
        return await page()
    response = json_response(await read_view(_manager().log, run))
    response.headers["Vary"] = "Accept"
    return response


@blueprint.get("/runs/<run>/events")
async def run_events(run: str) -> Response:
    return stream_response(_manager(), await _manager().attach(run, _cursor(run)))


@blueprint.post("/runs/<run>/cancel")
async def cancel_run(run: str) -> Response:
    refuse_other_sites()
    if await _manager().cancel(run):
        return json_response({"run": run, "status": "cancelling"}, 202)
    summary = await _manager().log.summary(run)
    return json_response(summary)


def json_response(value: object, status: int = 200) -> Response:
    """``value`` as JSON."""
    return Response(msgspec.json.encode(value), status, {"Content-Type": "application/json"})


def _cursor(run: str) -> int:
    """After which event to go on: ``Last-Event-ID: <run>.<seq>`` or ``?after=<seq>``; the header wins."""
    last = request.headers.get("Last-Event-ID")
    if not last:
        return _whole_number("after", default=0)
    match = _CURSOR.fullmatch(last)
    if match is None or match["run"] != run:
        detail = "The Last-Event-ID isn't one of this run."
        raise InvalidRequest(detail, hint=f"It looks like {run}.17; leave it out to read from the start.")
    return int(match["seq"])


def _whole_number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise InvalidRequest(f"{name} must be a whole number of at most nine digits.")
    return int(text)
