"""A Windowseat server of one's own: ``python -m backend`` as a child on a free loopback port, ended with its parent.

The child holds the reading end of a pipe and ends when that closes, so it never outlives us, not even after kill -9.
It has a session of its own: Ctrl+C in the terminal reaches us alone, and we decide what it means.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from shared.text import clean
from tui.errors import LocalServerError

__all__ = ["LocalServer", "LocalServerError", "server_command", "server_environment"]

START_S = 30.0
"""How long a server may take to listen: imports alone take seconds on a busy machine."""

_LEAVE_S = 8.0
_OBEY_S = 1.5
_LISTENING = re.compile(r"Windowseat is listening on (https?://\S+)")
_USAGE = 2


class LocalServer:
    """The child process. ``start`` returns at once, ``url`` waits until it listens; a context manager ends it.

    The server's settings reach it through the environment (``WINDOWSEAT_OFFLINE=1``, ``WINDOWSEAT_CONFIG``).
    ``port`` 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._command = [*server_command(), "--port", str(port), "--until-stdin-closes"]
        self._env = server_environment()
        self._process: subprocess.Popen[bytes] | None = None
        self._url: str | None = None
        self._settled = threading.Event()
        self._readers: list[threading.Thread] = []
        self.last_words: deque[str] = deque(maxlen=20)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the child; returns at once. Raises LocalServerError if there is nothing to start."""
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._env,
                start_new_session=True,
            )
        except OSError as error:
            raise LocalServerError(f"the local server can't start: {error}") from error
        self._process = process
        assert process.stdout
        assert process.stderr
        self._readers = [
            threading.Thread(target=self._listen, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._note, args=(process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def url(self, timeout_s: float = START_S) -> str:
        """Wait until the server listens; its URL. Blocks: in an event loop, call it in a thread.

        Raises LocalServerError with the server's last words when it ended, or was too slow.
        """
        settled = self._settled.wait(timeout_s)
        if self._url is not None:
            return self._url
        if not settled:
            raise LocalServerError(f"the local server did not start within {timeout_s:g} s{self._told()}")
        code = self._process.wait() if self._process else None
        self._read_out()
        raise LocalServerError(f"the local server ended with code {code}{self._told()}", usage=code == _USAGE)

    def obituary(self) -> str | None:
        """How the server ended, with its last words, if it did though nobody closed it; None while it lives."""
        if self._process is None or self._process.poll() is None:
            return None
        self._read_out()
        return f"the local server ended unexpectedly with code {self._process.returncode}{self._told()}"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self, leave_s: float = _LEAVE_S) -> None:
        """End the child: ask by closing its stdin, after ``leave_s`` insist. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            assert process.stdin
            with contextlib.suppress(OSError):
                process.stdin.close()
            _wait_or_end(process, leave_s)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                _kill_session(process)
            process.wait()
            self._read_out()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()

    def _listen(self, stdout: IO[bytes]) -> None:
        # Reads to the end even after the URL: a child whose pipe is full would stop.
        for line in stdout:
            found = _LISTENING.search(line.decode("utf-8", "replace"))
            if found and self._url is None:
                self._url = found[1]
                self._settled.set()
        self._settled.set()

    def _note(self, stderr: IO[bytes]) -> None:
        for line in stderr:
            self.last_words.append(clean(line.decode("utf-8", "replace")).rstrip())

    def _read_out(self) -> None:
        """What an ended child has said may still be in its pipes; a child of its own may hold them open."""
        for reader in self._readers:
            reader.join(timeout=1.0)

    def _told(self) -> str:
        lines = [line for line in self.last_words if line.strip()]
        return ":\n" + "\n".join("  " + line for line in lines) if lines else " and said nothing"


def _wait_or_end(process: subprocess.Popen[bytes], leave_s: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(leave_s)
        return
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_OBEY_S)


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    # Only while the leader is not yet reaped is its number certainly still ours.
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()


def server_command() -> list[str]:
    """How to run the server. ``-P``: a folder "backend" where the person happens to stand must not be run instead."""
    return [sys.executable, "-P", "-m", "backend"]


def server_environment() -> dict[str, str]:
    """Our environment, with a PYTHONPATH that finds the ``backend`` beside this very ``tui``."""
    here = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (os.environ.get("PYTHONPATH", ""), here) if part)
    return {**os.environ, "PYTHONPATH": path}
