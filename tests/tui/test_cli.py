"""The real command line as a process of its own, against the scripted server: exit codes, streams, signals, pipes."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared import events as ev
from tests.scripted_server import CUT, RUN, ScriptedServer, a_run, frame
from tests.tui.command_line import Ended, ask, end, run, start

EVENTS = a_run()
HOSTILE = "x\x1b]52;c;QQ==\x07y\x1b[2J\x9b31m\u202e=1+1"


async def test_the_table_goes_to_stdout_and_a_line_for_each_step_to_stderr() -> None:
    async with ScriptedServer([EVENTS]) as server:
        ended = await ask(server)
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "City        Airport  High °C  Flight",
        "Dakar       DSS           30  4 h 15",
        "Las Palmas  LPA           25  3 h 05",
    ]
    assert ended.err.splitlines() == [
        f"Where can I escape to?  (run {RUN})",
        "ok   1a Read the wish: hot (25 °C or more) on Monday  0.0s",
        "ok   1b Place you on the map: Valencia, Spain  0.0s",
        "ok   2  Read the sky: 2 of 3 cities are hot  0.4s",
        "2 places for Monday: 2 rows, 1 left out (1 not hot)  0.4s",
    ]


async def test_question_options_and_settings_reach_the_server() -> None:
    async with ScriptedServer([EVENTS]) as server:
        await run(
            "ask", "somewhere", "hot", "--url", server.url, "--from", "VLC", "under 4 hours", "--pipeline", "escape",
            "--option", "hours=3", "--option", "air=yes", "--tz", "Europe/Madrid",
        )  # fmt: skip
    assert server.heard[0].body == {
        "q": "somewhere hot under 4 hours",
        "pipeline": "escape",
        "options": {"tz": "Europe/Madrid", "from": "VLC", "hours": 3, "air": "yes"},
    }


async def test_a_dash_reads_the_question_from_stdin() -> None:
    async with ScriptedServer([EVENTS]) as server:
        process = await start("ask", "--url", server.url, "-", stdin=asyncio.subprocess.PIPE)
        ended = await end(process, b"a mild city\n")
    assert ended.code == 0
    assert server.heard[0].body["q"] == "a mild city"


async def test_json_is_every_event_exactly_as_it_was_sent() -> None:
    async with ScriptedServer([EVENTS]) as server:
        ended = await ask(server, "--json")
    assert ended.out.encode() == b"".join(ev.encode_event(event) + b"\n" for event in EVENTS)
    assert "Read the sky" in ended.err


async def test_csv_and_markdown_take_the_place_of_the_table_and_quiet_silences_the_narration() -> None:
    async with ScriptedServer([EVENTS, EVENTS]) as server:
        csv = await ask(server, "--csv", "--quiet")
        md = await ask(server, "--md", "-q")
    assert csv == Ended(0, "city,code,high,flight,lat\nDakar,DSS,30,255,\nLas Palmas,LPA,25.2,185,27.9\n", "")
    assert md.out.splitlines()[2] == "| Dakar | DSS | 30 | 4 h 15 |"
    assert md.err == ""


async def test_a_partial_answer_is_an_answer_with_a_warning() -> None:
    async with ScriptedServer([a_run(status="partial")]) as server:
        ended = await ask(server)
    assert ended.code == 0
    assert "warning: Read the sky: typical temperatures only" in ended.err
    assert "warn 2  Read the sky: typical temperatures only" in ended.err
    assert "Dakar" in ended.out


@pytest.mark.parametrize("status", ["failed", "interrupted", "cancelled"])
async def test_a_run_that_did_not_end_well_keeps_its_rows_says_why_and_exits_1(status: ev.RunStatus) -> None:
    error = ev.ErrorInfo(code="no_place", message="I don't know where you are", hint="add --from VLC", retryable=False)
    async with ScriptedServer([a_run(status=status, error=error)]) as server:
        ended = await ask(server)
    assert ended.code == 1
    assert "Dakar" in ended.out
    assert ended.err.splitlines()[-2:] == ["error: I don't know where you are", "hint: add --from VLC"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ask"], "there is no question"),
        (["ask", "  "], "there is no question"),
        (["ask", "--json", "--csv", "hot"], "not allowed with"),
        (["ask", "hot", "--option", "hours"], "not KEY=VALUE"),
        (["ask", "hot", "--colour"], "not understood: --colour"),
        (["ask", "hot", "--color", "pink"], "--color is 'pink', but must be one of auto, always, never"),
        (["ask", "hot", "--url", "localhost:1"], "--url is 'localhost:1'"),
        (["ask", "hot", "--tz", "Mars/Base"], "--tz is 'Mars/Base'"),
        (["ask", "hot", "--config", "/no/such/file"], "a file that exists"),
        (["ask", "hot", "--url", "http://127.0.0.1:9", "--offline"], "--offline is for the local server"),
        (["rusn"], "did you mean runs"),
        (["show"], "RUN"),
        (["--json", "somewhere hot"], "those are for `windowseat ask`"),
        (["--url", "http://x", "serve"], "serve has flags of its own"),
        ([], "windowseat ask"),
    ],
)
async def test_wrong_usage_is_one_sentence_and_a_hint_and_exits_2(arguments: list[str], complaint: str) -> None:
    ended = await run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in ended.err
    assert "Traceback" not in ended.err


async def test_a_wrong_variable_and_a_wrong_key_are_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[app]\nexpand = 'sometimes'\n")
    by_file = await run("ask", "hot", "--config", str(config))
    by_env = await run("ask", "hot", env={"WINDOWSEAT_MOTION": "wild"})
    assert (by_file.code, by_env.code) == (2, 2)
    assert f"expand in {config} is 'sometimes', but must be one of never, failed, always" in by_file.err
    assert "WINDOWSEAT_MOTION is 'wild'" in by_env.err


async def test_nobody_at_the_address_exits_3() -> None:
    async with ScriptedServer() as server:
        pass
    for command in (["ask", "hot"], ["runs"], ["pipelines"], ["show", "x"]):
        ended = await run(*command, "--url", server.url)
        assert (ended.code, ended.out) == (3, "")
        assert "no answer from" in ended.err
        assert "hint: " in ended.err


@pytest.mark.parametrize(("status", "code"), [(422, 2), (404, 2), (429, 3), (503, 3)])
async def test_a_refusal_exits_2_when_the_question_is_at_fault_and_3_when_the_server_is(status: int, code: int) -> None:
    async with ScriptedServer([EVENTS]) as server:
        server.refusals["/assist"] = (status, {"title": "No", "detail": "not like that", "hint": "like this"})
        ended = await ask(server)
    assert ended.code == code
    assert ended.err.splitlines() == [f"error: the server refused ({status} No): not like that", "hint: like this"]


async def test_a_cut_stream_is_resumed_and_said_so() -> None:
    async with ScriptedServer([[*EVENTS[:4], CUT], EVENTS[4:]]) as server:
        ended = await ask(server)
    assert ended.code == 0
    assert "note: reconnecting (attempt 1 of 10): " in ended.err
    assert "note: connected again (attempt 1 of 10)" in ended.err
    assert len(ended.out.splitlines()) == 3


async def test_a_server_that_never_comes_back_leaves_the_rows_and_exits_3() -> None:
    async with ScriptedServer([[*EVENTS[:8], CUT]]) as server:
        server.refusals["/runs/"] = (404, {"title": "Gone"})
        ended = await ask(server)
    assert ended.code == 3
    assert "Dakar" in ended.out
    assert "error: " in ended.err


def hostile_run() -> list[bytes]:
    """Every string of every event, hostile: as escapes in JSON, and raw where JSON allows it."""

    def spoil(value: object) -> object:
        if isinstance(value, str):
            return HOSTILE
        if isinstance(value, list):
            return [spoil(item) for item in value]
        if isinstance(value, dict):
            kept = {
                "type",
                "id",
                "step",
                "status",
                "kind",
                "state",
                "level",
                "parent",
                "needs",
                "order",
                "degraded",
                "run",
            }
            return {key: item if key in kept else spoil(item) for key, item in value.items()}
        return value

    frames = []
    for number, event in enumerate(a_run(status="partial")):
        tree = spoil(json.loads(ev.encode_event(event)))
        text = json.dumps(tree, ensure_ascii=number % 2 == 0)
        frames.append(f"id: {RUN}.{event.seq}\ndata: {text}\n\n".encode())
    return frames


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--md"], ["--color", "always", "--expand", "always"]])
async def test_no_control_character_of_the_server_reaches_the_terminal(form: Sequence[str]) -> None:
    async with ScriptedServer([hostile_run()]) as server:
        ended = await ask(server, *form)
    assert ended.code == 0
    own_colours = ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m")
    for text in (ended.out, ended.err):
        for colour in own_colours if "always" in form else ():
            text = text.replace(colour, "")
        assert not [char for char in text if char != "\n" and not char.isprintable()]


async def test_a_hostile_refusal_is_cleaned() -> None:
    async with ScriptedServer() as server:
        server.refusals["/assist"] = (422, {"title": HOSTILE, "detail": HOSTILE, "hint": HOSTILE})
        ended = await ask(server)
    assert "\x1b" not in ended.err
    assert "\x9b" not in ended.err


async def test_show_replays_a_run_by_a_unique_beginning_of_its_id() -> None:
    async with ScriptedServer([EVENTS, EVENTS]) as server:
        server.runs = [
            {"run": RUN, "pipeline": "escape", "question": "hot", "started_at": "2026-11-22T10:00:00Z", "status": "ok"},
            {
                "run": "other",
                "pipeline": "escape",
                "question": "cold",
                "started_at": "",
                "status": "failed",
                "ms": 1200,
            },
            {
                "run": "otter",
                "pipeline": "escape",
                "question": "cold",
                "started_at": "",
                "status": "failed",
                "ms": 1200,
            },
        ]
        shown = await run("show", "run7", "--url", server.url, "--csv", "-q")
        ambiguous = await run("show", "ot", "--url", server.url)
        server.refusals["/runs/none"] = (404, {"title": "Not found", "detail": "There is no run none."})
        unknown = await run("show", "none", "--url", server.url)
        listed = await run("runs", "--url", server.url)
    assert shown.out.startswith("city,code,high")
    assert "GET /runs/run7f3a/events?after=0" in server.paths()
    assert (ambiguous.code, unknown.code) == (2, 2)
    assert "2 runs begin with ot" in ambiguous.err
    assert "There is no run none." in unknown.err
    assert [line.split()[0] for line in listed.out.splitlines()] == ["run", RUN, "other", "otter"]


async def test_pipelines_and_about_tell_what_the_server_offers() -> None:
    async with ScriptedServer() as server:
        server.pipelines = [
            {"name": "escape", "title": "Where to?", "plan": [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}],
             "examples": ["somewhere hot"], "options": [{"key": "hours", "label": "longest flight", "kind": "number"}],
             "attributions": [{"text": "Airports: OurAirports", "url": "https://ourairports.com"}]},
        ]  # fmt: skip
        pipelines = await run("pipelines", "--url", server.url)
        about = await run("about", "--url", server.url)
    assert pipelines.out == (
        "escape: Where to?\n  steps: A > B\n  --option hours=<number>  longest flight\n"
        '  windowseat ask "somewhere hot"\n'
    )
    assert about.out.startswith("windowseat ")
    assert about.out.endswith("- Airports: OurAirports https://ourairports.com\n")


async def test_glyphs_and_colour_are_only_for_a_terminal_and_plain_forbids_them() -> None:
    async with ScriptedServer([EVENTS, EVENTS]) as server:
        coloured = await ask(server, "--color", "always")
        plain = await ask(server, "--color", "always", "--plain")
    assert "\x1b[32mok  \x1b[0m 1a" in coloured.err
    assert "\x1b" not in coloured.out
    assert "\x1b" not in plain.err


async def test_help_shows_examples_and_version_is_one_line() -> None:
    assert 'windowseat ask "' in (await run("--help")).out
    assert "examples:" in (await run("ask", "--help")).out
    version = await run("--version")
    assert (version.code, len(version.out.splitlines())) == (0, 1)


def test_the_frames_of_the_hostile_run_are_hostile() -> None:
    assert b"\\u001b]52" in hostile_run()[0]
    assert "\x9b".encode() in hostile_run()[1]
    assert frame(EVENTS[0]).startswith(b"id: ")
