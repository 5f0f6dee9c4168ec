"""Turns at the loop: who has typed comes first, sockets are heard in between, and order within a session stays."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextvars import Context

import pytest

from tests.pty_app import ROOT
from tui.ssh import turns
from tui.ssh.turns import SEAT, Seat, TurnsLoop


@pytest.fixture(autouse=True)
def _a_turn_is_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 0.0)


@pytest.fixture
def loop() -> Iterator[TurnsLoop]:
    made = TurnsLoop()
    yield made
    made.close()


class Session:
    """Somebody in whose name things are done; ``done`` is what all of them did, in order."""

    def __init__(self, loop: TurnsLoop, name: str, done: list[str]) -> None:
        self.seat = Seat()
        self.context = Context()
        self.context.run(SEAT.set, self.seat)
        self._loop, self._name, self._done = loop, name, done

    def soon(self, what: str, then: Callable[[], object] = lambda: None) -> asyncio.Handle:
        def do() -> None:
            self._done.append(f"{self._name}{what}")
            then()

        return self._loop.call_soon(do, context=self.context)


def until_idle(loop: TurnsLoop) -> None:
    async def all_done() -> None:
        while loop._waiting or loop._hurried:  # noqa: ASYNC110  # a turn of the loop is what is waited for
            await asyncio.sleep(0)

    loop.run_until_complete(all_done())


def test_sessions_have_their_turns_in_the_order_in_which_they_wanted_them(loop: TurnsLoop) -> None:
    done: list[str] = []
    a, b = Session(loop, "a", done), Session(loop, "b", done)
    a.soon("1", lambda: a.soon("4"))
    b.soon("2")
    a.soon("3")
    until_idle(loop)
    assert done == ["a1", "b2", "a3", "a4"]


def test_a_socket_is_heard_between_two_turns(loop: TurnsLoop) -> None:
    done: list[str] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        loop.add_reader(ours, lambda: done.append(ours.recv(9).decode()))
        for number in range(6):
            session = Session(loop, "frame", done)
            session.soon(str(number), lambda number=number: theirs.send(b"key") if number == 1 else None)  # type: ignore[misc]
        until_idle(loop)
        loop.remove_reader(ours)
    assert done == ["frame0", "frame1", "key", "frame2", "frame3", "frame4", "frame5"]


def test_who_has_typed_goes_first_with_all_that_waits_for_them_in_its_order(loop: TurnsLoop) -> None:
    done: list[str] = []
    a, b, c = (Session(loop, name, done) for name in "abc")

    async def types() -> None:
        for number in range(3):
            for one in (a, b, c):
                one.soon(str(number))
        b.seat.hurry()
        b.soon("3", lambda: b.soon("4"))

    loop.run_until_complete(types())
    until_idle(loop)
    assert done == ["b0", "b1", "b2", "b3", "b4", "a0", "c0", "a1", "c1", "a2", "c2"]


def test_of_two_who_have_typed_the_first_is_done_with_first(loop: TurnsLoop) -> None:
    done: list[str] = []
    a, b = Session(loop, "a", done), Session(loop, "b", done)

    async def type_() -> None:
        a.seat.hurry()
        while loop.time() == a.seat.since:  # a clock may be coarse
            pass
        b.seat.hurry()
        b.soon("1", lambda: b.soon("2"))
        a.soon("1", lambda: a.soon("2"))

    loop.run_until_complete(type_())
    until_idle(loop)
    assert done == ["a1", "a2", "b1", "b2"]


def test_who_has_been_painted_for_waits_as_others_do(loop: TurnsLoop) -> None:
    done: list[str] = []
    a, b = Session(loop, "a", done), Session(loop, "b", done)

    async def types() -> None:
        b.seat.hurry()
        b.seat.rest()
        a.soon("1")
        b.soon("2")

    loop.run_until_complete(types())
    until_idle(loop)
    assert done == ["a1", "b2"]


def test_a_hurry_ends(loop: TurnsLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HURRY_S", 0.0)
    done: list[str] = []
    a, b = Session(loop, "a", done), Session(loop, "b", done)

    async def types() -> None:
        b.seat.hurry()
        a.soon("1")
        b.soon("2")

    loop.run_until_complete(types())
    until_idle(loop)
    assert done == ["a1", "b2"]


def test_tasks_of_a_session_sit_where_they_were_made(loop: TurnsLoop) -> None:
    done: list[str] = []

    async def works(name: str, is_child: bool = False) -> None:
        if not is_child:
            SEAT.set(Seat())
            await asyncio.create_task(works(name, is_child=True))
        for step in range(2):
            done.append(f"{name}{step}")
            await asyncio.sleep(0)

    async def main() -> None:
        seats = [asyncio.create_task(works(name)) for name in "ab"]
        await asyncio.gather(*seats)
        assert SEAT.get(None) is None

    loop.run_until_complete(main())
    assert sorted(done) == ["a0", "a0", "a1", "a1", "b0", "b0", "b1", "b1"]


def test_one_that_fails_or_is_cancelled_keeps_nobody_waiting(loop: TurnsLoop) -> None:
    done: list[str] = []
    failures: list[object] = []
    loop.set_exception_handler(lambda loop, context: failures.append(context["exception"]))
    a = Session(loop, "a", done)

    def fail() -> None:
        raise ZeroDivisionError

    a.soon("1", fail)
    a.soon("2").cancel()
    a.soon("3")
    until_idle(loop)
    assert done == ["a1", "a3"]
    assert [type(one) for one in failures] == [ZeroDivisionError]


def test_who_has_nothing_left_in_the_line_is_quiet(loop: TurnsLoop) -> None:
    done: list[str] = []
    a, b = Session(loop, "a", done), Session(loop, "b", done)
    heard: list[tuple[bool, bool]] = []

    async def listens() -> None:
        heard.append((a.seat.is_quiet, b.seat.is_quiet))
        a.soon("1", lambda: a.soon("2"))
        b.soon("1").cancel()
        while not a.seat.is_quiet or not b.seat.is_quiet:  # a turn of the loop is waited for
            heard.append((a.seat.is_quiet, b.seat.is_quiet))
            await asyncio.sleep(0)

    loop.run_until_complete(listens())
    assert done == ["a1", "a2"]
    assert heard[:2] == [(True, True), (False, False)]


def test_without_such_a_loop_a_hurry_is_none_and_nobody_is_known_to_be_quiet() -> None:
    async def types() -> None:
        Seat().hurry()
        assert not Seat().is_quiet

    asyncio.run(types())


def test_a_worker_runs_on_such_a_loop() -> None:
    program = """
import asyncio, sys
from tui.ssh import worker

async def main(fd):
    print(type(asyncio.get_running_loop()).__name__, file=sys.__stdout__)

worker._main = main
worker.main(["0"])
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout == "TurnsLoop\n"
