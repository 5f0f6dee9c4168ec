"""A letter that is typed is on the client's screen in the turn in which it comes, and all is as if it had waited."""

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.keys import key_to_character
from textual.widgets import Static

from tests.screen_of import ScreenOf
from tests.tui.app.driving import is_dirty, lines_of
from tests.tui.ssh.house import Opened, Screen, a_screen, open_house
from tests.tui.ssh.test_app import a_server
from tui.ssh.app import SshApp
from tui.ssh.turns import TurnsLoop
from tui.widgets.prompt import Prompt

T = TypeVar("T")

SIZE = (100, 30)
_NO_DRAWING = re.compile("\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x07")
LEFT, BACKSPACE, ENTER, F1, ESCAPE, CTRL_U = b"\x1b[D", b"\x7f", b"\r", b"\x1bOP", b"\x1b", b"\x15"


def on_turns(test: Coroutine[Any, Any, T]) -> T:
    """As a worker does: only its loop knows what a session has still to do."""
    with asyncio.Runner(loop_factory=TurnsLoop) as runner:
        return runner.run(test)


class Typist:
    """Somebody whose keys come at the session by themselves, so that nothing lies between them and what they cause."""

    def __init__(self, screen: Screen, house: Opened) -> None:
        self.screen = screen
        self.app = house.app
        self._marks = 0

    @property
    def prompt(self) -> Prompt:
        return self.app.screen_stack[0].query_one(Prompt)

    def type(self, data: bytes) -> None:
        feed = self.app.link.feed
        assert feed is not None
        feed(data)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  # what the app does tells nobody
                await asyncio.sleep(0.005)

    async def settled(self) -> None:
        """All that has been typed is done and painted."""
        keyboard = self.app._driver._keyboard  # type: ignore[union-attr]
        await self.until(lambda: not keyboard._waiting and keyboard._parser._timeout_time is None)
        await self.until(self.is_quiet)
        await self.until(self.is_painted)

    def is_quiet(self) -> bool:
        app = self.app
        return app._seat.is_quiet and not app._in_hand and app._message_queue.empty()

    def is_painted(self) -> bool:
        """Without having waited for the time of the next frame."""
        if self.is_quiet() and not is_dirty(self.app.screen):
            return True
        self.app.pace._look()
        return False

    async def start_anew(self) -> None:
        """All that is sent from now on makes the whole screen."""
        await self.settled()
        await self._received()
        self.screen.sent.clear()
        self.app.action_redraw()
        await self.settled()

    async def seen(self) -> list[str]:
        """What stands on the client's terminal."""
        await self.settled()
        await self._received()
        shown = ScreenOf(*SIZE)
        shown.feed(_NO_DRAWING.sub("", self.screen.sent.decode()))
        return shown.text()

    async def _received(self) -> None:
        """All that has been sent is with the client: so is something that stands behind it, and does nothing."""
        self._marks += 1
        mark = b"\x1b[?%dl" % (70_000 + self._marks)
        self.app.link.outlet.write(mark)
        await self.screen.has(mark)

    def drawn(self) -> list[str]:
        return lines_of(self.app.screen)


@asynccontextmanager
async def typing(folder: Path) -> AsyncIterator[Typist]:
    async with typing_on_any_loop(folder) as typist:
        await typist.settled()
        yield typist


@asynccontextmanager
async def typing_on_any_loop(folder: Path) -> AsyncIterator[Typist]:
    async with (
        a_server() as server,
        open_house(folder, server.url) as house,
        house.connected() as ssh,
        a_screen(ssh, size=SIZE) as screen,
    ):
        await screen.has("Where can I escape to?")
        typist = Typist(screen, house)
        await typist.until(lambda: typist.prompt.has_focus)
        yield typist


def test_it_is_sent_in_the_turn_in_which_it_comes(tmp_path: Path) -> None:
    async def test() -> None:
        async with typing(tmp_path) as typist:
            for text in ("s", "ö", "漢", " ", "x"):
                await typist.settled()
                before = typist.app.link.outlet.sent
                typist.type(text.encode())
                assert typist.prompt.value.endswith(text)
                assert typist.app.link.outlet.sent > before, "nothing was waited for"
            assert typist.prompt.value == "sö漢 x"

    on_turns(test())


def test_the_line_is_drawn_without_the_screen_where_it_is_known_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame of the screen is several times as dear."""

    async def test() -> None:
        async with typing(tmp_path) as typist:
            await typist.start_anew()
            frames: list[object] = []
            display = typist.app._display

            def counted(*frame: Any) -> None:
                frames.append(frame)
                display(*frame)

            async def frames_of(text: str) -> int:
                await typist.settled()
                frames.clear()
                typist.type(text.encode())
                return len(frames)

            monkeypatch.setattr(typist.app, "_display", counted)
            assert [await frames_of(letter) for letter in "a漢é"] == [0, 0, 0]
            typist.type(LEFT)
            assert await frames_of("x") == 0
            typist.app._shown.forget()
            assert [await frames_of(letter) for letter in "yz"] == [1, 0]
            typist.app.notify("over the prompt\n" * 40, timeout=60)
            await typist.until(lambda: any("over the prompt" in line for line in typist.drawn()))
            assert await frames_of("!") == 1
            assert typist.prompt.value == "a漢xyz!é"
            assert await typist.seen() == typist.drawn()

    on_turns(test())


def test_a_terminal_that_reports_keys_by_number_is_echoed_too(tmp_path: Path) -> None:
    """The keyboard protocol of kitty, which Textual asks for."""

    async def test() -> None:
        async with typing(tmp_path) as typist:
            before = typist.app.link.outlet.sent
            typist.type(b"\x1b[97;;97u")
            assert typist.prompt.value == "a"
            assert typist.app.link.outlet.sent > before

    on_turns(test())


SCRIPTS: list[list[bytes]] = [
    [b"h", b"o", b"t"],
    [b"hot", b" ", b"s", LEFT, b"x", LEFT + b"y", b"z" + LEFT + b"!", BACKSPACE, b"w"],
    ["漢".encode(), b"a", "e\u0301".encode(), "👨‍👩‍👧".encode(), LEFT, b"b", BACKSPACE, "ß".encode()],
    [b"a" * 94, b"b", b"c", b"d", b"e", LEFT, b"f", CTRL_U, b"g"],
    [b"x", F1, b"y", b"z", ESCAPE, b"w"],
    [b"x", b"\t", b"j", b"j", b"i", b"w", b"/", b"v"],
    [b"a", b"\x1b[D\x1b[D", b"b", b"\x1b[1;2D", b"c", b"\x1b[200~two\nlines\x1b[201~", b"d"],
    [b"q", b"\x1b[O", b"r", b"\x1b[I", b"s"],
    [b"a", b"\x1b[A", b"b", b"\x1b[B", b"c"],
]


KEYS = [
    *map(str.encode, "ab ß漢😀"),
    LEFT,
    b"\x1b[C",
    BACKSPACE,
    b"\x1b[3~",
    b"\x01",
    b"\x05",
    CTRL_U,
    b"\x17",
    b"\x1b[1;2D",
    b"\x1b[A",
]


def at_random(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    weights = [6] * 6 + [2] * (len(KEYS) - 6)
    return [b"".join(chance.choices(KEYS, weights, k=chance.randint(1, 3))) for _ in range(40)]


SCRIPTS += [at_random(seed) for seed in range(4)]


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
@pytest.mark.parametrize("waits", [True, False], ids=["one by one", "in one breath"])
def test_all_is_as_if_every_key_had_waited_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: list[bytes], waits: bool
) -> None:
    async def after() -> tuple[object, ...]:
        async with typing(tmp_path) as typist:
            await typist.start_anew()
            for keys in script:
                typist.type(keys)
                if waits:
                    await typist.settled()
                    await typist.until(lambda: typist.app.link.outlet.is_free())
            seen, drawn = await typist.seen(), typist.drawn()
            assert seen == drawn
            prompt = typist.prompt
            return prompt.value, prompt.selection, prompt.scroll_offset, typist.app.cursor_position, drawn

    at_once = on_turns(after())
    monkeypatch.setattr(SshApp, "echo", lambda app, key: False)
    assert at_once == on_turns(after())


@pytest.mark.parametrize(
    ("key", "wanted"),
    [(LEFT, "xa"), (BACKSPACE, "x"), (ENTER, "x"), (b"\x1b[200~two\x1b[201~", "atwox"), (CTRL_U, "x")],
)
def test_a_letter_behind_another_key_comes_behind_it(tmp_path: Path, key: bytes, wanted: str) -> None:
    async def test() -> None:
        async with typing(tmp_path) as typist:
            typist.type(b"a")
            await typist.settled()
            typist.type(key)
            sent = typist.app.link.outlet.sent
            typist.type(b"x")
            assert "x" not in typist.prompt.value
            assert typist.app.link.outlet.sent == sent
            await typist.settled()
            assert typist.prompt.value == wanted

    on_turns(test())


def test_what_is_held_for_the_next_frame_stays_held_and_is_painted_then(tmp_path: Path) -> None:
    async def test() -> None:
        async with typing(tmp_path) as typist:
            await typist.start_anew()
            app = typist.app
            app.pace._typed_until = 0.0
            app.pace.painted()
            assert app.pace._next is not None
            app.pace._next.cancel()  # no frame but that which the test wants
            app.screen.query_one("#hints", Static).update("something new", layout=False)
            await typist.until(app._waits_for_keys)
            typist.type(b"a")
            assert typist.prompt.value == "a"
            assert app.pace._held
            assert app._batch_count == 1
            assert not app._missed, "else the whole screen would be painted anew"
            await typist._received()
            assert b"something new" not in typist.screen.sent
            assert await typist.seen() == typist.drawn()
            assert b"something new" in typist.screen.sent

    on_turns(test())


@pytest.mark.parametrize("why", ["the client takes nothing", "it is a flood", "the window is another's"])
def test_it_takes_the_usual_way_where_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    async def test() -> None:
        async with typing(tmp_path) as typist:
            app = typist.app
            if why == "it is a flood":
                app.pace._keys = 0.0
                monkeypatch.setattr("tui.ssh.pace._KEYS_PER_S", 0.0)
            elif why == "the client takes nothing":
                monkeypatch.setattr(app.link.outlet, "unsent", lambda: 20_000)
                app.link.outlet.write(b"\0" * 20_000)
            else:
                app.app_focus = False
                await typist.settled()
            typist.type(b"a")
            assert typist.prompt.value == ""
            await typist.until(lambda: typist.prompt.value == "a")

    on_turns(test())


def test_a_letter_into_a_prompt_that_is_out_of_sight_is_typed(tmp_path: Path) -> None:
    async def test() -> None:
        async with typing(tmp_path) as typist:
            typist.screen.process.change_terminal_size(100, 1)
            await typist.until(lambda: typist.prompt not in typist.app.screen._compositor.visible_widgets)
            await typist.settled()
            typist.type(b"a")
            await typist.until(lambda: typist.prompt.value == "a")
            assert not typist.app.crashed

    on_turns(test())


def test_a_fault_of_ours_ends_the_session_as_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with typing(tmp_path) as typist:

            def fails(*args: object) -> Any:
                raise ZeroDivisionError

            monkeypatch.setattr(typist.prompt, "take", fails)
            with caplog.at_level(logging.CRITICAL):
                typist.type(b"secret")
                assert await typist.screen.ended() == 1
            assert typist.app.crashed
            assert b"it is our fault" in typist.screen.sent

    on_turns(test())


def test_without_such_a_loop_all_keys_take_the_usual_way(tmp_path: Path) -> None:
    async def test() -> None:
        async with typing_on_any_loop(tmp_path) as typist:
            typist.type(b"x")
            assert typist.prompt.value == ""
            await typist.until(lambda: typist.prompt.value == "x")

    asyncio.run(test())


def test_no_letter_is_bound_to_anything_while_the_prompt_has_the_keys(tmp_path: Path) -> None:
    """What the echo passes by."""

    async def test() -> None:
        async with typing(tmp_path) as typist:
            for node, bindings in typist.app.screen._binding_chain:
                for key, bound in bindings.key_to_bindings.items():
                    char = key_to_character(key)
                    assert not (char and char.isprintable() and any(one.priority for one in bound)), (node, key)

    on_turns(test())
