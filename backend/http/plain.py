"""``POST /plain``: the same run for a browser without JavaScript, as one HTML document that grows while it is read.

Each step is a line when it has ended, the result a table at the end. ``GET /plain/<run>`` shows a run that exists. What
goes wrong is a page too. A form that is sent again (a double click, a reload) gets the run that it began: it carries a
key, which means its question alone, so that another question from the same page is another run.
"""

from collections.abc import Iterable, Sequence
from html import escape

from quart import Blueprint, Response, request

from backend.errors import InvalidRequest
from backend.http.application import extension
from backend.http.assist import find_pipeline, read_question, refuse_other_sites
from backend.http.first_view import KEY_FIELD
from backend.http.formats import Format
from backend.http.pages import HEADERS
from backend.http.problems import explained
from backend.http.reading import claim_of, read_key
from backend.http.stream import stream_response
from backend.runs.log import Claim
from backend.runs.manager import RunManager
from shared import events as ev
from shared.cells import format_cell, visible_columns
from shared.frames import FrameParser
from shared.view import EMPTY, RowView, RunView, StepView, fold

blueprint = Blueprint("plain", __name__)

_HEAD = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title} · Windowseat</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/static/style.css"></head>
<body class="plain"><p class="brand"><a href="/">Windowseat</a></p><h1 dir="auto">{title}</h1>
"""
_WAY = """<p><a href="/runs/{run}">The page of this run</a></p><h2>The way there</h2><ol>
"""
_TROUBLE = """<p class="trouble" dir="auto">{detail}</p>{hint}
<p><a href="/">Ask something else</a></p></body></html>
"""
_CUT = '<p class="trouble">This is not the whole answer: the connection ended before the run did. {again}</p>'


@blueprint.post("/plain")
async def ask_plainly() -> Response:
    refuse_other_sites()
    form = await request.form
    manager: RunManager = extension("manager")
    pipeline = find_pipeline(form.get("pipeline") or None, extension("pipelines"))
    question = form.get("example") or form.get("q")  # an example is a button, sent beside the field
    given = {option.key: form[option.key] for option in pipeline.options if form.get(option.key)}
    if question is None:
        raise InvalidRequest("There is no question.", status=422, title="Unprocessable content")
    on_disconnect, asked = await read_question(question, given, pipeline, manager)
    claim = None
    if (key := form.get(KEY_FIELD)) is not None:
        claim = claim_of(read_key(key), pipeline.name, asked, on_disconnect)
        claim = Claim(f"form {claim.key} {claim.fingerprint}", claim.fingerprint)
    viewer = await manager.ask(pipeline, asked, on_disconnect=on_disconnect, claim=claim)
    return stream_response(manager, viewer, _Document(viewer.run).format(), more_headers=HEADERS)


@blueprint.get("/plain/<run>")
async def show_plainly(run: str) -> Response:
    manager: RunManager = extension("manager")
    viewer = await manager.watch(run)
    return stream_response(manager, viewer, _Document(run).format(), more_headers=HEADERS)


@blueprint.errorhandler(Exception)
async def _explain(error: Exception) -> Response:
    told = explained(error)
    hint = f'<p class="hint" dir="auto">{escape(told.hint)}</p>' if told.hint else ""
    page = _HEAD.format(title=escape(told.title)) + _TROUBLE.format(detail=escape(told.detail), hint=hint)
    return Response(page, told.status, {**HEADERS, **told.headers, "Content-Type": "text/html; charset=utf-8"})


class _Document:
    """The run's frames as pieces of one HTML document."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._view = EMPTY
        self._parser = FrameParser()

    def format(self) -> Format:
        return Format("text/html; charset=utf-8", self._encode, self._end)

    def _encode(self, frames: bytes) -> bytes:
        written: list[str] = []
        for frame in self._parser.feed(frames):
            event = ev.decode_event(frame.data)
            if not isinstance(event, ev.StreamSnapshot | ev.StreamBye):
                self._view = fold(self._view, event)
                written += _told(event, self._view)
        # A heartbeat is a line end: nothing to see, but the connection lives.
        return "".join(written).encode() or (b"\n" if self._view.upto else b"")

    def _end(self) -> bytes:
        if self._view.finished:
            return b""
        again = f'<a href="/plain/{escape(self._run)}">Go on reading.</a>'
        return f"</ol>{_CUT.format(again=again)}".encode()


def _told(event: ev.LogEvent, view: RunView) -> Iterable[str]:
    match event:
        case ev.RunStarted():
            yield _HEAD.format(title=escape(view.question)) + _WAY.format(run=escape(view.run))
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
    columns = visible_columns(view.columns)
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
    cells = (f'<td dir="auto">{escape(format_cell(row.cells.get(column.key), column))}</td>' for column in columns)
    return f"<tr>{''.join(cells)}</tr>\n"


def _left_out(row: RowView, columns: Sequence[ev.Column]) -> str:
    name = format_cell(row.cells.get(columns[0].key), columns[0]) if columns else row.id
    return f'<li dir="auto">{escape(name)} – {escape(row.why or "")}</li>\n'
