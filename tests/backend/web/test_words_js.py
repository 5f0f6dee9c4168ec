"""The page's pure modules: text.js, cells.js, words.js, status.js."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.needs("node")

Node = Callable[[str, Any], Any]

CELLS = json.loads((Path(__file__).parents[2] / "fixtures" / "cells.json").read_text())
NBSP = "\u00a0"


def call(node: Node, module: str, name: str, *arguments: tuple[Any, ...]) -> Any:
    return node("call", [module, [[name, *given] for given in arguments]])


def test_cells_by_kind_are_those_of_the_terminal(node: Node) -> None:
    given = [(one["value"], {"key": "k", "label": "L", "kind": one["kind"], "unit": one["unit"]}) for one in CELLS]
    shown = call(node, "cells.js", "formatCell", *given)
    assert [text.replace(NBSP, " ") for text in shown] == [one["text"] for one in CELLS]


def test_an_entry_of_a_list_stays_on_one_line(node: Node) -> None:
    [text] = call(node, "cells.js", "formatCell", (["VY 1 07:05", "FR 2"], {"kind": "list"}))
    assert text == f"VY{NBSP}1{NBSP}07:05, FR{NBSP}2"


def test_tables_leave_coordinates_to_maps(node: Node) -> None:
    columns = [{"key": kind, "kind": kind} for kind in ("text", "latitude", "longitude", "list")]
    [kept] = call(node, "cells.js", "visibleColumns", (columns,))
    assert [column["kind"] for column in kept] == ["text", "list"]


CLEANED = [
    ("plain\ttext\n", "plain\ttext\n"),
    ("21 °C – 漢字 🙂", "21 °C – 漢字 🙂"),
    ("a\x1b[31mred\x1b[0m", "ared"),
    ("a\x1b]52;c;QQ==\x07b", "ab"),
    ("a\x00\x07\x7f\x9b31mb", "a31mb"),
    ("user\u202etxt.exe\u2066x\u2069", "usertxt.exex"),
    ("\ufeffx\u200ey\u061c", "xy"),
    ("z" + "\u0301" * 500, "z" + "\u0301" * 6),
    ("नमस्ते 👨‍👩‍👧", "नमस्ते 👨‍👩‍👧"),
]


def test_text_from_outside_is_cleaned(node: Node) -> None:
    assert call(node, "text.js", "clean", *[(dirty,) for dirty, _ in CLEANED]) == [text for _, text in CLEANED]


def test_cleaning_reaches_every_string_of_a_tree_and_its_keys(node: Node) -> None:
    dirty = {"\u202ek": ["\x00a", {"b": "\x1b[1mc"}, 1, None, True]}
    assert call(node, "text.js", "cleanTree", (dirty,)) == [{"k": ["a", {"b": "c"}, 1, None, True]}]


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 ms"),
        (440, "440 ms"),
        (999.7, "1.0 s"),
        (4_140, "4.1 s"),
        (59_940, "59.9 s"),
        (59_960, "1 min 00 s"),
        (125_000, "2 min 05 s"),
        (-9, "0 ms"),
    ],
)
def test_durations(node: Node, ms: float, text: str) -> None:
    assert call(node, "words.js", "duration", (ms,)) == [text]


def step(**fields: Any) -> dict[str, Any]:
    nothing = {"say": "", "done": None, "total": None, "unit": None, "error": None, "retry_in_ms": None}
    return {"title": "T", **nothing, **fields}


def test_one_line_for_a_step_in_every_state(node: Node) -> None:
    error = {"message": "No place given.", "hint": "Say from where."}
    steps = [
        step(state="waiting"),
        step(state="running", say="Reading…", done=3, total=21, unit="cities"),
        step(state="running", say="Reading…", done=3),
        step(state="ok", say="37 found"),
        step(state="failed", say="It failed", error=error),
        step(state="retrying", error={"message": "It timed out."}, retry_in_ms=500),
        step(state="retrying", error={"message": "It timed out."}, retry_in_ms=0),
    ]
    assert call(node, "words.js", "outcome", *[(given,) for given in steps]) == [
        "",
        "Reading… · 3 of 21 cities",
        "Reading… · 3",
        "37 found",
        "No place given.",
        "It timed out. Trying again in 500 ms.",
        "It timed out. Trying again.",
    ]
    assert call(node, "words.js", "spoken", (steps[3], "2a")) == ["Step 2a, T: done. 37 found"]


def shown(
    node: Node, state: str, connection: str = "live", *, heard: int = 0, news: int = 0, head: int = 0, **view: Any
) -> Any:
    over = state not in ("new", "running", "cancelling")
    base = {"state": state, "upto": 0, "say": "Said.", "ms": 1200, "error": None, "degraded": [], "steps": []}
    session = {
        "view": {**base, **view},
        "over": over,
        "connection": {"state": connection, "message": "Why.", "attempt": 2, "attempts": 5, "waitMs": 800, "why": "w"},
        "heardAt": -heard,
        "newsAt": -news,
        "head": head,
    }
    return node("status", session)


def test_only_a_finished_run_looks_finished(node: Node) -> None:
    assert shown(node, "ok") == {"kind": "ok", "text": "Said. · 1.2 s"}
    for state in ("running", "cancelling"):
        for connection in ("asking", "live", "reconnecting", "interrupted", "left"):
            assert shown(node, state, connection)["kind"] not in ("ok", "partial")


def test_a_cut_run_is_said_to_be_interrupted_and_can_be_resumed(node: Node) -> None:
    status = shown(node, "running", "interrupted")
    assert status["text"].startswith("Interrupted: this is not the whole answer.")
    assert status["canResume"]


def test_idle_silent_and_reconnecting_look_different(node: Node) -> None:
    states = [
        shown(node, "running"),
        shown(node, "running", news=12_000),
        shown(node, "running", heard=16_000, news=16_000),
        shown(node, "running", head=9, upto=7),
        shown(node, "running", "reconnecting"),
        shown(node, "running", "interrupted"),
    ]
    assert [(one["line"], one["text"]) for one in states] == [
        ("live", "Under way · 2 s"),
        ("idle", "Under way · 2 s · no news for 12 s, still connected"),
        ("behind", "Under way · 2 s · nothing heard for 16 s"),
        ("behind", "Under way · 2 s · 2 events behind"),
        ("reconnecting", "Reconnecting in 800 ms (2 of 5): w."),
        ("interrupted", "Interrupted: this is not the whole answer. Why."),
    ]


def test_a_partial_run_names_what_is_missing(node: Node) -> None:
    status = shown(node, "partial", degraded=["w"], steps=[{"id": "w", "title": "Read the sky"}])
    assert status == {"kind": "partial", "text": "Said. · 1.2 s", "hint": "Not complete: Read the sky."}


def test_a_failed_run_says_what_to_try(node: Node) -> None:
    status = shown(node, "failed", error={"message": "No place.", "hint": "Say from where."})
    assert status == {"kind": "failed", "text": "No place.", "hint": "Say from where."}


MOMENTS = [
    ("2026-08-19", "America/New_York", "19 August 2026"),
    ("2026-11-28T22:05:09Z", "UTC", "28 Nov 2026, 22:05"),
    ("2026-11-28T22:05:09.123+00:00", "Asia/Tokyo", "29 Nov 2026, 07:05"),
    ("2026-11-28T02:05Z", "America/New_York", "27 Nov 2026, 21:05"),
    ("2026-13-28", "UTC", "2026-13-28"),
    ("2026-11-28T22:05:09", "UTC", "2026-11-28T22:05:09"),  # of which zone, nobody knows
    ("last week", "UTC", "last week"),
    ("", "UTC", ""),
]


def test_moments_in_words_and_in_the_readers_zone(node: Node) -> None:
    given = [(text, zone) for text, zone, _ in MOMENTS]
    assert call(node, "words.js", "moment", *given) == [said for *_, said in MOMENTS]
