"""Servers that break one rule each: the reference server with a method overridden.

``MUTANTS`` names for each the rules of the kit that must notice.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from shared import events as ev
from tests.plain_http import Asked, Problem
from tests.reference_server import ReferenceServer, Run

Make = Callable[..., ReferenceServer]


@dataclass(frozen=True)
class Mutant:
    """``rules``: those of the kit that must be broken. ``lasts``: it takes a run that stays under way to notice."""

    name: str
    make: Make
    rules: tuple[str, ...]


MUTANTS: list[Mutant] = []


def breaks(*rules: str) -> Callable[[type[ReferenceServer]], type[ReferenceServer]]:
    def add(server: type[ReferenceServer]) -> type[ReferenceServer]:
        MUTANTS.append(Mutant(server.__name__, server, rules))
        return server

    return add


def _headers(name: str, **changed: str | None) -> None:
    """A mutant with headers of the stream changed, or left out."""

    def stream_headers(self: ReferenceServer, run: Run) -> dict[str, str]:
        given = {
            **ReferenceServer.stream_headers(self, run),
            **{key.replace("_", "-"): changed[key] for key in changed},
        }
        return {key: value for key, value in given.items() if value is not None}

    MUTANTS.append(Mutant(name, type(name, (ReferenceServer,), {"stream_headers": stream_headers}), ("headers",)))


def _frames(name: str, change: Callable[[bytes, int], bytes], *rules: str) -> None:
    """A mutant whose frames are changed on their way."""

    def frame(self: ReferenceServer, run: Run, seq: int) -> bytes:
        return change(ReferenceServer.frame(self, run, seq), seq)

    MUTANTS.append(Mutant(name, type(name, (ReferenceServer,), {"frame": frame}), rules))


def _events(name: str, change: Callable[[list[ev.KnownEvent]], list[ev.KnownEvent]], *rules: str) -> None:
    """A mutant whose runs have another log."""

    def events(self: ReferenceServer, run: str, question: str) -> list[ev.KnownEvent]:
        return change(ReferenceServer.events(self, run, question))

    MUTANTS.append(Mutant(name, type(name, (ReferenceServer,), {"events": events}), rules))


_headers("HeadersWithoutCharset", Content_Type="text/event-stream")
_headers("HeadersOfPlainText", Content_Type="text/plain; charset=utf-8")
_headers("HeadersThatAllowCaches", Cache_Control="no-cache")
_headers("HeadersThatAllowBuffers", X_Accel_Buffering=None)
_headers("HeadersThatClaimGzip", Content_Encoding="gzip")
_headers("HeadersOfAnotherRun", Windowseat_Run="another")

_frames("FramesWithEventLine", lambda raw, seq: raw.replace(b"data: ", b"event: message\ndata: "), "frames")
_frames("FramesWithCRLF", lambda raw, seq: raw.replace(b"\n", b"\r\n"), "frames")
_frames("FramesWithoutId", lambda raw, seq: raw.partition(b"\n")[2] if seq == 4 else raw, "frames", "json")
_frames("FramesWithoutSpace", lambda raw, seq: raw.replace(b"data: ", b"data:"), "frames")
_frames("FramesInTwoDataLines", lambda raw, seq: raw.replace(b'"seq"', b'\ndata: "seq"', 1), "frames", "json")
_frames("FramesWithBareNumbers", lambda raw, seq: raw.replace(b"id: ", b"id: x", 1) if seq == 3 else raw, "frames")
_frames("FramesWithBOM", lambda raw, seq: b"\xef\xbb\xbf" + raw if seq == 1 else raw, "frames")
_frames("FramesNotUTF8", lambda raw, seq: raw.replace(b"Valencia", b"Val\xe9ncia"), "frames")
_frames("FramesWithTwoSeqs", lambda raw, seq: raw.replace(b'"seq":4', b'"seq":5'), "json", "sequence")
_frames("FramesWithNull", lambda raw, seq: raw.replace(b'"seq"', b'"error":null,"seq"') if seq == 9 else raw, "json")
_frames("FramesWithNaN", lambda raw, seq: raw.replace(b"25.2", b"NaN"), "json", "vocabulary")
_frames("FramesWithDoubleKeys", lambda raw, seq: raw.replace(b'"seq"', b'"t":0,"seq"'), "json")
_frames("FramesWithSeparators", lambda raw, seq: raw.replace(b"Valencia", "Val\u2028encia".encode()), "json")
_frames("FramesWithNextLine", lambda raw, seq: raw.replace(b"Valencia", "Val\x85encia".encode()), "json")
_frames("FramesOfGreatSize", lambda raw, seq: raw.replace(b"Valencia", b"V" * 270_000), "size")
_frames("FramesAfterTheEnd", lambda raw, seq: raw + b": more\n\n" if seq == 10 else raw, "end")


def _at(place: int, **changed: Any) -> Callable[[list[ev.KnownEvent]], list[ev.KnownEvent]]:
    """Event number ``place`` with fields changed."""

    def change(events: list[ev.KnownEvent]) -> list[ev.KnownEvent]:
        events[place - 1] = msgspec.structs.replace(events[place - 1], **changed)
        return events

    return change


def _renumbered(events: list[ev.KnownEvent]) -> list[ev.KnownEvent]:
    again = [msgspec.structs.replace(event, seq=seq) for seq, event in enumerate(events, start=1)]
    return [*again[:-1], msgspec.structs.replace(again[-1], events=len(again))]


_events("LogOfAnotherVersion", _at(1, v=2), "vocabulary")
_events("LogWithAWrongDate", _at(1, started_at="yesterday"), "vocabulary")
_events("LogOfAnotherPipeline", _at(1, pipeline="other"), "vocabulary")
_events("LogWithAnotherPlan", _at(1, title="T", plan=()), "pipelines", "attempts")
_events("LogThatMiscounts", _at(10, events=12), "sequence")
_events("LogWithAGap", lambda events: [*events[:4], *events[5:]], "sequence")
_events("LogWithTwoBeginnings", lambda events: _renumbered([events[0], *events]), "sequence")
_events("LogOfAnUnknownStep", _at(7, step="nowhere"), "attempts")
_events("LogWithAWrongAttempt", _at(7, attempt=2), "attempts")
_events("LogThatStartsTwice", lambda events: _renumbered([*events[:2], events[1], *events[2:]]), "attempts")
_events(
    "LogThatGoesOnAfterAStep",
    lambda events: _renumbered([*events[:9], msgspec.structs.replace(events[6], t=421), events[9]]),
    "attempts",
)
_events("LogThatStartsTooEarly", lambda events: _renumbered([*events[:4], events[5], events[4], *events[6:]]), "needs")
_events("LogWithAnOpenStep", lambda events: _renumbered([*events[:8], events[9]]), "endings")
_events("LogThatIsOkWithAFailure", _at(9, status="failed"), "status")
_events("LogThatIsPartlyNothing", _at(10, status="partial"), "status")
_events("LogThatGoesBackInTime", _at(6, t=3), "times")
_events("LogWithProvisionalRows", _at(8, remove=()), "times")


def _with_progress(*done: int) -> Callable[[list[ev.KnownEvent]], list[ev.KnownEvent]]:
    steps = [ev.StepProgress(seq=0, t=400, step="sky", attempt=1, done=count, total=3) for count in done]
    return lambda events: _renumbered([*events[:6], *steps, *events[6:]])


_events("LogWithFallingProgress", _with_progress(2, 1), "attempts")
_events("LogWithTooMuchProgress", _with_progress(4), "attempts")


@breaks("end", "sequence")
class LogWithoutEnd(ReferenceServer):
    """The stream ends as if the run had."""

    def events(self, run: str, question: str) -> list[ev.KnownEvent]:
        made = self.runs[run]
        asyncio.get_running_loop().call_soon(self.finish, made)
        return super().events(run, question)[:-1]

    def finish(self, run: Run) -> None:
        run.finished = True
        run.changed.set()


@breaks("opening")
class SilentOpening(ReferenceServer):
    def heartbeat(self, run: Run, cursor: int) -> bytes:
        return b": hello\n\n"


@breaks("opening")
class WrongHead(ReferenceServer):
    def heartbeat(self, run: Run, cursor: int) -> bytes:
        return b": hb 1\n\n"


@breaks("heartbeat")
class NoHeartbeat(ReferenceServer):
    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "heartbeat_s": 60.0})


@breaks("heartbeat")
class HeartbeatThatLags(ReferenceServer):
    def heartbeat(self, run: Run, cursor: int) -> bytes:
        return b": hb %d\n\n" % (cursor - 1)


@breaks("replay", "live")
class ReplayInOtherBytes(ReferenceServer):
    """What is read from the log is the same JSON, and not the same bytes."""

    def cursor(self, asked: Asked, run: Run) -> int:
        if asked.method == "GET" and run.finished:
            run.lines = [json.dumps(json.loads(line), ensure_ascii=False).encode() for line in run.lines]
        return super().cursor(asked, run)


@breaks("last-event-id", "live")
class HeaderOffByOne(ReferenceServer):
    def cursor(self, asked: Asked, run: Run) -> int:
        cursor = super().cursor(asked, run)
        return max(0, cursor - 1) if "last-event-id" in asked.headers else cursor


@breaks("last-event-id")
class HeaderUnheard(ReferenceServer):
    def cursor(self, asked: Asked, run: Run) -> int:
        asked.headers.pop("last-event-id", None)
        return super().cursor(asked, run)


@breaks("after")
class QueryUnheard(ReferenceServer):
    def cursor(self, asked: Asked, run: Run) -> int:
        asked.query.pop("after", None)
        return super().cursor(asked, run)


@breaks("after")
class LastEventForgotten(ReferenceServer):
    """Off at one place alone: a reader that has all but the end gets nothing."""

    def cursor(self, asked: Asked, run: Run) -> int:
        cursor = super().cursor(asked, run)
        return cursor + 1 if run.finished and cursor == len(run.lines) - 1 else cursor


@breaks("live")
class LiveReadersMissOne(ReferenceServer):
    """A reader that comes while the run goes on misses what comes at that moment."""

    def cursor(self, asked: Asked, run: Run) -> int:
        cursor = super().cursor(asked, run)
        return cursor + 1 if asked.method == "GET" and not run.finished and cursor < len(run.lines) else cursor


@breaks("snapshot")
class NoSnapshots(ReferenceServer):
    def snapshot(self, run: Run) -> tuple[bytes, int]:
        return b"", 0


@breaks("snapshot")
class SnapshotWithId(ReferenceServer):
    def snapshot(self, run: Run) -> tuple[bytes, int]:
        raw, upto = super().snapshot(run)
        return f"id: {run.id}.{upto}\n".encode() + raw, upto


@breaks("snapshot")
class StaleSnapshot(ReferenceServer):
    """Says that it holds one event more than it does."""

    def snapshot(self, run: Run) -> tuple[bytes, int]:
        lines, run.lines = run.lines, run.lines[:-1]
        raw, upto = super().snapshot(run)
        run.lines = lines
        return raw.replace(b'"upto":%d' % upto, b'"upto":%d' % (upto + 1), 1), upto + 1


@breaks("snapshot")
class SnapshotWithoutTail(ReferenceServer):
    def snapshot(self, run: Run) -> tuple[bytes, int]:
        raw, upto = super().snapshot(run)
        return raw.replace(b'"upto":%d' % upto, b'"upto":%d' % (upto - 1), 1), upto


@breaks("ndjson")
class NDJSONWithIds(ReferenceServer):
    def line(self, run: Run, seq: int) -> bytes:
        return b"%d " % seq + super().line(run, seq)


@breaks("view")
class StaleView(ReferenceServer):
    def view(self, run: Run) -> Any:
        return msgspec.structs.replace(super().view(run), upto=3, state="running")


@breaks("list")
class OldestFirst(ReferenceServer):
    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return list(reversed(super().listed(query)))


@breaks("list")
class EverythingAtOnce(ReferenceServer):
    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return super().listed({"limit": query.get("limit", "50")})


@breaks("list")
class RunsForEver(ReferenceServer):
    def summary(self, run: Run) -> dict[str, Any]:
        return {**super().summary(run), "status": "running"}


@breaks("probes")
class Unwell(ReferenceServer):
    def healthy(self) -> bool:
        return False


@breaks("repeat", "repeat-after", "conflict", "at-once")
class KeysUnheard(ReferenceServer):
    def run_for(self, question: str, asked: Asked) -> Run:
        return self.start(question)


@breaks("conflict")
class AnotherBodyIsTheSame(ReferenceServer):
    def run_for(self, question: str, asked: Asked) -> Run:
        asked.body = b""
        return super().run_for(question, asked)


@breaks("conflict")
class ConflictInPlainText(ReferenceServer):
    def problem(self, problem: Problem) -> tuple[dict[str, str], bytes]:
        return {"Content-Type": "text/plain"}, b"no"


@breaks("at-once")
class KeysKnownTooLate(ReferenceServer):
    """The key is kept when the run is over: until then another one is begun."""

    def run_for(self, question: str, asked: Asked) -> Run:
        known = {key: made for key, made in self.keys.items() if made[1].finished and len(made[1].lines) > 10}
        self.keys = known
        return super().run_for(question, asked)


@breaks("repeat-after")
class RepeatedFromTheStart(ReferenceServer):
    def cursor(self, asked: Asked, run: Run) -> int:
        return 0 if asked.method == "POST" else super().cursor(asked, run)


@breaks("two-runs")
class SameQuestionSameRun(ReferenceServer):
    def run_for(self, question: str, asked: Asked) -> Run:
        asked.headers["idempotency-key"] = question
        return super().run_for(question, asked)


@breaks("cancel")
class CancelUnheard(ReferenceServer):
    def cancel(self, run: Run) -> tuple[int, Any]:
        self.release()
        return 202, {}


@breaks("cancel")
class CancelOnce(ReferenceServer):
    def cancel(self, run: Run) -> tuple[int, Any]:
        return (409, {}) if run.cancelling else super().cancel(run)


@breaks("cancel")
class CancelWithoutNotice(ReferenceServer):
    def cancelled(self, last: ev.KnownEvent) -> list[ev.KnownEvent]:
        _, step, end = super().cancelled(last)
        ends = msgspec.structs.replace(step, seq=7), msgspec.structs.replace(end, seq=8, events=8)
        return list(ends)


@breaks("cancel")
class CancelLeavesStepsOpen(ReferenceServer):
    def cancelled(self, last: ev.KnownEvent) -> list[ev.KnownEvent]:
        notice, _, end = super().cancelled(last)
        return [notice, msgspec.structs.replace(end, seq=8, events=8)]


@breaks("too-late")
class TooLateIsAnError(ReferenceServer):
    def cancel(self, run: Run) -> tuple[int, Any]:
        return (409, {"status": "ok"}) if run.finished else super().cancel(run)


@breaks("too-late")
class TooLateChangesTheState(ReferenceServer):
    def summary(self, run: Run) -> dict[str, Any]:
        return {**super().summary(run), "status": "cancelled"}


@breaks("questions")
class TakesAnyType(ReferenceServer):
    def read_question(self, asked: Asked) -> str:
        asked.headers["content-type"] = "application/json"
        return super().read_question(asked)


@breaks("questions")
class TakesNoQuestion(ReferenceServer):
    def read_question(self, asked: Asked) -> str:
        return super().read_question(asked) if b'"q": ""' not in asked.body else "nothing"


@breaks("questions")
class TakesAnyKey(ReferenceServer):
    def run_for(self, question: str, asked: Asked) -> Run:
        key = asked.headers.get("idempotency-key", "")
        asked.headers["idempotency-key"] = key.replace(" ", "")[:200]
        return super().run_for(question, asked)


@breaks("questions")
class EveryErrorIs400(ReferenceServer):
    def read_question(self, asked: Asked) -> str:
        try:
            return super().read_question(asked)
        except Problem:
            raise Problem(400, "no") from None


@breaks("cursors")
class AnyRunsPlace(ReferenceServer):
    """Takes the number of any Last-Event-ID for one of its own."""

    def cursor(self, asked: Asked, run: Run) -> int:
        number = asked.headers.pop("last-event-id", "").rpartition(".")[2]
        if number.isascii() and number.isdigit():
            return min(int(number), len(run.lines))
        return super().cursor(asked, run)


@breaks("cursors")
class FutureIsSilence(ReferenceServer):
    def cursor(self, asked: Asked, run: Run) -> int:
        try:
            return super().cursor(asked, run)
        except Problem as problem:
            if problem.status == 404:
                return len(run.lines)
            raise


@breaks("cursors")
class CursorsThatCrash(ReferenceServer):
    def cursor(self, asked: Asked, run: Run) -> int:
        try:
            return super().cursor(asked, run)
        except Problem:
            raise Problem(500, "no") from None


@breaks("unknown")
class EverybodyIsKnown(ReferenceServer):
    def _known(self, name: str) -> Run:
        return self.runs.get(name) or next(iter(self.runs.values()))


@breaks("unknown")
class ProblemsWithoutDetail(ReferenceServer):
    def problem(self, problem: Problem) -> tuple[dict[str, str], bytes]:
        return {"Content-Type": "application/problem+json"}, json.dumps({"status": problem.status}).encode()
