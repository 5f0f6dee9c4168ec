"""Runs over HTTP: the newest, one as a view, its events from any point; cancelling, forgetting and bringing in one."""

import msgspec
from quart import Blueprint, Response, request

from backend.errors import InvalidRequest, NotFound
from backend.http.application import extension
from backend.http.assist import MAX_QUESTION_CHARS, refuse_other_sites
from backend.http.pages import page, wants_page
from backend.http.reading import cursor, last_event_id, wanted_format, whole_number
from backend.http.stream import snapshot_frame, stream_response
from backend.runs.manager import RunManager
from backend.runs.recovery import read_snapshot, read_view
from shared.text import clean

blueprint = Blueprint("runs", __name__)

MAX_LISTED = 200
IMPORT_PATH = "/runs/import"


def _manager() -> RunManager:
    manager: RunManager = extension("manager")
    return manager


@blueprint.get("/runs")
async def list_runs() -> Response:
    limit = min(whole_number("limit", default=50), MAX_LISTED)
    words = clean(request.args.get("q", ""))[:MAX_QUESTION_CHARS].split()
    runs = await _manager().log.runs(limit, request.args.get("before"), words)
    more = {"next": runs[-1].run} if runs and len(runs) == limit else {}
    return json_response({"runs": runs, **more})


@blueprint.get("/runs/<run>")
async def show_run(run: str) -> Response:
    """The folded view; for a browser, the page of the run."""
    try:
        summary = await _manager().summary(run)
    except NotFound:
        if wants_page():
            return await page(404)
        raise
    if wants_page():
        return await page(pipeline=summary.pipeline, run=run)
    response = json_response(await read_view(_manager().log, run))
    response.headers["Vary"] = "Accept"
    return response


@blueprint.get("/runs/<run>/events")
async def run_events(run: str) -> Response:
    manager, after, form = _manager(), cursor(run), wanted_format()
    # A reader that comes again has its snapshot already, and what EventSource asks for is always the same URL.
    if request.args.get("snapshot") not in (None, "", "0") and last_event_id() is None:
        view, forks = await read_snapshot(manager.log, run, upto=after or None)
        if view.upto and (first := snapshot_frame(view)) is not None:
            return stream_response(manager, await manager.watch(run, view.upto, forks), form, first)
        after = 0
    return stream_response(manager, await manager.watch(run, after), form)


@blueprint.post("/runs/<run>/cancel")
async def cancel_run(run: str) -> Response:
    refuse_other_sites()
    if await _manager().cancel(run):
        return json_response({"run": run, "status": "cancelling"}, 202)
    summary = await _manager().log.summary(run)
    return json_response(summary)


@blueprint.delete("/runs/<run>")
async def delete_run(run: str) -> Response:
    refuse_other_sites()
    await _manager().delete(run)
    return Response(b"", 204)


@blueprint.post(IMPORT_PATH)
async def bring_in() -> Response:
    refuse_other_sites()
    if request.mimetype not in ("application/x-ndjson", "application/ndjson", "application/jsonl"):
        hint = "Send the lines of `windowseat show --json RUN` as they are."
        title = "Unsupported media type"
        raise InvalidRequest("A run is brought in as application/x-ndjson.", status=415, title=title, hint=hint)
    from backend.runs.importing import import_run  # with all the rules of a log

    summary, new = await import_run(_manager().log, await request.get_data(as_text=False))  # type: ignore[arg-type]  # bytes, with as_text=False
    return json_response(summary, 201 if new else 200)


def json_response(value: object, status: int = 200) -> Response:
    """``value`` as JSON."""
    return Response(msgspec.json.encode(value), status, {"Content-Type": "application/json"})
