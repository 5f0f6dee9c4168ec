"""The front door as it is started, and the client that everybody has."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.pty_app import info
from tests.scripted_server import ScriptedServer, a_run
from tests.ssh_door import ROOT, FrontDoor, a_seat, front_door, gone
from tests.tui.ssh.house import pasted

pytestmark = pytest.mark.needs("ssh")

ASK = "somewhere cold tomorrow under 3 hours from Oslo"
OPEN = "Where can I escape to?"
LEFT = b"\x1b[?1049l"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """With a server of its own."""
    async with front_door(tmp_path, "--workers", "2", "--worker-s", "2") as opened:
        yield opened


async def test_the_host_key_is_made_once_for_its_owner_and_shown(tmp_path: Path) -> None:
    async with ScriptedServer(pipelines=info()) as server:
        shown = []
        for _ in range(2):
            async with front_door(tmp_path, "--url", server.url, "--workers", "1") as door:
                shown.append(door.welcome.splitlines()[1])
        assert (tmp_path / "host_key").stat().st_mode & 0o777 == 0o600
    assert shown[0] == shown[1]
    assert "SHA256:" in shown[0]


async def test_a_question_on_the_command_line(door: FrontDoor) -> None:
    """One server, one start: all that needs no terminal."""
    code, out, narration = await door.run(ASK)
    assert code == 0
    assert out.startswith("City")
    assert "\r" not in out
    assert "\x1b" not in out + narration
    assert "Rank what is left" in narration
    code, out, _ = await door.run(ASK, "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert events[0]["type"] == "run.started"
    assert events[-1]["type"] == "run.finished"
    code, out, narration = await door.run("ask", "--csv", "--quiet", ASK)
    assert (code, narration) == (0, "")
    assert out.startswith("City,") or "," in out.splitlines()[0]
    code, out, _ = await door.run("attach", events[0]["run"])
    assert code == 0
    assert out.startswith("City")
    code, _, complaint = await door.run("attach", "aaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert code == 2
    assert "error:" in complaint
    code, out, _ = await door.run("-", stdin=ASK.encode())
    assert (code, out[:4]) == (0, "City")
    code, out, _ = await door.run(stdin=ASK.encode(), flags=("-T",))
    assert (code, out[:4]) == (0, "City")
    code, _, complaint = await door.run(flags=("-T",))
    assert code == 2
    assert "there is no question" in complaint
    code, _, complaint = await door.run("ask", "--config", "/etc/passwd", ASK)
    assert code == 2
    assert "not understood here: --config" in complaint
    code, out, complaint = await door.run("cat /etc/passwd; ls $(pwd) `id` && rm -rf /")
    assert "root:" not in out + complaint


async def test_a_seat_in_the_app(door: FrontDoor) -> None:
    async with a_seat(door) as seat:
        await seat.has(OPEN)
        seat.type(ASK.encode() + b"\r")
        await seat.has("Sogndal")
        seat.sent.clear()
        seat.resize(60, 20)
        await seat.has(b"\x1b[20;1H")
        seat.type(b"\x11")
        assert await seat.ended() == 0
        assert b"Sogndal" in seat.sent[seat.sent.index(LEFT) :]
    async with a_seat(door) as seat:  # in peace: nothing is offered
        await seat.has(OPEN)
        seat.type(b"~.")
        seat.type(b"\r~.")
        assert await seat.ended() == 255
    async with a_seat(door, term="dumb") as seat:
        await seat.has("Ask in your own words")
        seat.type(ASK.encode() + b"\r")
        await seat.has("rows,")
        seat.type(b"\x04")
        assert await seat.ended() == 0
        assert b"\x1b" not in seat.sent
        assert b"\n" in seat.sent
        assert b"\n" not in seat.sent.replace(b"\r\n", b"")


async def test_a_worker_that_dies_costs_its_own_sessions_who_are_told_and_offered_their_run(door: FrontDoor) -> None:
    async with a_seat(door) as seat:
        await seat.has(OPEN)
        seat.type(ASK.encode() + b"\r")
        await seat.has("Sogndal")
        before = door.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert await seat.ended() == 255
    async with a_seat(door) as seat:
        await seat.has("You left before the end")
        await seat.has("ended unexpectedly")
        seat.type(b"\r")
        await seat.has("Sogndal")
        assert not set(before) & set(door.workers())
        seat.type(b"\x11")
        await seat.ended()


async def test_a_worker_that_blocks_is_replaced_and_the_others_serve_on(door: FrontDoor) -> None:
    async with a_seat(door, flags=("-tt", "-l", "eve")) as seat, a_seat(door, flags=("-tt", "-l", "eve")) as other:
        await seat.has(OPEN)
        await other.has(OPEN)
        stopped = door.busiest()  # on a slow machine both may be with one worker, and the other have nobody
        os.kill(stopped, signal.SIGSTOP)
        started = time.monotonic()
        code, _, _ = await door.run("help")
        assert code == 0
        assert await asyncio.wait_for(_first_ended(seat.process, other.process), 20) == 255
        assert time.monotonic() - started < 15
        assert stopped not in door.workers()
        async with a_seat(door, flags=("-tt", "-l", "eve")) as again:
            await again.has("stopped answering")


async def test_a_client_that_is_killed_is_forgotten_at_once(door: FrontDoor) -> None:
    async with a_seat(door) as seat:
        await seat.has(OPEN)
        seat.process.kill()
        await seat.process.wait()
    await door.is_empty()
    async with a_seat(door) as seat:
        await seat.has("Your last session ended: the")


async def test_ctrl_c_of_a_plain_run_cancels_it(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with (
        ScriptedServer([[*a_run()[:5], never]], pipelines=info()) as server,
        front_door(tmp_path, "--url", server.url, "--workers", "1") as door,
    ):
        process = await asyncio.create_subprocess_exec(
            *door.command(ASK), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        await process.stderr.readuntil(b"Place you on the map")
        process.send_signal(signal.SIGINT)
        await process.wait()
        async with asyncio.timeout(10):
            await server.cancelled.wait()
        async with a_seat(door, ASK, "--plain") as seat:
            await seat.has("error")  # no script is left
            assert await seat.ended() == 3
        never.set()


async def test_going_down_tells_everybody_within_five_seconds(tmp_path: Path) -> None:
    async with front_door(tmp_path, "--workers", "2") as door, a_seat(door) as one, a_seat(door) as two:
        await one.has(OPEN)
        await two.has(OPEN)
        started = time.monotonic()
        children = [*door.workers(), *door.servers()]
        door.process.send_signal(signal.SIGTERM)
        assert await door.process.wait() == 0
        assert time.monotonic() - started < 5
        assert [await one.ended(), await two.ended()] == [3, 3]
        for seat in (one, two):
            assert b"Windowseat: the server is going down." in seat.sent[seat.sent.rindex(LEFT) :]
        await gone(children, 0.5)


async def test_a_front_that_is_killed_takes_everybody_with_it(tmp_path: Path) -> None:
    async with front_door(tmp_path, "--workers", "1") as door, a_seat(door) as seat:
        await seat.has(OPEN)
        children = [*door.workers(), *door.servers()]
        door.process.kill()
        await door.process.wait()
        assert await seat.ended() == 3
        assert b"the front door is gone" in seat.sent[seat.sent.rindex(LEFT) :]
        await gone(children)


async def test_keys_let_in_who_has_one_and_nobody_else(tmp_path: Path) -> None:
    for name in ("mine", "theirs"):
        maker = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)
        )
        await maker.wait()
    (tmp_path / "allowed").write_text((tmp_path / "mine.pub").read_text())
    async with (
        ScriptedServer([a_run()], pipelines=info()) as server,
        front_door(
            tmp_path, "--url", server.url, "--workers", "1", "--auth", "keys", "--authorized-keys",
            str(tmp_path / "allowed"), "--audit", str(tmp_path / "audit"),
        ) as door,
    ):  # fmt: skip
        code, out, _ = await door.run(ASK, flags=("-i", str(tmp_path / "mine")))
        assert (code, out[:4]) == (0, "City")
        for flags in (("-i", str(tmp_path / "theirs")), ("-o", "PubkeyAuthentication=no"), ("-o", "BatchMode=yes")):
            code, _, complaint = await door.run(ASK, flags=flags)
            assert code == 255
            assert "Permission denied (publickey)" in complaint
        audit = [json.loads(line) for line in (tmp_path / "audit").read_text().splitlines()]
        assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o600
    assert [(line["address"], line["name"], line["key"][:7], line["question"]) for line in audit] == [
        ("127.0.0.1", "ada", "SHA256:", "somewhere hot")
    ]


async def test_too_many_from_one_place_are_turned_away(tmp_path: Path) -> None:
    async with (
        ScriptedServer(pipelines=info()) as server,
        front_door(tmp_path, "--url", server.url, "--workers", "1", "--max-per-address", "3", "--login-s", "1") as door,
        a_seat(door) as seat,
    ):
        await seat.has(OPEN)
        half_open = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(200)]
        refused = [await reader.readline() for reader, _ in half_open]
        assert sum(line.startswith(b"SSH-2.0-Windowseat") for line in refused) == 2
        assert sum(b"too many connections from your address" in line for line in refused) == 198
        seat.type(pasted(b"still here"))
        await seat.has("still here")
        async with asyncio.timeout(10):  # who says nothing is sent away, and makes room
            for reader, writer in half_open:
                await reader.read()
                writer.close()
        code, _, _ = await door.run("help")
        assert code == 0


async def test_beyond_this_machine_somebody_must_say_who_may_come_in() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "ssh", "--host", "0.0.0.0"), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert process.returncode == 2
    assert "--auth" in complaint.decode()


async def _first_ended(*processes: asyncio.subprocess.Process) -> int:
    tasks = [asyncio.create_task(process.wait()) for process in processes]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    return done.pop().result()
