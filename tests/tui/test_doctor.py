"""``windowseat doctor``: one screen, an exit code, and never what the server didn't say."""

import json
from typing import Any

import msgspec
import pytest

from tests.scripted_server import ScriptedServer
from tests.tui.command_line import run
from tui.connection import CheckedPipeline, SourceInfo, SourcesInfo
from tui.doctor import in_use, lines

HOSTILE = "x\x1b]52;c;QQ==\x07y\x1b[2J\x9b31m\u202e\nz"


def source(name: str, fact: str = "weather", **more: Any) -> SourceInfo:
    return SourceInfo(**{"fact": fact, "id": name.lower(), "name": name, "used": True, "works": True, **more})


def screen(*sources: SourceInfo, asked: bool = True, width: int = 80) -> list[str]:
    return list(lines(SourcesInfo(asked=asked, pipelines=(CheckedPipeline(pipeline="p", sources=sources),)), width))


def told_by(*sources: SourceInfo) -> dict[str, Any]:
    """The answer of a server."""
    checked = CheckedPipeline(pipeline="p", sources=sources)
    told: dict[str, Any] = msgspec.to_builtins(SourcesInfo(asked=True, pipelines=(checked,)))
    return told


def test_each_fact_has_its_sources_in_order_and_the_end_says_what_is_used() -> None:
    told = screen(
        source("Sky", key="accepted", says="answers", ms=84, quota="59 of 60 calls left this minute",
               costs="a call of the minute"),
        source("Cloud", works=False, key="refused", says="Cloud refuses access (401)", hint="Check the key."),
        source("typical", says="what is usual"),
        source("Fog", used=False, works=None, setting="FOG_KEY", says="not set up"),
        source("Mist", used=False, works=None, says="offline"),
        source("Haze", used=False, works=None, says="offline"),
        source("Air", fact="routes", works=None, says="not asked yet"),
    )  # fmt: skip
    assert told == [
        "Weather",
        "  Sky      works      answers in 84 ms, key accepted; 59 of 60 calls left this",
        "                      minute",
        "  Cloud    fails      Cloud refuses access (401). Check the key.",
        "  typical  works      what is usual",
        "  not in use: Fog (FOG_KEY), Mist, Haze (offline)",
        "Routes",
        "  Air      not asked  not asked yet",
        "",
        "A question asked now would use Sky (weather), Air (routes).",
        "This check used up a call of the minute (Sky).",
    ]


def test_what_fails_is_not_what_is_used() -> None:
    first, second, other = source("A", works=False), source("B", works=None), source("C", used=False, works=True)
    assert in_use([other, first, second]) == [second]
    assert screen(first)[-1] == "A question asked now would use nothing."
    assert screen(second, asked=False)[-1].startswith("The sources were not asked")


@pytest.mark.parametrize(
    ("sources", "code"),
    [
        ([], 0),
        ([source("Sky", wanted=True)], 0),
        ([source("Sky", wanted=False, works=False)], 0),
        ([source("Sky", wanted=True, works=None)], 0),
        ([source("Sky", wanted=True, works=False), source("other")], 1),
        ([source("Sky", wanted=True, used=False, works=False)], 0),
    ],
)
async def test_the_exit_code_is_about_what_somebody_asked_for(sources: list[SourceInfo], code: int) -> None:
    async with ScriptedServer() as server:
        server.sources = told_by(*sources)
        ended = await run("doctor", "--url", server.url)
    assert (ended.code, ended.err) == (code, "")


async def test_json_is_one_document_with_what_is_used() -> None:
    async with ScriptedServer() as server:
        server.sources = told_by(source("Sky", says=HOSTILE))
        ended = await run("doctor", "--json", "--url", server.url)
    told = json.loads(ended.out)
    assert told["pipelines"][0]["sources"][0]["name"] == "Sky"
    assert told["using"] == [{"fact": "weather", "id": "sky", "name": "Sky"}]
    assert "\x1b" not in ended.out


async def test_what_the_server_says_acts_on_no_terminal() -> None:
    async with ScriptedServer() as server:
        hostile = source(HOSTILE, fact=HOSTILE, says=HOSTILE, hint=HOSTILE, quota=HOSTILE, costs=HOSTILE)
        server.sources = told_by(hostile, source("other", used=False, setting=HOSTILE))
        ended = await run("doctor", "--url", server.url)
    assert ended.code == 0
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(ended.out)


async def test_a_server_that_is_not_there_is_told() -> None:
    ended = await run("doctor", "--url", "http://127.0.0.1:1")
    assert ended.code == 3
    assert "127.0.0.1:1" in ended.err


async def test_a_server_of_one_s_own_is_asked_and_keeps_to_its_settings() -> None:
    ended = await run("doctor", "--offline")
    assert ended.code == 0
    assert "not in use: ip-api, ipwho.is (offline)" in ended.out
    assert "A question asked now would use bundled table (where you are)" in ended.out
