"""The front door's parts by themselves: gate, memory, colours, the client's terminal, keys, settings, pace."""

import asyncio
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from shared.settings import SettingError
from tui.ssh.client_terminal import ClientTerminal
from tui.ssh.colors import Depth, downgrade
from tui.ssh.control import Control
from tui.ssh.gate import Gate, network
from tui.ssh.governor import LEAST_S, MOST_S, Governor
from tui.ssh.keyboard import MAX_PASTE, Keyboard
from tui.ssh.keys import HostKeyError, host_key
from tui.ssh.memory import Memory
from tui.ssh.settings import parse, resolve_settings

# --- gate -------------------------------------------------------------------------------------------------------------


def test_a_gate_counts_in_total_per_address_and_who_nobody_knows() -> None:
    gate = Gate(total=4, per_address=2, unauthenticated=3)
    gate.enter(1, "192.0.2.1")
    gate.enter(2, "192.0.2.1")
    assert "your address" in (gate.refusal("192.0.2.1") or "")
    assert gate.refusal("192.0.2.2") is None
    gate.enter(3, "192.0.2.2")
    assert "at the door" in (gate.refusal("192.0.2.3") or "")
    gate.authenticated(1)
    assert gate.refusal("192.0.2.3") is None
    gate.enter(4, "192.0.2.3")
    assert "Every seat" in (gate.refusal("192.0.2.4") or "")
    for number in (1, 2, 3, 4, 4, 9):
        gate.leave(number)
    assert len(gate) == 0
    assert gate._from == {}
    assert gate._unknown == set()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("no address", "no address", True),
    ],
)
def test_an_ipv6_subscriber_is_one_address(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


# --- memory -----------------------------------------------------------------------------------------------------------


def test_what_is_remembered_of_whom() -> None:
    now = 0.0
    memory = Memory(60, clock=lambda: now)
    for who in ("key A", "address 192.0.2.1 ada"):
        memory.asked(who, "run1")
        memory.asked(who, "run2")
        memory.lost(who, "it broke")
    known = memory.known("key A")
    assert (list(known.runs), known.open, known.lost) == (["run1", "run2"], "run2", "it broke")
    assert memory.known("key A").lost == "", "told once"
    shared = memory.known("address 192.0.2.1 ada")
    assert (list(shared.runs), shared.open) == (["run2"], "run2"), "an address may be shared: the last one only"
    memory.left("key A")
    memory.left("address 192.0.2.1 ada")
    assert list(memory.known("key A").runs) == ["run1", "run2"]
    assert memory.known("key A").open == ""
    assert list(memory.known("address 192.0.2.1 ada").runs) == []
    now = 61.0
    assert list(memory.known("key A").runs) == []
    assert len(memory) == 0
    memory.left("nobody")
    assert list(memory.known("nobody").runs) == []


def test_memory_has_an_end() -> None:
    memory = Memory(60)
    for number in range(10_100):
        memory.lost(f"key {number}", "x")
    assert len(memory) == 10_000


# --- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "depth", "expected"),
    [
        ("\x1b[38;2;255;0;0mx\x1b[0m", Depth.TRUE, "\x1b[38;2;255;0;0mx\x1b[0m"),
        ("\x1b[38;2;255;0;0mx\x1b[0m", Depth.INDEXED, "\x1b[38;5;196mx\x1b[0m"),
        ("\x1b[1;38;2;255;0;0;48;2;0;0;0mx", Depth.SIXTEEN, "\x1b[1;31;40mx"),
        ("\x1b[1;38;2;255;0;0;4mx", Depth.MONO, "\x1b[1;4mx"),
        ("\x1b[38;2;255;255;255;48;2;200;200;200mx", Depth.MONO, "\x1b[7mx"),
        ("\x1b[38;5;9;1mx\x1b[31mx\x1b[m", Depth.MONO, "\x1b[1mxx\x1b[m"),
        ("\x1b[2;3H\x1b[?25l plain", Depth.MONO, "\x1b[2;3H\x1b[?25l plain"),
    ],
)
def test_colours_become_those_that_the_terminal_has(text: str, depth: Depth, expected: str) -> None:
    assert downgrade(text, depth) == expected


@given(st.text(alphabet="\x1b[0123456789;m38482 x", max_size=60), st.sampled_from(Depth))
def test_whatever_is_no_colour_stays(text: str, depth: Depth) -> None:
    assert downgrade(text, depth).count("x") == text.count("x")


# --- the client's terminal --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "env", "depth", "modern"),
    [
        ("xterm-256color", {}, Depth.INDEXED, True),
        ("xterm-256color", {"COLORTERM": "truecolor"}, Depth.TRUE, True),
        ("xterm", {}, Depth.SIXTEEN, True),
        ("screen", {}, Depth.SIXTEEN, True),
        ("screen-256color", {}, Depth.INDEXED, True),
        ("tmux-256color", {}, Depth.INDEXED, True),
        ("xterm-kitty", {}, Depth.TRUE, True),
        ("linux", {}, Depth.SIXTEEN, False),
        ("vt100", {}, Depth.MONO, False),
        ("vt220", {"COLORTERM": "truecolor"}, Depth.MONO, False),
        ("dumb", {}, Depth.MONO, False),
        ("", {}, Depth.MONO, False),
    ],
)
def test_what_a_terminal_can_do(name: str, env: Mapping[str, str], depth: Depth, modern: bool) -> None:
    terminal = ClientTerminal(name=name, has_pty=True, env=dict(env))
    assert (terminal.depth, terminal.is_modern) == (depth, modern)
    assert terminal.can_draw is (name not in ("", "dumb"))


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        (b"LANG", b"de_DE.UTF-8", True),
        (b"LC_CTYPE", b"C", True),
        (b"TZ", b"Europe/Oslo", True),
        (b"NO_COLOR", b"1", True),
        (b"LD_PRELOAD", b"/tmp/x.so", False),
        (b"WINDOWSEAT_URL", b"http://x", False),
        (b"TZ", b"\x1b[2J", False),
        (b"LANG", b"x" * 300, False),
        (b"\xff", b"x", False),
    ],
)
def test_only_what_is_on_the_list_is_taken(name: bytes, value: bytes, taken: bool) -> None:
    terminal = ClientTerminal()
    assert terminal.set_env(name, value) is taken
    assert bool(terminal.env) is taken


@pytest.mark.parametrize(
    ("size", "becomes"), [((100, 30), (100, 30)), ((0, 0), (80, 24)), ((60_000, 60_000), (400, 120)), ((1, 1), (1, 1))]
)
def test_a_window_has_a_size_within_reason(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    terminal = ClientTerminal()
    terminal.resize(*size)
    assert (terminal.width, terminal.height) == becomes


@pytest.mark.parametrize(
    ("tz", "zone"),
    [("Europe/Oslo", "Europe/Oslo"), (":UTC", "UTC"), ("../../etc/passwd", None), ("", None), ("X", None)],
)
def test_a_time_zone_is_one_that_there_is(tz: str, zone: str | None) -> None:
    assert ClientTerminal(env={"TZ": tz}).zone == zone


@pytest.mark.parametrize(
    ("locale", "text", "sent"),
    [
        ("", "─Ørland", "─Ørland".encode()),
        ("C", "─", "─".encode()),
        ("de_DE.UTF-8@euro", "─", "─".encode()),
        ("de_DE.ISO-8859-1", "─Ørland漢", b"-\xd8rland??"),
        ("ru_RU.KOI8-R", "Ж✓", b"\xf6v"),
        ("x.ANSI_X3.4-1968", "é│", b"?|"),
        ("x.utf-16", "a", b"a"),
        ("x.nonsense", "─", "─".encode()),
    ],
)
def test_text_is_sent_in_the_charset_of_the_locale(locale: str, text: str, sent: bytes) -> None:
    assert ClientTerminal(env={"LC_ALL": locale}).encode(text) == sent


# --- keyboard ---------------------------------------------------------------------------------------------------------


class Typed:
    def __init__(self) -> None:
        self.events: list[Message] = []
        self.paused = 0
        self.keyboard = Keyboard(self.events.append, lambda letter: False, self._pause, self._resume)

    def _pause(self) -> None:
        self.paused += 1

    def _resume(self) -> None:
        self.paused -= 1

    @property
    def keys(self) -> list[str]:
        return [event.key for event in self.events if isinstance(event, events.Key)]

    async def settled(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.events) < count:  # noqa: ASYNC110  # filled by timers
                await asyncio.sleep(0.01)


async def test_keys_arrive_however_their_bytes_are_cut() -> None:
    for data, keys in (
        ("aé漢", ["a", "é", "漢"]),
        ("\x1b[A\x1bOP", ["up", "f1"]),
        ("\r\x7f\t", ["enter", "backspace", "tab"]),
    ):
        typed = Typed()
        for byte in data.encode():
            typed.keyboard.feed(bytes([byte]))
        assert typed.keys == keys
        typed.keyboard.close()


async def test_a_letter_by_itself_is_the_same_as_among_others() -> None:
    parser = XTermParser()
    alone, among = Typed(), [*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x250)), "漢", "é", "👍", "\u0301"]
    for letter in among:
        alone.keyboard.feed(letter.encode())
    expected = list(parser.feed("".join(among)))
    assert list(map(repr, alone.events)) == list(map(repr, expected))
    alone.keyboard.close()
    list(parser.feed(""))


@pytest.mark.parametrize("text", ["\x1b[200~a b\x1b[201~c", "\x1b[A", "\x1b[97;;97u", "x\x1bOPy", "\x1b[<35;1;2M"])
async def test_a_letter_within_a_sequence_is_no_letter(text: str) -> None:
    one_by_one, at_once = Typed(), Typed()
    for letter in text:
        one_by_one.keyboard.feed(letter.encode())
    at_once.keyboard.feed(text.encode())
    assert list(map(repr, one_by_one.events)) == list(map(repr, at_once.events))
    assert at_once.events
    for typed in (one_by_one, at_once):
        typed.keyboard.close()


async def test_a_lone_escape_is_the_key() -> None:
    typed = Typed()
    typed.keyboard.feed(b"\x1b")
    await typed.settled(1)
    assert typed.keys == ["escape"]
    typed.keyboard.close()


async def test_a_paste_has_a_length() -> None:
    for cut in (7, 250, 256, 4096):
        typed = Typed()
        data = b"\x1b[200~" + b"p" * (3 * MAX_PASTE) + b"\x1b[201~" + b"x"
        for start in range(0, len(data), cut):
            typed.keyboard.feed(data[start : start + cut])
        await typed.settled(2)
        pasted, after = typed.events
        assert isinstance(pasted, events.Paste)
        assert len(pasted.text) <= MAX_PASTE
        assert isinstance(after, events.Key)
        assert typed.paused == 0
        typed.keyboard.close()


async def test_sizes_and_positions_that_a_terminal_reports_are_not_taken() -> None:
    typed = Typed()
    typed.keyboard.feed(b"\x1b[48;60000;60000;1;1t\x1b[5;5R\x1b[?2048;2$yx")
    assert typed.keys == ["x"]
    assert not [event for event in typed.events if isinstance(event, events.Resize)]
    typed.keyboard.close()


@given(st.binary(max_size=300))
async def test_no_bytes_break_it(data: bytes) -> None:
    typed = Typed()
    typed.keyboard.feed(data)
    typed.keyboard.feed(b"\x1b[201~\x1b[201~")
    typed.keyboard.close()
    typed.keyboard.feed(b"x")


# --- host key, settings, governor, control ----------------------------------------------------------------------------


def test_a_host_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    made = host_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert host_key(path).get_fingerprint() == made.get_fingerprint()
    assert isinstance(made, asyncssh.SSHKey)
    path.chmod(0o644)
    with pytest.raises(HostKeyError, match="chmod 600"):
        host_key(path)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(HostKeyError, match="no private key"):
        host_key(path)


def test_settings_come_from_flags_environment_and_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[ssh]\nport = 2001\nmax_sessions = 7\nauth = 'keys'\n[server]\nport = 1\n")
    env = {"WINDOWSEAT_SSH_PORT": "2002", "WINDOWSEAT_PORT": "9", "WINDOWSEAT_CONFIG": str(file)}
    found = resolve_settings({}, env)
    assert (found.port, found.max_sessions, found.access) == (2002, 7, "keys")
    assert parse(["--port", "2003"], env).settings.port == 2003
    assert parse(["--offline", "--data-dir", "x"], env).server == {
        "WINDOWSEAT_OFFLINE": "1", "WINDOWSEAT_DATA_DIR": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ({"host": "0.0.0.0"}, "--auth"),
        ({"host": "::"}, "--auth"),
        ({"auth": "password"}, "--auth"),
        ({"port": "99999"}, "--port"),
    ],
)
def test_settings_that_would_be_unsafe_or_wrong_are_refused(flags: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingError, match=complaint):
        resolve_settings(flags, {})


def test_who_listens_on_this_machine_alone_need_not_say_for_whom() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert resolve_settings({"host": host}, {}).access == "none"
    assert resolve_settings({"host": "0.0.0.0", "auth": "none"}, {}).access == "none"


def test_a_late_loop_paints_less_often_and_recovers() -> None:
    governor = Governor()
    assert governor.period_s == LEAST_S
    for _ in range(10):
        governor.note(0.3)
    assert governor.period_s == MOST_S
    for _ in range(60):
        governor.note(0.0)
    assert governor.period_s < LEAST_S * 1.1


async def test_connections_are_handed_over_with_their_messages() -> None:
    ours, theirs = socket.socketpair()
    heard: list[tuple[dict[str, Any], socket.socket | None]] = []
    lost: list[str] = []
    one = Control(ours, lambda message, connection: None, lambda: lost.append("one"))
    other = Control(theirs, lambda message, connection: heard.append((message, connection)), lambda: lost.append("two"))
    before = len(os.listdir("/proc/self/fd"))  # a set of numbers
    pairs = [socket.socketpair() for _ in range(100)]
    for number, (mine, _) in enumerate(pairs):
        one.send({"kind": "connection", "connection": number, "pad": "x" * 3000}, mine)
        one.send({"kind": "ping"})
    async with asyncio.timeout(10):
        while len(heard) < 200:  # noqa: ASYNC110  # filled by the loop
            await asyncio.sleep(0.01)
    for message, connection in heard:
        if message["kind"] == "connection":
            assert connection is not None
            connection.send(str(message["connection"]).encode())
            assert pairs[message["connection"]][1].recv(10).decode() == str(message["connection"])
            connection.close()
    for _, far in pairs:
        far.close()
    assert len(os.listdir("/proc/self/fd")) == before  # as above
    one.close()
    async with asyncio.timeout(5):
        while len(lost) < 2:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.01)
    other.close()
    assert sorted(lost) == ["one", "two"]


async def test_nonsense_on_the_control_socket_ends_it() -> None:
    ours, theirs = socket.socketpair()
    lost = asyncio.Event()
    Control(ours, lambda message, connection: None, lost.set)
    theirs.send(b"not json\n")
    async with asyncio.timeout(5):
        await lost.wait()
    theirs.close()
