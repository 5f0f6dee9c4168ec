"""Requests that a server must refuse, and how: a problem (RFC 9457), never a 500, never somebody else's run."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from tui.conform.probe import Answer, events_path
from tui.conform.sample import Case, received_in
from tui.conform.verdict import Broken

_NOBODY = "a" * 26
_GARBAGE = frozenset({400, 404, 409})
_FUTURE = frozenset({400, 404, 409, 410, 416})


class Bad(NamedTuple):
    """A request that is wrong in one way; ``statuses`` are those that say so."""

    name: str
    statuses: AbstractSet[int]
    body: bytes = b'{"q": "x"}'
    headers: Mapping[str, str] = {}


BAD_QUESTIONS = (
    Bad("a body that is no JSON", {400}, b"hello"),
    Bad("half a body", {400}, b'{"q": "x"'),
    Bad("an empty body", {400}, b""),
    Bad("a body that is not UTF-8", {400}, b'{"q": "\xff\xfe"}'),
    Bad("a hundred thousand brackets", {400, 413}, b"[" * 100_000),
    Bad("a body of another type", {415}, headers={"Content-Type": "text/plain"}),
    Bad("a form", {415}, b"q=x", {"Content-Type": "application/x-www-form-urlencoded"}),
    Bad("a body without a type", {415}, headers={"Content-Type": ""}),
    Bad("no question", {422}, b"{}"),
    Bad("a question that is a number", {422}, b'{"q": 5}'),
    Bad("a question that is null", {422}, b'{"q": null}'),
    Bad("an empty question", {422}, b'{"q": ""}'),
    Bad("a question of spaces", {422}, b'{"q": "  \\n "}'),
    Bad("a list", {422}, b"[]"),
    Bad("options that are a number", {422}, b'{"q": "x", "options": 3}'),
    Bad("a pipeline that is a number", {422}, b'{"q": "x", "pipeline": 3}'),
    Bad("an unknown pipeline", {404, 422}, b'{"q": "x", "pipeline": "no-such-pipeline"}'),
    Bad("a key with a space", {400}, headers={"Idempotency-Key": "one and the same"}),
    Bad("a key of 201 characters", {400}, headers={"Idempotency-Key": "k" * 201}),
    Bad("a body of 200 kB", {413, 422}, b'{"q": "' + b"x" * 200_000 + b'"}'),
)


async def questions(case: Case) -> str:
    """Raises Broken unless each of these is refused for what it is."""
    for bad in BAD_QUESTIONS:
        answer = await case.probe.call("POST", "/assist", body=bad.body, headers=bad.headers)
        check_problem(answer, bad.statuses, bad.name)
    return f"{len(BAD_QUESTIONS)} bad questions"


def _bad_ids(run: str, other: str, length: int) -> dict[str, frozenset[int]]:
    """Last-Event-ID values that aren't one of ``run``, and how each may be refused."""
    garbage = (
        "x", ".", "..", f"{run}", f"{run}.", f"{run}.x", f"{run}.-1", f"{run}.+1", f"{run}.1.1", f"{run}.1e1",
        f"{run}. 1", f"{run}.0x1", f"{run}.1_0", f"{run}.1\t1", f"{run} .1", f".{run}.1", f"{run}:1", "1", "-1", "0",
        "null", "NaN", "%00", "../../etc/passwd", "x" * 2000, f"{_NOBODY}.1", f"{other}.1",
        f"{run.upper()}.1x",
    )  # fmt: skip
    future = (f"{run}.{length + 1}", f"{run}.{length + 1000}", f"{run}.999999999", f"{run}.{'9' * 30}")
    return {**dict.fromkeys(garbage, _GARBAGE), **dict.fromkeys(future, _FUTURE)}


async def cursors(case: Case) -> str:
    """Raises Broken unless a place that isn't in this run's log is refused, or the log comes from its start."""
    run, length = case.sample.run, case.sample.length
    other = (await case.ask()).run
    bad_ids = _bad_ids(run, other, length)
    for value, statuses in bad_ids.items():
        answer = await case.probe.call("GET", events_path(run), headers={"Last-Event-ID": value})
        _check_cursor(case, answer, statuses, f"Last-Event-ID: {value[:40]}")
    bad_places = ("-1", "x", "1.5", "1e3", "+1", "0x1", "", "9" * 30, "null", "1 ", "%2e", str(length + 1), "999999999")
    for value in bad_places:
        answer = await case.probe.call(
            "GET", events_path(run, f"after={value.replace(' ', '%20').replace('+', '%2b')}")
        )
        _check_cursor(case, answer, {400} | _FUTURE, f"?after={value}")
    return f"{len(bad_ids) + len(bad_places)} bad places"


def _check_cursor(case: Case, answer: Answer, statuses: AbstractSet[int], name: str) -> None:
    if answer.status != 200:
        check_problem(answer, statuses, name)
        return
    received = received_in(answer.body[: answer.body.rfind(b"\n\n") + 2])
    if not received or received != case.sample.received[: len(received)]:
        shown = received[0].id if received else "nothing"
        raise Broken(f"{name} was answered with a stream that begins with {shown}, not with the run's first event")


async def unknown(case: Case) -> str:
    """Raises Broken unless runs, paths and methods that there aren't are refused."""
    calls = (
        ("GET", events_path(_NOBODY), {404}),
        ("GET", f"/runs/{_NOBODY}", {404}),
        ("POST", f"/runs/{_NOBODY}/cancel", {404}),
        ("GET", events_path("..%2f..%2fetc"), {400, 404}),
        ("GET", events_path("\u2603"), {400, 404}),
        ("GET", "/no/such/path", {404}),
        ("GET", "/assist", {405}),
        ("PUT", f"/runs/{case.sample.run}/events", {405}),
        ("GET", "/runs?limit=many", {400}),
    )
    for method, path, statuses in calls:
        check_problem(await case.probe.call(method, path), statuses, f"{method} {path}")
    return f"{len(calls)} requests"


def check_problem(answer: Answer, statuses: AbstractSet[int], name: str) -> None:
    """Raises Broken unless ``answer`` is a problem document with one of ``statuses``."""
    wanted = " or ".join(str(status) for status in sorted(statuses))
    if answer.status not in statuses:
        raise Broken(f"{name} was answered with {answer.status}, not {wanted}")
    if answer.kind != "application/problem+json":
        raise Broken(f"{name}: the {answer.status} answer is {answer.kind or 'untyped'}, not application/problem+json")
    problem = answer.json()
    if not isinstance(problem, dict):
        raise Broken(f"{name}: the problem is no object")
    for member, kind in (("type", str), ("title", str), ("status", int), ("detail", str)):
        if not isinstance(problem.get(member), kind):
            raise Broken(f"{name}: the problem has no {member}")
    if problem["status"] != answer.status:
        raise Broken(f"{name}: the problem says {problem['status']}, the answer {answer.status}")
