"""``windowseat ask --previous``: follow-up questions on the command line, from process to process."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_server import ScriptedServer, a_run
from tests.tui.command_line import Ended, run

EVENTS = a_run()


async def local(tmp_path: Path, *arguments: str) -> Ended:
    return await run(*arguments, env={"WINDOWSEAT_DATA_DIR": str(tmp_path / "data"), "TZ": "UTC"})


def intent(out: str) -> dict[str, Any]:
    ends = [event for event in map(json.loads, out.splitlines()) if event["type"] == "step.finished"]
    (detail,) = [event["detail"] for event in ends if event["step"] == "intent"]
    assert isinstance(detail, dict)
    return detail


async def test_the_last_run_is_refined_by_another_process(tmp_path: Path) -> None:
    first = await local(tmp_path, "ask", "cold tomorrow, under 5 hours, from Oslo")
    assert first.code == 0
    second = await local(tmp_path, "ask", "--previous", "last", "max 2 hours", "--json")
    assert second.code == 0, second.err
    assert intent(second.out)["changed"] == ["hours: 5 h → 2 h"]
    assert "2b Read the wish: Changed hours: 5 h → 2 h. Cold" in second.err
    run_id = (await local(tmp_path, "runs")).out.splitlines()[2].split()[0]
    again = await local(tmp_path, "ask", "from Bergen", "--previous", run_id[:9], "--json", "-q")
    assert intent(again.out)["changed"] == ["from: Oslo → Bergen"]
    assert intent(again.out)["hours"] == 5.0


async def test_there_must_be_a_run_to_follow_up(tmp_path: Path) -> None:
    code, out, err = await local(tmp_path, "ask", "--previous", "last", "warmer")
    assert (code, out) == (2, "")
    assert "there is no run yet that a question could follow up" in err
    code, out, err = await local(tmp_path, "ask", "--previous", "zzz", "warmer")
    assert (code, out) == (2, "")
    assert "There is no run 'zzz' here" in err


async def test_the_last_run_is_one_of_the_pipeline_that_is_asked() -> None:
    listed = [
        {"run": name, "pipeline": pipeline, "question": "q", "started_at": "", "status": "ok"}
        for name, pipeline in (("bbb1", "other"), ("aaa2", "escape"), ("aaa1", "escape"))
    ]
    async with ScriptedServer([EVENTS], runs=listed) as server:
        ended = await run("ask", "--url", server.url, "--pipeline", "escape", "--previous", "last", "warmer")
        assert ended.code == 0, ended.err
        (asked,) = [heard.body for heard in server.heard if heard.path == "/assist"]
        assert asked["options"]["previous"] == "aaa2"
        ended = await run("ask", "--url", server.url, "--previous", "aaa", "warmer")
        assert ended.code == 2
        assert "2 runs begin with aaa" in ended.err


@pytest.mark.parametrize("flag", ["--previous", "--previous="])
async def test_a_run_must_be_named(flag: str) -> None:
    ended = await run("ask", "warmer", flag)
    assert ended.code == 2
