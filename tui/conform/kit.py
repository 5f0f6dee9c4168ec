"""The conformance kit: every rule of the wire in turn, against a server that it knows by its URL alone."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from shared.text import clean_json
from tui.conform.probe import Limits, Probe
from tui.conform.rules import asking, cancelling, log, refusals, resuming, views, wire
from tui.conform.sample import Asked, Case, question_body, sampled
from tui.conform.verdict import Broken, Report, Verdict, to_json, to_table
from tui.connection import ANSWERED, FAILED, ClientError, PipelineInfo, Refused


class Rule(NamedTuple):
    """``text`` is the rule in words, ``check`` the coroutine that raises Broken."""

    name: str
    text: str
    check: Callable[[Case], Awaitable[str]]


RULES: Final = (
    Rule("headers", "a stream is text/event-stream, never cached, buffered or compressed", wire.headers),
    Rule("frames", "frames are an id: and a data: line, LF alone, UTF-8, no event: line", wire.frames),
    Rule("json", "data is one strict JSON object; its seq is that of the id", wire.json),
    Rule("size", "a frame has at most 256 KiB", wire.size),
    Rule("opening", "a stream without an event to send says ': hb <head>' at once", wire.opening),
    Rule("heartbeat", "no stream is silent for more than 10 s", wire.heartbeat),
    Rule("vocabulary", "events of known types have their fields", log.vocabulary),
    Rule("sequence", "events are 1…N; run.started is first, run.finished last, each once", log.invariant(1)),
    Rule("end", "run.finished ends the stream", log.end),
    Rule(
        "attempts",
        "steps are in the plan; attempts count, begin once, end once; progress never falls",
        log.invariant(2),
    ),
    Rule("needs", "a step starts when all that it needs has ended", log.invariant(3)),
    Rule("endings", "at the end every planned step has ended", log.invariant(4)),
    Rule("status", "ok, partial and cancelled mean what they say of the steps", log.invariant(5)),
    Rule("times", "t never falls; at ok no row is provisional", log.invariant(6)),
    Rule("replay", "a replay is the live stream, byte for byte", resuming.replay),
    Rule("last-event-id", "Last-Event-ID brings exactly what follows, at every cursor", resuming.by_header),
    Rule("after", "?after= brings exactly what follows, at every cursor", resuming.by_query),
    Rule("live", "readers of a run under way, cut or not, get the same", resuming.while_live),
    Rule("snapshot", "a snapshot and its tail come to the same as the log", resuming.snapshot),
    Rule("ndjson", "NDJSON has the same events, a line each", views.ndjson),
    Rule("view", "GET /runs/<id> is what the log folds to", views.view),
    Rule("list", "GET /runs has the newest run first, and pages", views.listed),
    Rule("pipelines", "GET /pipelines announces the plan and the columns", views.pipelines),
    Rule("probes", "GET /healthz, /readyz, /metrics, /openapi.json and /schema/events.json answer", views.probes),
    Rule("repeat", "the same Idempotency-Key and body are the same run", asking.repeat),
    Rule("repeat-after", "a repeated question goes on after Last-Event-ID", asking.repeat_after),
    Rule("conflict", "another body under the same key is 409", asking.another_body),
    Rule("at-once", "the same question at the same moment is one run", asking.at_once),
    Rule("two-runs", "questions without a common key are runs of their own", asking.without_key),
    Rule("cancel", "a cancelled run says so, keeps what it has, ends as cancelled", cancelling.cancel),
    Rule("too-late", "cancelling a run that is over is 200 and changes nothing", cancelling.cancel_again),
    Rule("questions", "bad questions are refused, each for what it is", refusals.questions),
    Rule("cursors", "a cursor that the log doesn't have never brings another run's events", refusals.cursors),
    Rule("unknown", "runs, paths and methods that there aren't are problems", refusals.unknown),
)


async def judge(
    url: str,
    asked: Asked,
    limits: Limits,
    tell: Callable[[str], None] = lambda rule: None,
    rules: Sequence[Rule] = RULES,
) -> Report:
    """The verdict of each of ``rules`` on the server at ``url``; ``tell`` hears which is next. Raises ClientError."""
    async with Probe(url, limits) as probe:
        case, found = await _open(probe, asked)
        verdicts = []
        for rule in rules:
            tell(rule.name)
            verdicts.append(_failed(rule, found) if case is None else await _verdict(rule, case))
        question = case.question if case else asked.question or ""
    return Report(url, question, tuple(verdicts))


def run(url: str, asked: Asked, *, as_json: bool, limits: Limits | None = None) -> int:
    """Judge, print the table or the JSON; 0 only if every rule holds, 3 if nobody answers."""

    def tell(rule: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K… {rule}")
            sys.stderr.flush()

    try:
        report = asyncio.run(judge(url, asked, limits or Limits(), tell))
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
    sys.stdout.write(to_json(report) if as_json else to_table(report))
    sys.stdout.flush()
    return ANSWERED if report.holds else FAILED


async def _open(probe: Probe, asked: Asked) -> tuple[Case | None, str]:
    """What all rules share, or why there is none of it."""
    pipeline = await _pipeline(probe, asked.pipeline)
    question = asked.question or next(iter(pipeline.examples), "")
    if not question:
        raise Refused(404, "No example", "the pipeline has no example to ask", hint="give one with --question")
    try:
        reading = await probe.read("POST", "/assist", body=question_body(question, pipeline.name))
        sample = sampled(reading)
        if not sample.received:
            raise Broken("the stream has no events")
    except Broken as error:
        return None, f"the question could not be asked: {error}"
    long_question = asked.long_question or question
    lasts = asked.long_question is not None
    return Case(probe, pipeline, question, long_question, lasts, sample, list(reading.gaps)), ""


async def _pipeline(probe: Probe, name: str | None) -> PipelineInfo:
    answer = await probe.call("GET", "/pipelines")
    try:
        found = msgspec.convert(clean_json(answer.json()), dict[str, list[PipelineInfo]])["pipelines"]
        return next(info for info in found if name in (None, info.name))
    except (msgspec.MsgspecError, KeyError, TypeError, Broken):
        why = f"GET /pipelines was answered with {answer.status} {answer.kind}"
        raise Refused(answer.status, "No pipelines", why, hint="is this a Windowseat server?") from None
    except StopIteration:
        raise Refused(404, "No pipeline", f"the server has no pipeline {name!r}") from None


async def _verdict(rule: Rule, case: Case) -> Verdict:
    try:
        async with asyncio.timeout(case.limits.run_s):
            return Verdict(rule.name, rule.text, True, await rule.check(case))
    except Broken as error:
        return _failed(rule, str(error))
    except TimeoutError:
        return _failed(rule, f"not judged within {case.limits.run_s:g} s")
    except ClientError as error:
        return _failed(rule, str(error))


def _failed(rule: Rule, detail: str) -> Verdict:
    return Verdict(rule.name, rule.text, False, detail)
