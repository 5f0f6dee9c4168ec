"""A second domain, registered in one line (tests/tiny_server.py), runs through server and command line unchanged."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncIterator

import pytest

from tests.served import client, running_server
from tests.tiny import tiny_pipeline
from tests.tui.command_line import ROOT, run

LINE = "Windowseat is listening on "
QUESTION = "how many letters are here"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "tests.tiny_server", "--port", "0", "--data-dir", ":memory:", "--offline"]
    server = await asyncio.create_subprocess_exec(*command, "--until-stdin-closes", stdin=pipe, stdout=pipe, cwd=ROOT)
    assert server.stdin is not None
    assert server.stdout is not None
    line = (await server.stdout.readline()).decode()
    assert line.startswith(LINE)
    yield line.removeprefix(LINE).strip()
    server.stdin.close()
    await asyncio.wait_for(server.wait(), 10)


async def test_both_domains_are_listed_with_their_plans(url: str) -> None:
    async with client(url) as http:
        listed = (await http.get("/pipelines")).json()["pipelines"]
    assert [pipeline["name"] for pipeline in listed] == ["escape", "tiny"]
    ended = await run("pipelines", "--url", url)
    assert ended.code == 0
    assert "How many letters?" in ended.out


async def test_the_command_line_prints_its_own_columns(url: str) -> None:
    ended = await run("ask", "--url", url, "--pipeline", "tiny", QUESTION)
    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == ["Word", "Letters"]
    assert [line.split() for line in ended.out.splitlines()[1:3]] == [["letters", "7"], ["many", "4"]]
    assert "Find the longest" in ended.err


async def test_its_rows_leave_as_csv_and_its_events_as_json(url: str) -> None:
    rows = list(
        csv.DictReader(io.StringIO((await run("ask", "--url", url, "--pipeline", "tiny", "--csv", QUESTION)).out))
    )
    assert {row["word"]: row["letters"] for row in rows} == {
        "letters": "7",
        "many": "4",
        "how": "3",
        "are": "3",
        "here": "4",
    }
    events = [
        json.loads(line)
        for line in (await run("ask", "--url", url, "--pipeline", "tiny", "--json", QUESTION)).out.splitlines()
    ]
    assert (events[0]["pipeline"], events[-1]["status"]) == ("tiny", "ok")


async def test_its_failure_and_its_gaps_have_the_same_exit_codes(url: str) -> None:
    failed = await run("ask", "--url", url, "--pipeline", "tiny", "please fail")
    assert failed.code == 1
    assert "A word is forbidden" in failed.err
    assert "Leave out" in failed.err
    partial = await run("ask", "--url", url, "--pipeline", "tiny", "please degrade")
    assert partial.code == 0
    assert "warning" in partial.err


async def test_a_server_of_that_domain_alone_needs_no_name_for_it() -> None:
    async with running_server([tiny_pipeline()]) as alone:
        ended = await run("ask", "--url", alone, QUESTION)
    assert ended.code == 0
    assert "letters" in ended.out
