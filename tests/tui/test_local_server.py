"""The local server as a child process: a small ``backend`` that each test writes, and the real one."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import httpx
import pytest

from tui.local_server import LocalServer, LocalServerError

OBEDIENT = """
import os, sys, pathlib
assert sys.argv[1:] == ["--port", "0", "--until-stdin-closes"], sys.argv
print("noise before", flush=True)
print("Windowseat is listening on http://127.0.0.1:4321", flush=True)
sys.stdin.read()
pathlib.Path(os.environ["WITNESS"]).write_text("left by itself")
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("Windowseat is listening on http://127.0.0.1:4321", flush=True)
while True:
    time.sleep(60)
"""
TALKATIVE = """
import sys
print("Windowseat is listening on http://127.0.0.1:4321", flush=True)
for _ in range(20_000):
    print("x" * 100)
    print("y" * 100, file=sys.stderr)
print("done", file=sys.stderr, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WITNESS", str(tmp_path / "witness"))
    return tmp_path / "witness"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "imports" / "backend").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "imports"))
    return tmp_path / "imports" / "backend"


def backend(place: Path, source: str) -> None:
    (place / "__main__.py").write_text(source)
    (place / "__init__.py").write_text("")


def wait_until(condition: object, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]  # a callable
        assert time.monotonic() < deadline, "it never came true"
        os.sched_yield()


def test_it_tells_its_url_and_leaves_by_itself_when_closed(place: Path, witness: Path) -> None:
    backend(place, OBEDIENT)
    with LocalServer() as server:
        assert server.url() == "http://127.0.0.1:4321"
        assert server.url() == "http://127.0.0.1:4321"
        assert server.alive
    assert not server.alive
    assert witness.read_text() == "left by itself"
    server.close()


def test_one_that_ends_at_once_is_reported_with_its_last_words(place: Path) -> None:
    backend(place, "import sys; sys.exit('the log is \x1b[2Jbroken')")
    with LocalServer() as server, pytest.raises(LocalServerError, match=r"code 1:\n  the log is broken") as caught:
        server.url()
    assert not caught.value.usage


def test_one_that_refuses_its_settings_is_wrong_usage(place: Path) -> None:
    backend(place, "import sys; print('--grace-s is bad', file=sys.stderr); sys.exit(2)")
    with LocalServer() as server, pytest.raises(LocalServerError, match="--grace-s is bad") as caught:
        server.url()
    assert caught.value.usage


def test_one_that_never_listens_is_not_waited_for_for_ever(place: Path, witness: Path) -> None:
    backend(place, OBEDIENT.replace("Windowseat is listening", "I am only warming up"))
    with LocalServer() as server, pytest.raises(LocalServerError, match=r"did not start within 0\.1 s"):
        server.url(timeout_s=0.1)


def test_one_that_won_t_leave_is_killed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.local_server._LEAVE_S", 0.1)
    monkeypatch.setattr("tui.local_server._OBEY_S", 0.1)
    backend(place, STUBBORN)
    with LocalServer() as server:
        server.url()
        process = server._process
    assert process is not None
    assert process.returncode == -signal.SIGKILL


def test_one_that_talks_a_lot_is_never_blocked_by_a_full_pipe(place: Path) -> None:
    backend(place, TALKATIVE)
    with LocalServer() as server:
        server.url()
        wait_until(lambda: "done" in server.last_words)
        assert len(server.last_words) <= 20


def test_it_ends_when_its_parent_is_killed(place: Path, witness: Path) -> None:
    backend(place, OBEDIENT)
    script = (
        "import sys, time\nfrom tui.local_server import LocalServer\n"
        "s = LocalServer(); s.start(); print(s.url(), flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout
    assert parent.stdin
    with parent.stdout, parent.stdin:
        assert parent.stdout.readline() == b"http://127.0.0.1:4321\n"
        parent.kill()
        parent.wait()
        wait_until(witness.exists)


def test_it_has_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(place: Path, witness: Path) -> None:
    backend(place, OBEDIENT)
    with LocalServer() as server:
        server.url()
        assert server._process is not None
        assert os.getsid(server._process.pid) == server._process.pid != os.getsid(0)


def test_a_folder_called_backend_where_one_stands_is_not_run(
    place: Path, witness: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend(place, OBEDIENT)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "backend").mkdir(parents=True)
    (elsewhere / "backend" / "__main__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(elsewhere)
    with LocalServer() as server:
        assert server.url()


def test_the_real_server_starts_answers_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDOWSEAT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WINDOWSEAT_CONFIG", os.devnull)
    with LocalServer() as server:
        assert httpx.get(server.url() + "/healthz", trust_env=False).status_code == 200
        process = server._process
    assert process is not None
    assert process.returncode == 0


def test_nothing_to_start_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(LocalServerError, match=r"the local server can't start: .*No such file"), LocalServer():
        pass


def test_the_last_words_of_a_server_are_waited_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import sys; print('out of memory', file=sys.stderr); sys.exit(9)"
    heard = threading.Event()
    note = LocalServer._note

    def late(server: LocalServer, stderr: IO[bytes]) -> None:
        heard.wait(10)
        note(server, stderr)

    monkeypatch.setattr(LocalServer, "_note", late)
    backend(place, source)
    with LocalServer() as server:
        wait_until(lambda: not server.alive)
        timer = threading.Timer(0.1, heard.set)
        timer.start()
        said = server.obituary()
        timer.join()
    assert said == "the local server ended unexpectedly with code 9:\n  out of memory"
