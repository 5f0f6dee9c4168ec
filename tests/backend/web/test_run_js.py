"""run.js: a run is followed to run.finished and nothing less, over connections that fail in every way."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.events import StreamBye, encode_event
from tests.backend.web import sample_run

pytestmark = pytest.mark.needs("node")

Node = Callable[[str, Any], Any]
EVENTS = sample_run.whole_run()
FRAMES = [f"id: {sample_run.RUN}.{event.seq}\ndata: {encode_event(event).decode()}\n\n" for event in EVENTS]
ALL = list(range(1, len(EVENTS) + 1))
QUICK = {"firstWaitMs": 4, "longestWaitMs": 16, "stallMs": 100, "attempts": 3}


def follow(node: Node, *connections: Any, position: Any = None) -> Any:
    return node("follow", {"connections": connections, "settings": QUICK, "position": position})


def frames(first: int, last: int | None = None) -> dict[str, Any]:
    return {"chunks": ["".join(FRAMES[first - 1 : last])]}


def test_one_post_is_the_whole_run(node: Node) -> None:
    answer = follow(node, frames(1))
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    [asked] = answer["asked"]
    assert len(asked.pop("key")) == 32
    assert asked == {"url": "/assist", "method": "POST", "type": "application/json", "last": None, "body": {"q": "Q"}}


@pytest.mark.parametrize("how", ["clean end", "FAIL", "STALL"])
def test_a_cut_is_resumed_after_the_last_event(node: Node, how: str) -> None:
    cut = frames(1, 9)
    cut["chunks"] += [FRAMES[9][:-1]] + ([] if how == "clean end" else [how])
    answer = follow(node, cut, frames(10))
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    assert answer["asked"][1]["url"] == f"/runs/{sample_run.RUN}/events"
    assert answer["asked"][1]["last"] == f"{sample_run.RUN}.9"
    assert [item["state"] for item in answer["news"]] == ["live", "reconnecting", "live"]


def test_fifty_cuts_lose_nothing_and_double_nothing(node: Node) -> None:
    pieces = [frames(seq, seq + 1) for seq in ALL[:50]]  # each repeats the event before
    answer = follow(node, *pieces, frames(51))
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    assert [call["last"].rpartition(".")[2] for call in answer["asked"][1:]] == [str(seq) for seq in range(2, 52)]


def test_after_a_few_attempts_without_news_it_says_interrupted(node: Node) -> None:
    answer = follow(node, frames(1, 5), "DOWN", {"status": 503, "problem": {"title": "Busy"}}, {"chunks": []})
    assert answer["events"] == ALL[:5]
    assert answer["end"]["name"] == "StreamCut"
    assert [item["waitMs"] for item in answer["news"] if item["state"] == "reconnecting"] == [4, 8, 16]


def test_connections_that_last_a_while_are_not_counted_against_each_other(node: Node) -> None:
    quiet = {"chunks": [": hb 5\n\n", "STALL"]}  # as behind a proxy that cuts what is quiet
    settings = {**QUICK, "settledMs": 50}
    asked = {"connections": [frames(1, 5), *[quiet] * 5, frames(6)], "settings": settings, "position": None}
    answer = node("follow", asked)
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    asked["settings"] = {**QUICK, "settledMs": 60_000}
    assert node("follow", asked)["end"]["name"] == "StreamCut"


def test_a_run_can_be_attached_anywhere(node: Node) -> None:
    answer = follow(node, frames(8), position={"run": sample_run.RUN, "seq": 7})
    assert (answer["events"], answer["end"]) == (ALL[7:], "finished")


def test_a_gap_is_never_skipped(node: Node) -> None:
    answer = follow(node, frames(1, 5), frames(7), frames(6))
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    assert "event 6 is missing" in answer["news"][3]["why"]
    assert [call["last"].rpartition(".")[2] for call in answer["asked"][1:]] == ["5", "5"]


def test_a_malformed_event_is_asked_for_again(node: Node) -> None:
    bad = {"chunks": [FRAMES[0], 'data: {"type":"run.notice","seq":2\n\n', FRAMES[1]]}
    answer = follow(node, bad, frames(2))
    assert (answer["events"], answer["end"]) == (ALL, "finished")


def test_the_server_says_when_to_come_back(node: Node) -> None:
    bye = f"data: {encode_event(StreamBye(reason='shutdown', retry_ms=70)).decode()}\n\n"
    answer = follow(
        node,
        {"chunks": [*FRAMES[:3], bye]},
        {"chunks": ["retry: 50\n\n"]},
        {"status": 429, "problem": {"title": "Slow down"}, "headers": {"Retry-After": "0.06"}},
        frames(4),
    )
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    assert [item["waitMs"] for item in answer["news"] if item["state"] == "reconnecting"] == [74, 58, 76]


def test_a_refusal_tells_what_to_try(node: Node) -> None:
    problem = {"type": "about:blank", "title": "T", "status": 422, "detail": "The question is empty.", "hint": "Ask."}
    answer = follow(node, {"status": 422, "problem": problem})
    assert answer["end"] == {"name": "Refused", "message": "The question is empty.", "hint": "Ask."}
    assert answer["events"] == []


def test_a_run_that_is_gone_is_not_asked_for_again(node: Node) -> None:
    answer = follow(node, frames(1, 2), {"status": 404, "problem": {"detail": "Gone."}}, frames(3))
    assert answer["end"]["message"] == "Gone."
    assert len(answer["asked"]) == 2


LOST = {"status": 410, "problem": {"detail": "Lost."}}
TOO_OLD = {"chunks": [f"data: {encode_event(StreamBye(reason='too_old', retry_ms=1)).decode()}\n\n"]}


@pytest.mark.parametrize("told", [LOST, TOO_OLD], ids=["410", "too_old"])
def test_a_place_that_the_log_has_lost_is_left_for_its_beginning_and_that_is_said(node: Node, told: Any) -> None:
    answer = follow(node, frames(1, 4), told, frames(1))
    assert (answer["events"], answer["end"]) == ([1, 2, 3, 4, "stream.snapshot", *ALL], "finished")
    assert [call["last"] for call in answer["asked"][1:]] == [f"{sample_run.RUN}.4", f"{sample_run.RUN}.0"]
    assert "ost" in [item["why"] for item in answer["news"] if item["state"] == "reconnecting"][1]


def test_a_log_that_is_lost_again_and_again_is_given_up(node: Node) -> None:
    answer = follow(node, frames(1, 4), LOST, LOST, frames(1))
    assert (answer["end"]["name"], answer["end"]["message"]) == ("StreamCut", "Lost.")


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_lost_the_first_answer_is_asked_twice_more(node: Node, status: int) -> None:
    answer = follow(node, {"status": status}, {"status": status}, frames(1))
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    assert answer["asked"][0] == answer["asked"][2]
    answer = follow(node, *[{"status": status}] * 3, frames(1))
    assert (answer["end"]["name"], len(answer["asked"])) == ("Refused", 3)


def test_a_server_that_is_down_is_asked_twice_more_and_no_oftener(node: Node) -> None:
    answer = follow(node, "DOWN", "DOWN", "DOWN", frames(1))
    assert answer["end"]["name"] == "NotReachable"
    assert len(answer["asked"]) == 3


def test_an_answer_that_is_no_stream_is_no_run(node: Node) -> None:
    answer = follow(node, {"type": "text/html", "chunks": ["<p>Log in to this hotel's network</p>"]}, frames(1))
    assert answer["end"]["name"] == "StreamCut"
    assert "not a stream of events" in answer["end"]["message"]
    assert len(answer["asked"]) == 1


@pytest.mark.parametrize("lost", [{"chunks": [": hb 0\n\n"]}, "DOWN", {"status": 503, "problem": {"title": "Busy"}}])
def test_a_question_whose_answer_was_lost_is_asked_again_under_the_same_key(node: Node, lost: Any) -> None:
    answer = follow(node, lost, frames(1))
    if lost != "DOWN" and "status" in lost:  # the server said no: that is an answer
        assert answer["end"]["name"] == "Refused"
        return
    assert (answer["events"], answer["end"]) == (ALL, "finished")
    assert [call["url"] for call in answer["asked"]] == ["/assist", "/assist"]
    assert answer["asked"][0]["key"] == answer["asked"][1]["key"]


def test_a_cut_before_the_first_event_is_resumed_when_the_server_named_the_run(node: Node) -> None:
    answer = follow(node, {"chunks": [": hb 0\n\n"], "headers": {"Windowseat-Run": sample_run.RUN}}, frames(1))
    assert (answer["events"], answer["end"]) == (ALL, "finished")


def test_a_reader_that_leaves_hears_no_more(node: Node) -> None:
    answer = follow(node, {"chunks": [FRAMES[0], "ABORT", FRAMES[1]]}, frames(2))
    assert answer["end"] == "left"
    assert answer["events"] in ([1], [1, 2])
    assert len(answer["asked"]) == 1
