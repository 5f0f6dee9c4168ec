"""What keeps a worker quick: a frame is one write, garbage is swept when idle, events are read by the painting."""

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_IGNORE

from tests.tui.app.driving import opened
from tui.ssh import garbage
from tui.ssh.outlet import Outlet
from tui.ssh.visit import READ_S, Visit
from tui.ssh.visitor import GATHER_S


class Packets:
    """A channel and its connection: asyncssh sends two packets for each piece of data."""

    def __init__(self, cipher: str = "aes256-cbc") -> None:
        self._cipher = cipher
        self.writes: list[bytes] = []
        self.fails = False
        self.is_aborted = False
        self.waiting = self.looks = 0
        self._transport = None

    def get_connection(self) -> "Packets":
        return self

    def get_write_buffer_size(self) -> int:
        self.looks += 1
        return self.waiting

    def get_extra_info(self, name: str) -> str | None:
        return self._cipher if name == "send_cipher" else None

    def _send(self, data: bytes) -> None:
        self.writes.append(data)

    def send_packet(self, kind: int, *parts: bytes, handler: object = None) -> None:
        if kind != MSG_IGNORE:
            self.send_packet(MSG_IGNORE, b"ignore ")
        if self.fails and kind != MSG_IGNORE:
            raise BrokenPipeError
        self._send(b"".join(parts))

    def write(self, data: bytes) -> None:
        self.send_packet(MSG_CHANNEL_DATA, data)

    def write_stderr(self, data: bytes) -> None:
        self.write(data)

    def abort(self) -> None:
        self.is_aborted = True


def test_a_frame_is_one_write_whatever_packets_it_is() -> None:
    channel = Packets()
    outlet = Outlet(channel, 1000, 1.0)  # type: ignore[arg-type]
    outlet.write(b"one")
    outlet.write(b"two")
    assert channel.writes == [b"ignore one", b"ignore two"]
    channel.fails = True
    outlet.write(b"three")
    assert outlet.closed
    channel._send(b"bye")
    assert channel.writes[-1] == b"bye"


def test_garbage_is_swept_before_python_would_in_the_middle_of_something() -> None:
    gc.collect()
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 5, 2000)
    try:
        garbage.sweep()
        gone = [Ring() for _ in range(10)]
        seen = [weakref.ref(one) for one in gone]
        gone.clear()
        garbage.sweep()
        assert any(one() is not None for one in seen), "too early: each pass has its price"
        kept = [Ring() for _ in range(garbage._YOUNG)]
        garbage.sweep()
        assert all(one() is None for one in seen)
        assert gc.get_count()[0] < garbage._YOUNG
        assert kept
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize("cipher", ["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr"])
def test_an_empty_packet_goes_before_each_only_where_a_cipher_needs_it(cipher: str) -> None:
    channel = Packets(cipher)
    outlet = Outlet(channel, 1000, 1.0)  # type: ignore[arg-type]
    outlet.write(b"one")
    assert channel.writes == [b"one"]
    channel.send_packet(MSG_CHANNEL_DATA, b"two")
    assert channel.writes[1:] == [b"ignore ", b"two"], "nobody else's are touched"


@pytest.mark.parametrize("to_stderr", [False, True])
def test_what_waits_is_looked_up_only_where_it_could_be_too_much(to_stderr: bool) -> None:
    channel = Packets("aes128-ctr")
    outlet = Outlet(channel, 10_000, 60.0)  # type: ignore[arg-type]

    def writes(size: int) -> None:
        (outlet.write_stderr if to_stderr else outlet.write)(b"x" * size)

    def is_free(*, looks: bool) -> bool:
        before = channel.looks
        free = outlet.is_free(3_000)
        assert (channel.looks > before) is looks
        return free

    for _ in range(2):  # the client takes all, and it is seen that it does
        writes(1_000)
        assert is_free(looks=False)
        writes(1_000)
        assert is_free(looks=False)
        writes(1_000)
        assert is_free(looks=True)
    channel.waiting = 3_001
    writes(3_001)
    assert not is_free(looks=True)
    assert not is_free(looks=True)
    channel.waiting = 0
    assert is_free(looks=True)
    assert is_free(looks=False)


def test_a_client_for_which_too_much_waits_is_given_up_before_more_is_written() -> None:
    channel = Packets("aes128-ctr")
    outlet = Outlet(channel, 10_000, 60.0)  # type: ignore[arg-type]
    for _ in range(12):
        channel.waiting = 3_000
        outlet.write(b"x" * 6_000)
    assert len(channel.writes) == 12
    assert not outlet.closed
    channel.waiting = 4_001
    outlet.write(b"x" * 6_000)
    assert channel.is_aborted
    assert outlet.closed
    assert len(channel.writes) == 12


class Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize(("period_s", "paints_in_s", "due_s"), [(0.1, 0.9, 0.9 - READ_S), (2.0, 0.9, 2.0)])
def test_events_gather_until_they_are_painted(period_s: float, paints_in_s: float, due_s: float) -> None:
    house: Any = SimpleNamespace(governor=SimpleNamespace(period_s=period_s))
    nobody: Any = None
    visit = Visit(house, nobody, nobody, None)
    assert visit._due_s() == period_s
    asked: list[float] = []

    def until_painted_s(at_least_s: float) -> float:
        asked.append(at_least_s)
        return paints_in_s

    app: Any = SimpleNamespace(paints_in_s=until_painted_s)
    visit._app = app
    assert visit._due_s() == pytest.approx(due_s)
    assert asked == [GATHER_S + READ_S]


async def test_a_screen_knows_when_it_paints_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(frames=1.0) as app:
        now = 100.0
        monkeypatch.setattr("tui.screens.main.time.monotonic", lambda: now)
        app.screen._paint_in_time()
        assert app.app.paints_in_s(0.2) == pytest.approx(1.0)
        now = 100.7
        assert app.app.paints_in_s(0.2) == pytest.approx(0.3)
        assert app.app.paints_in_s(0.4) == pytest.approx(1.3), "the next but one"
        now = 109.0
        assert app.app.paints_in_s(0.2) == pytest.approx(0.2), "it is late"
