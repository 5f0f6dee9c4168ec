"""The app over SSH, in one process with its clients."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.view import EMPTY, fold
from tests.hostile_text import HOSTILE
from tests.pty_app import info
from tests.scripted_server import RUN, ScriptedServer, a_run
from tests.tui.app.hostile import STRINGS, poisoned_run
from tests.tui.ssh.house import CTRL_C, CTRL_Q, Opened, Screen, a_screen, open_house

POISONS = [*HOSTILE, *STRINGS[:3]]
LEFT = b"\x1b[?1049l"


def a_server(*scripts: Any) -> ScriptedServer:
    view = EMPTY
    for event in a_run():
        view = fold(view, event)
    return ScriptedServer([*scripts], pipelines=info(), view=msgspec.to_builtins(view))


async def asked(server: ScriptedServer, times: int) -> None:
    async with asyncio.timeout(20):
        while server.paths().count("POST /assist") < times:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.02)


@asynccontextmanager
async def an_app(
    folder: Path, *scripts: Any, settings: dict[str, Any] | None = None, **screen: Any
) -> AsyncIterator[tuple[Screen, Opened, ScriptedServer]]:
    async with (
        a_server(*scripts) as server,
        open_house(folder, server.url, **(settings or {})) as house,
        house.connected() as ssh,
        a_screen(ssh, **screen) as shown,
    ):
        yield shown, house, server


async def test_a_session_is_the_app_and_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    async with an_app(tmp_path, a_run()) as (screen, house, _server):
        await screen.has("Where can I escape to?")
        screen.type(b"somewhere hot\r")
        await screen.has("Dakar")
        screen.type(CTRL_Q)
        assert await screen.ended() == 0
    sent = bytes(screen.sent)
    for mode in (b"1049", b"1000", b"1003", b"1006", b"2004", b"1004"):
        assert sent.rindex(b"\x1b[?" + mode + b"l") > sent.rindex(b"\x1b[?" + mode + b"h"), mode
    assert sent.rindex(b"\x1b[?25h") > sent.rindex(b"\x1b[?25l")
    assert sent.rindex(b"\x1b[<u") > sent.rindex(b"\x1b[>25u")
    after = sent[sent.rindex(LEFT) :]
    assert b"Dakar" in after, "the last answer stays on the normal screen"
    assert f"ssh HOST attach {RUN}".encode() in after
    begun = [message for message in house.told if message["kind"] == "run"]
    assert [message["run"] for message in begun] == [RUN]
    assert "question" not in begun[0], "who asked what is nobody's business unless there is an audit"


async def test_who_was_cut_off_is_told_why_and_offered_their_run(tmp_path: Path) -> None:
    async with a_server(a_run()) as server, open_house(tmp_path, server.url) as house:
        house.known |= {"runs": [RUN], "open": RUN, "lost": "the process that served you ended unexpectedly"}
        async with house.connected() as ssh, a_screen(ssh) as screen:
            await screen.has("You left before the end")
            await screen.has("ended unexpectedly")
            screen.type(b"\r")
            await screen.has("Dakar")
            assert server.paths()[-1] == f"GET /runs/{RUN}/events?after=0"
            screen.type(CTRL_Q)
            await screen.ended()
            assert b"Dakar" in screen.sent[screen.sent.rindex(LEFT) :], "what was taken up is what is left with"


async def test_who_was_cut_off_before_asking_is_told_why(tmp_path: Path) -> None:
    async with a_server() as server, open_house(tmp_path, server.url) as house:
        house.known |= {"lost": "the connection broke"}
        async with house.connected() as ssh, a_screen(ssh) as screen:
            await screen.has("Your last session ended: the")


async def test_nobody_sees_what_others_asked(tmp_path: Path) -> None:
    """The server's list of runs is everybody's: it isn't even fetched."""
    async with an_app(tmp_path) as (screen, _house, server):
        await screen.has("Where can I escape to?")
        screen.type(b"\x12")  # ctrl+r
        await screen.has("Asked before")
        await screen.has("enter opens the run")
        assert not [path for path in server.paths() if path.startswith("GET /runs")]


async def test_a_question_given_with_a_terminal_opens_the_app_and_asks(tmp_path: Path) -> None:
    async with an_app(tmp_path, a_run(), command="somewhere hot --from VLC", env={"TZ": "Europe/Madrid"}) as (
        screen,
        _house,
        server,
    ):
        await screen.has("Dakar")
        asked = next(heard for heard in server.heard if heard.path == "/assist")
        assert asked.body == {
            "q": "somewhere hot", "pipeline": None, "options": {"tz": "Europe/Madrid", "from": "VLC"},
        } or asked.body == {"q": "somewhere hot", "options": {"tz": "Europe/Madrid", "from": "VLC"}}  # fmt: skip
        assert asked.headers["X-Forwarded-For"] == "127.0.0.1"


async def test_a_window_that_changes_is_drawn_anew_and_one_beyond_reason_is_cut(tmp_path: Path) -> None:
    async with an_app(tmp_path) as (screen, house, _server):
        await screen.has("Where can I escape to?")
        screen.sent.clear()
        screen.process.change_terminal_size(60, 20)
        await screen.has(b"\x1b[20;1H")
        app = house.app
        assert app.size == (60, 20)
        screen.process.change_terminal_size(60_000, 60_000)
        await screen.has(b"\x1b[120;1H")
        assert app.size == (400, 120)
        screen.type(b"\x1b[48;60000;60000;1;1tstill typing")  # a resize as a terminal reports it: not taken
        await screen.has("still typing")
        assert app.size == (400, 120)


@pytest.mark.parametrize(
    ("term", "env", "has", "never"),
    [
        ("xterm-256color", {}, rb"\x1b\[[\d;]*[34]8;5;\d", rb"\x1b\[[\d;]*[34]8;2;"),
        ("xterm-256color", {"COLORTERM": "truecolor"}, rb"\x1b\[[\d;]*[34]8;2;", rb"\x1b\[[\d;]*[34]8;5;"),
        ("screen-256color", {}, rb"\x1b\[[\d;]*[34]8;5;\d", rb"\x1b\[[\d;]*[34]8;2;"),
        ("tmux-256color", {}, rb"\x1b\[[\d;]*[34]8;5;\d", rb"\x1b\[[\d;]*[34]8;2;"),
        ("screen", {}, rb"\x1b\[[\d;]*(3|9)[0-7]", rb"\x1b\[[\d;]*[34]8;"),
        ("linux", {}, rb"\x1b\[[\d;]*(3|9)[0-7]", rb"\x1b\[[\d;]*[34]8;|\x1b\]|\x1b\[\?(1000|2026)|\x1b\[>"),
        (
            "vt100",
            {},
            rb"Where can I",
            rb"\x1b\[([\d;]*;)?(3|4|9|10)[0-7](;[\d;]*)?m|\x1b\]|\x1b\[\?(1000|2026|1049)|\x1b\[>",
        ),
    ],
)
async def test_each_terminal_gets_what_it_knows(
    tmp_path: Path, term: str, env: dict[str, str], has: bytes, never: bytes
) -> None:
    async with an_app(tmp_path, term=term, env=env) as (screen, _house, _server):
        await screen.has("Where can I escape to?")
        screen.type(CTRL_Q)
        assert await screen.ended() == 0
    assert re.search(has, screen.sent)
    assert not re.search(never, screen.sent)


async def test_two_ctrl_c_leave_as_they_do_on_ones_own_machine(tmp_path: Path) -> None:
    async with an_app(tmp_path) as (screen, _house, _server):
        await screen.has("Where can I escape to?")
        screen.type(CTRL_C)
        await screen.has("again to quit")
        screen.type(CTRL_C)
        assert await screen.ended() == 0


async def test_what_a_server_sends_never_commands_the_terminal(tmp_path: Path) -> None:
    """Every string of every event as somebody hostile would write it."""
    async with (
        a_server(*(poisoned_run(text) for text in POISONS)) as server,
        open_house(tmp_path, server.url) as house,
        house.connected() as ssh,
        a_screen(ssh, size=(160, 60)) as screen,
    ):
        await screen.has("Where can I escape to?")
        for number in range(len(POISONS)):
            screen.type(b"again\r")
            await asked(server, number + 1)
            await asyncio.sleep(0.3)
        screen.type(CTRL_Q)
        await screen.ended()
    ours = re.compile(rb"\x1b\[[\d;?>$<]*[A-Za-z]|\x1b\[<u|\x1b\]22;[a-z-]*\x07")
    rest = ours.sub(b"", bytes(screen.sent))
    assert b"\x1b" not in rest, rest[max(0, rest.index(b"\x1b") - 40) :][:120]
    assert not re.search(rb"[\x00-\x06\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", rest)
    for command in (b"\x1b[2J", b"\x1b]52", b"\x1b]0;", b"\x1bP"):
        assert command not in screen.sent


async def test_a_fault_in_one_session_is_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with (
        a_server() as server,
        open_house(tmp_path, server.url) as house,
        house.connected() as one,
        a_screen(one) as first,
    ):
        await first.has("Where can I escape to?")
        broken = house.app
        async with house.connected() as other, a_screen(other) as second:
            await second.has("Where can I escape to?")

            def fail() -> None:
                secret = "sk-secret"  # noqa: F841  # a value that a traceback with variables would show
                raise RuntimeError("made to")

            broken.call_later(fail)
            await first.has("it is our fault")
            assert await first.ended() == 1
            assert b"Traceback" not in first.sent
            assert LEFT in first.sent
            second.type(b"\x1bOP")
            await second.has("Anywhere")
    assert "made to" in caplog.text
    assert "sk-secret" not in caplog.text.replace('secret = "sk-secret"', "")


async def test_going_down_tells_everybody_and_leaves_their_terminals_clean(tmp_path: Path) -> None:
    async with an_app(tmp_path) as (screen, house, _server):
        await screen.has("Where can I escape to?")
        house.house.why = "the server is going down"
        house.door.end(house.house.why)
        assert await screen.ended() == 3
    assert b"Windowseat: the server is going down." in screen.sent[screen.sent.rindex(LEFT) :]


async def test_a_session_that_nobody_uses_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ssh.visit._IDLE_LOOK_S", 0.1)
    async with an_app(tmp_path, settings={"idle_s": 1.5}) as (screen, _house, _server):
        await screen.has("nothing was typed for a long time")
        assert await screen.ended() == 0


async def test_a_client_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    async with a_server() as server, open_house(tmp_path, server.url) as house:
        async with house.connected() as ssh, a_screen(ssh) as screen:
            await screen.has("Where can I escape to?")
            ssh.abort()
            await house.empty()
        closed = house.told[-1]
    assert closed["kind"] == "closed"
    assert closed["lost"] == "the connection broke"


async def test_a_theme_is_each_ones_own(tmp_path: Path) -> None:
    """The rules are shared, parsed once for each theme."""
    async with (
        a_server() as server,
        open_house(tmp_path, server.url) as house,
        house.connected() as one,
        a_screen(one) as first,
    ):
        await first.has("Where can I escape to?")
        light = house.app
        light.theme = "textual-light"
        async with house.connected() as other, a_screen(other) as second:
            await second.has("Where can I escape to?")
            dark = house.app
            await asyncio.sleep(0.3)
            assert light.screen.styles.background.brightness > 0.7
            assert dark.screen.styles.background.brightness < 0.3
