"""``POST /plain``: the same run for a browser without JavaScript, as one HTML document that grows while it is read.

Each step is a line when it has ended, the result a table at the end. ``GET /plain/<run>`` shows a run that exists.
"""

import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from html import escape
from typing import Any

from quart import Blueprint, Response, current_app, request

from backend.errors import InvalidRequest, StorageError
from backend.http.assist import clean_question, find_pipeline, read_options, refuse_other_sites
from backend.http.pages import HEADERS
from backend.http.stream import HEADERS as STREAM_HEADERS
from backend.http.stream import live_response
from backend.pipeline import Question
from backend.runs.live import Viewer
from backend.runs.manager import RunManager
from shared import events as ev
from shared.frames import FrameParser
from shared.view import EMPTY, RowView, RunView, StepView, fold

_log = logging.getLogger(__name__)

blueprint = Blueprint("plain", __name__)

_HEAD = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title} · Windowseat</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/static/style.css"></head>
<body class="plain"><p class="brand"><a href="/">Windowseat</a></p><h1 dir="auto">{title}</h1>
<p><a href="/runs/{run}">The page of this run</a></p><h2>The way there</h2><ol>
"""
_CUT = '<p class="trouble">This is not the whole answer: the connection ended before the run did. {again}</p>'
_HIDDEN_KINDS = ("latitude", "longitude", "series", "category")


@blueprint.post("/plain")
async def ask_plainly() -> Response:
    refuse_other_sites()
    form = await request.form
    manager: RunManager = current_app.extensions["manager"]
    pipeline = find_pipeline(form.get("pipeline") or None, current_app.extensions["pipelines"])
    given = {option.key: form[option.key] for option in pipeline.options if form.get(option.key)}
    on_disconnect, options = read_options(given, pipeline)
    if "q" not in form:
        raise InvalidRequest("There is no question.", status=422, title="Unprocessable content")
    client = request.scope.get("client")
    question = Question(clean_question(form["q"]), options, client[0] if client else None)
    return _response(manager, await manager.ask(pipeline, question, on_disconnect=on_disconnect))


@blueprint.get("/plain/<run>")
async def show_plainly(run: str) -> Response:
    manager: RunManager = current_app.extensions["manager"]
    return _response(manager, await manager.watch(run))


def _response(manager: RunManager, viewer: Viewer) -> Response:
    headers = {**HEADERS, **STREAM_HEADERS, "Content-Type": "text/html; charset=utf-8"}
    return live_response(manager, viewer, _follow(viewer), headers)


async def _follow(viewer: Viewer) -> AsyncGenerator[str, None]:
    view = EMPTY
    parser = FrameParser()
    try:
        while (block := await viewer.take()) is not None:
            written: list[str] = []
            for frame in parser.feed(block):
                event = ev.decode_event(frame.data)
                if not isinstance(event, ev.StreamSnapshot | ev.StreamBye):
                    view = fold(view, event)
                    written += _told(event, view)
            if view.upto:  # a heartbeat is a line end: nothing to see, but the connection lives
                yield "".join(written) or "\n"
    except StorageError as error:
        _log.error("run %s can't be read: %s", viewer.run, error)
    except Exception:
        _log.exception("the plain page of run %s broke off", viewer.run)
    else:
        if view.finished:
            return
    yield "</ol>" + _CUT.format(again=f'<a href="/plain/{escape(viewer.run)}">Go on reading.</a>')


def _told(event: ev.LogEvent, view: RunView) -> Iterable[str]:
    match event:
        case ev.RunStarted():
            yield _HEAD.format(title=escape(view.question), run=escape(view.run))
        case ev.StepFinished(step=step_id) if (step := view.step(step_id)) is not None:
            yield _step(step)
        case ev.RunNotice(text=text):
            yield f'<li class="hint" dir="auto">{escape(text)}</li>\n'
        case ev.RunFinished():
            yield from _end(view)


def _step(step: StepView) -> str:
    state = "" if step.state == "ok" else f" ({escape(step.state)})"
    said = step.error.message if step.error else step.say
    hint = f' <span class="hint">{escape(step.error.hint)}</span>' if step.error and step.error.hint else ""
    return f'<li dir="auto"><strong>{escape(step.title)}</strong>{state}: {escape(said)}{hint}</li>\n'


def _end(view: RunView) -> Iterable[str]:
    hint = f" {escape(view.error.hint)}" if view.error and view.error.hint else ""
    yield f'</ol><h2>The view</h2><p><strong dir="auto">{escape(view.say)}</strong>{hint}</p>\n'
    columns = [column for column in view.columns if column.kind not in _HIDDEN_KINDS]
    rows = view.shown_rows()
    if rows:
        head = "".join(f'<th scope="col">{escape(_label(column))}</th>' for column in columns)
        yield f'<div class="frame"><table><thead><tr>{head}</tr></thead><tbody>\n'
        yield from (_row(row, columns) for row in rows)
        yield "</tbody></table></div>\n"
    if out := view.left_out():
        yield f"<details><summary>{len(out)} left out, and why</summary><ul>\n"
        yield from (_left_out(row, columns) for row in out)
        yield "</ul></details>\n"
    yield "</body></html>\n"


def _label(column: ev.Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit and column.kind != "duration" else column.label


def _row(row: RowView, columns: Sequence[ev.Column]) -> str:
    cells = (f'<td dir="auto">{escape(_cell(row.cells.get(column.key), column))}</td>' for column in columns)
    return f"<tr>{''.join(cells)}</tr>\n"


def _left_out(row: RowView, columns: Sequence[ev.Column]) -> str:
    name = _cell(row.cells.get(columns[0].key), columns[0]) if columns else row.id
    return f'<li dir="auto">{escape(name)} – {escape(row.why or "")}</li>\n'


def _cell(value: Any, column: ev.Column) -> str:
    """A cell as text, as the page writes it (cells.js)."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    if column.kind == "duration" and isinstance(value, int | float):
        hours, minutes = divmod(round(value), 60)
        return f"{hours} h {minutes:02}" if hours else f"{minutes} min"
    if isinstance(value, float) and column.kind in ("integer", "temperature", "percent"):
        return f"{value:.0f}"
    return str(value)
