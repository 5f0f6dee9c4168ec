"""The commands about runs, as processes of their own, in pipes: attach, show, cancel, runs, delete, import, replay."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from shared import events as ev
from tests.fault_proxy import HEALTHY, Fault, FaultProxy
from tests.forgetful_server import Forgetful
from tests.reference_server import ReferenceServer, Run
from tests.scripted_server import a_run
from tests.tui.command_line import ROOT, Ended, end, run, start

EVENTS = a_run()
LOG = b"".join(ev.encode_event(event) + b"\n" for event in EVENTS)


def finished(server: ReferenceServer, question: str = "somewhere hot") -> Run:
    made = Run(f"{len(server.runs):x}bc{len(server.runs):05x}", question)
    made.append(*server.events(made.id, question))
    server.runs[made.id] = made
    return made


def log_of(made: Run) -> str:
    return b"".join(line + b"\n" for line in made.lines).decode()


async def shell(command: str) -> Ended:
    """``command`` in bash, with ``windowseat`` for the command line."""
    process = await asyncio.create_subprocess_shell(
        f"windowseat() {{ {sys.executable} -m tui \"$@\"; }}; {command}",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT, executable="/bin/bash",
    )  # fmt: skip
    return await end(process)


async def test_show_json_is_the_log_byte_for_byte_and_a_replay_of_it_is_the_run(tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    async with ReferenceServer() as server:
        made = finished(server)
        shown = await shell(f"windowseat show {made.id[:5]} --json -q --url {server.url} > {file}")
        as_csv = await run("show", made.id, "--csv", "-q", "--url", server.url)
    assert (shown.code, shown.out, shown.err) == (0, "", "")
    assert file.read_text() == log_of(made)
    again = await run("replay", str(file), "--speed", "0", "--json", "-q")
    assert again == Ended(0, log_of(made), "")
    assert (await run("replay", str(file), "--speed", "0", "--csv", "-q")).out == as_csv.out
    piped = await shell(f"windowseat replay --speed 8x - < {file} | head -1")
    assert piped.out.startswith("City")
    assert "2 rows, 1 left out" in piped.err


async def test_a_recording_kept_while_asking_is_the_log_too(tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    async with ReferenceServer() as server, FaultProxy(server.url, [Fault(cut=2000), HEALTHY]) as proxy:
        asked = await run("ask", "hot", "--record", str(file), "--csv", "--url", proxy.url)
        (made,) = server.runs.values()
    assert asked.code == 0
    assert asked.out.startswith("city,code")
    assert file.read_text() == log_of(made)


async def test_a_recording_that_cannot_be_kept_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    async with ReferenceServer() as server:
        asked = await run("ask", "hot", "--record", str(tmp_path / "no" / "such"), "--url", server.url)
        assert server.asked == []
    assert (asked.code, asked.out) == (2, "")
    assert "can't be written: No such file or directory" in asked.err


@pytest.mark.parametrize(
    ("content", "code", "complaint"),
    [
        (b"", 2, "is empty: there is no run in it"),
        (b"GIF89a\x00\xff", 2, "is no recording of a run: line 1: "),
        (LOG.replace(b'"seq":4', b'"seq":5', 1), 2, "line 4: event 5 came after event 3: what is between is missing"),
        (LOG[:-700], 3, "interrupted: "),
        (b"id: a.1\ndata: {}\n\n", 2, "this is an event stream"),
    ],
    ids=["empty", "a picture", "a gap", "cut", "a stream"],
)
async def test_a_file_that_is_no_whole_run_is_said_in_a_sentence(
    tmp_path: Path, content: bytes, code: int, complaint: str
) -> None:
    file = tmp_path / "f"
    file.write_bytes(content)
    replayed = await run("replay", str(file), "--speed", "0")
    assert replayed.code == code
    assert complaint in replayed.err
    assert "Traceback" not in replayed.err
    async with ReferenceServer() as server:
        imported = await run("import", str(file), "--url", server.url)
        assert server.asked == [], "nothing is given away that is no run"
    assert (imported.code, imported.out) == (2, "")
    assert "hint: " in imported.err


async def test_what_a_replay_has_shown_of_a_cut_recording_stays(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(LOG[:-100])
    replayed = await run("replay", str(file), "--speed", "0")
    assert replayed.code == 3
    assert "Dakar" in replayed.out
    assert "interrupted: " in replayed.err.splitlines()[-2]


async def test_a_replay_can_be_left(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(LOG)
    process = await start("replay", str(file), "--speed", "0.001")
    assert process.stderr
    await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert (await end(process)).code == 130


async def test_attach_follows_a_run_that_somebody_else_asked_for_and_leaving_does_not_cancel_it() -> None:
    async with ReferenceServer() as server:
        made = server.start("wait for it")
        watching = await start("attach", "--last", "--url", server.url)
        leaving = await start("attach", made.id[:6], "--url", server.url)
        for process in (watching, leaving):
            assert process.stderr
            while b"Place you on the map" not in await process.stderr.readline():
                pass
        leaving.send_signal(signal.SIGINT)
        left = await end(leaving)
        assert not made.cancelling
        server.release()
        watched = await end(watching)
    assert left.code == 130
    assert (watched.code, watched.out.splitlines()[1].split()[0]) == (0, "Dakar")


async def test_attach_goes_on_after_an_event_for_a_program() -> None:
    async with ReferenceServer() as server:
        made = finished(server)
        attached = await run("attach", made.id, "--json", "--after", "7", "-q", "--url", server.url)
    assert attached == Ended(0, "".join(log_of(made).splitlines(keepends=True)[7:]), "")


async def test_cancel_ends_a_run_for_everybody_and_a_run_that_is_over_stays() -> None:
    async with ReferenceServer() as server:
        asking = await start("ask", "wait for it", "--url", server.url)
        assert asking.stderr
        await asking.stderr.readline()
        (made,) = server.runs.values()
        cancelled = await run("cancel", made.id[:8], "--url", server.url)
        asked = await end(asking)
        again = await run("cancel", made.id, "--url", server.url)
        unknown = await run("cancel", "nobody", "--url", server.url)
    assert cancelled == Ended(0, f"{made.id} cancelling\n", "")
    assert asked.code == 1
    assert "Cancelled" in asked.err
    assert again == Ended(0, f"{made.id} cancelled (it was over before)\n", "")
    assert (unknown.code, unknown.out) == (2, "")


async def test_runs_come_in_pages_and_can_be_searched() -> None:
    async with ReferenceServer() as server:
        made = [finished(server, f"hot in {place}") for place in ("Oslo", "Rome", "Oslo again", "Bonn")]
        listed = await run("runs", "--limit", "3", "--url", server.url)
        rest = await run("runs", "--limit", "3", "--before", made[1].id, "--url", server.url)
        found = await run("runs", "--search", "oslo", "--json", "--url", server.url)
        none = await run("runs", "--search", "Paris", "--url", server.url)
    assert [line.split()[0] for line in listed.out.splitlines()] == ["run", *(one.id for one in made[:0:-1])]
    assert listed.err == f"note: for older ones: windowseat runs --limit 3 --before {made[1].id}\n"
    assert [line.split()[0] for line in rest.out.splitlines()[1:]] == [made[0].id]
    assert rest.err == ""
    assert [json.loads(line)["run"] for line in found.out.splitlines()] == [made[2].id, made[0].id]
    assert none.out.splitlines() == ["run  started  status  time  question"]


async def test_a_run_can_be_deleted_and_given_to_another_server() -> None:
    async with ReferenceServer() as server, ReferenceServer() as other:
        made = finished(server)
        server.start("wait for it")
        moved = await shell(
            f"windowseat show {made.id} --json -q --url {server.url} | windowseat import - --url {other.url}"
        )
        assert other.runs[made.id].lines == made.lines
        twice = await shell(
            f"windowseat show {made.id} --json -q --url {server.url} | windowseat import - --url {other.url}"
        )
        other.runs[made.id].lines.pop()
        conflict = await shell(
            f"windowseat show {made.id} --json -q --url {server.url} | windowseat import - --url {other.url}"
        )
        deleted = await run("delete", made.id, "--url", server.url)
        assert made.id not in server.runs
        under_way = await run("delete", next(iter(server.runs)), "--url", server.url)
        gone = await run("show", made.id, "--url", server.url)
    assert moved == Ended(0, f"{made.id}\n", "")
    assert twice == moved
    assert (conflict.code, gone.code, under_way.code) == (2, 2, 2)
    assert "There is another run" in conflict.err
    assert deleted == Ended(0, f"{made.id} deleted\n", "")
    assert "hint: Cancel it first." in under_way.err


async def test_reconnecting_and_interrupted_are_told_apart() -> None:
    async with ReferenceServer() as server, FaultProxy(server.url, [Fault(cut=2300), Fault(reset=0), HEALTHY]) as proxy:
        resumed = await run("ask", "hot", "--url", proxy.url)
        (made,) = server.runs.values()
        lost = await start("attach", made.id, "--json", "--attempts", "2", "--url", proxy.url)
        assert lost.stdout
        proxy.plan(HEALTHY, Fault(cut=2300), Fault(refuse=True))
        ended = await end(lost)
    assert resumed.code == 0
    said = [line for line in resumed.err.splitlines() if line.startswith("note: ")]
    assert [line.partition(":")[2].partition(")")[0] for line in said] == [
        " reconnecting (attempt 1 of 10", " reconnecting (attempt 2 of 10", " connected again (attempt 2 of 10",
    ]  # fmt: skip
    assert "interrupted" not in resumed.err
    assert ended.code == 3
    assert "note: reconnecting (attempt 2 of 2): " in ended.err
    assert "error: interrupted after event " in ended.err
    assert f"windowseat attach {made.id}" in ended.err.splitlines()[-1]
    assert 0 < len(ended.out.splitlines()) < len(EVENTS)


@pytest.mark.parametrize(("snapshots", "said"), [(True, "going on from what it all came to by event 10"),
                                                 (False, "told from the beginning again")])  # fmt: skip
async def test_what_the_server_has_lost_is_said_and_the_answer_is_whole(
    tmp_path: Path, snapshots: bool, said: str
) -> None:
    file = tmp_path / "run.ndjson"
    async with Forgetful() as server, FaultProxy(server.url, [Fault(cut=2000), HEALTHY]) as proxy:
        server.oldest, server.snapshots = 9, snapshots
        asked = await run("ask", "hot", "--record", str(file), "--url", proxy.url)
    assert asked.code == 0
    assert [line.split()[0] for line in asked.out.splitlines()] == ["City", "Dakar", "Las"]
    assert f"note: the server no longer has what came next: {said}" in asked.err
    replayed = await run("replay", str(file), "--speed", "0")
    assert replayed.out == asked.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["attach"], "attach takes a RUN or --last"),
        (["attach", "x", "--last"], "attach takes a RUN or --last"),
        (["attach", "x", "--after", "3"], "--after goes with --json"),
        (["attach", "x", "--after", "-3", "--json"], "not a whole number"),
        (["cancel"], "RUN"),
        (["delete"], "RUN"),
        (["runs", "--limit", "0"], "0 is not from 1 to 200"),
        (["runs", "extra"], "not understood: extra"),
        (["replay"], "FILE"),
        (["replay", "/no/such/file"], "/no/such/file can't be read: No such file or directory"),
        (["replay", "f", "--speed", "fast"], "'fast' is no speed"),
        (["replay", "f", "--speed", "-1"], "'-1' is no speed"),
        (["replay", "f", "--speed", "nan"], "'nan' is no speed"),
        (["import"], "FILE"),
        (["conform"], "URL"),
        (["conform", "localhost:1"], "is 'localhost:1', but must be like http://"),
    ],
)
async def test_wrong_usage_is_one_sentence(arguments: list[str], complaint: str) -> None:
    ended = await run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "command", ["attach", "show", "runs", "cancel", "delete", "import", "replay", "conform", "ask"]
)
async def test_every_command_teaches_by_example(command: str) -> None:
    ended = await run(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"\n  windowseat {command} " in ended.out.partition("examples:")[2]
