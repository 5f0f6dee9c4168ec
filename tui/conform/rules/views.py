"""The same run in other shapes: NDJSON, a view, a line in a list; and what a server says of itself."""

import msgspec

from shared import events as ev
from shared.view import RunView, fold_all
from tui.conform.probe import events_path
from tui.conform.sample import Case, for_each
from tui.conform.verdict import Broken
from tui.connection import RunList, RunSummary

NDJSON = "application/x-ndjson"


async def ndjson(case: Case) -> str:
    """Raises Broken unless Accept: application/x-ndjson brings the same JSON, a line each, from any place."""
    whole = [one.data.encode() for one in case.sample.received]

    async def check(place: int) -> None:
        path = events_path(case.sample.run, f"after={place}")
        reading = await case.probe.read("GET", path, headers={"Accept": NDJSON})
        kind = reading.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != NDJSON:
            raise Broken(f"Accept: {NDJSON} was answered with {kind!r}")
        lines = [line for line in reading.data.split(b"\n") if line]  # a heartbeat is an empty one
        if lines != whole[place:] or not reading.data.endswith(b"\n"):
            raise Broken(f"the lines after event {place} are not the events of the stream")

    places = sorted({0, 1, len(whole) // 2, len(whole) - 1})
    await for_each(places, check)
    return f"{len(whole)} lines"


async def view(case: Case) -> str:
    """Raises Broken unless GET /runs/<id> is what the log folds to."""
    answer = await case.probe.call("GET", f"/runs/{case.sample.run}")
    if answer.status != 200 or answer.kind != "application/json":
        raise Broken(f"GET /runs/<id> was answered with {answer.status} {answer.kind}")
    try:
        found = msgspec.convert(answer.json(), RunView)
    except msgspec.ValidationError as error:
        raise Broken(f"the view can't be read: {error}") from None
    expected = fold_all(case.sample.log())
    if found != expected:
        fields = [name for name in RunView.__struct_fields__ if getattr(found, name) != getattr(expected, name)]
        raise Broken(f"the view is not what the log folds to: {', '.join(fields)} differ")
    return ""


async def listed(case: Case) -> str:
    """Raises Broken unless GET /runs has the newest run first, as the log says it ended."""
    newer = await case.ask()
    runs = await _list(case, "limit=50")
    ids = [run.run for run in runs]
    if newer.run not in ids or case.sample.run not in ids:
        raise Broken("a run that was just asked for is not in GET /runs")
    if ids.index(newer.run) > ids.index(case.sample.run):
        raise Broken("GET /runs has an older run before a newer one")
    finished = newer.log()[-1]
    assert isinstance(finished, ev.RunFinished)
    summary = runs[ids.index(newer.run)]
    if (summary.status, summary.events) != (finished.status, newer.length):
        said = f"{summary.status} with {summary.events} events"
        raise Broken(f"GET /runs has the run as {said}; its log, as {finished.status} with {newer.length}")
    if len(await _list(case, "limit=1")) != 1:
        raise Broken("GET /runs?limit=1 is not one run")
    older = await _list(case, f"limit=50&before={newer.run}")
    if newer.run in [run.run for run in older] or case.sample.run not in [run.run for run in older]:
        raise Broken("GET /runs?before=<id> is not the runs before that one")
    return ""


async def _list(case: Case, query: str) -> list[RunSummary]:
    answer = await case.probe.call("GET", f"/runs?{query}")
    if answer.status != 200:
        raise Broken(f"GET /runs was answered with {answer.status}")
    try:
        return msgspec.convert(answer.json(), RunList).runs
    except msgspec.ValidationError as error:
        raise Broken(f"GET /runs can't be read: {error}") from None


async def pipelines(case: Case) -> str:
    """Raises Broken unless GET /pipelines announces the very plan and columns that the run has."""
    first = case.sample.log()[0]
    if not isinstance(first, ev.RunStarted):
        raise Broken("the run doesn't begin with run.started")
    if case.pipeline.plan != first.plan:
        raise Broken("the plan in GET /pipelines is not that of run.started")
    if case.pipeline.columns != first.columns:
        raise Broken("the columns in GET /pipelines are not those of run.started")
    return f"{len(first.plan)} steps, {len(first.columns)} columns"


async def probes(case: Case) -> str:
    """Raises Broken unless the server says that it is well, and what it speaks."""
    for path in ("/healthz", "/readyz", "/openapi.json", "/schema/events.json"):
        answer = await case.probe.call("GET", path)
        if answer.status != 200:
            raise Broken(f"GET {path} was answered with {answer.status}")
        if not isinstance(answer.json(), dict):
            raise Broken(f"GET {path} is no JSON object")
    metrics = await case.probe.call("GET", "/metrics")
    if metrics.status != 200 or metrics.kind not in ("text/plain", "application/openmetrics-text"):
        raise Broken(f"GET /metrics was answered with {metrics.status} {metrics.kind}")
    return ""
