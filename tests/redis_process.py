"""A real redis-server for tests: a child process on a free port, to be stopped, killed, paused and started again."""

import contextlib
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SAFE = ("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "")


class RedisProcess:
    """``redis-server`` with ``options`` on top of its own folder and port."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(folder),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + 20
        while self.ask("PING") != "PONG":
            assert self._process.poll() is None, "redis-server ended"
            assert time.monotonic() < give_up, "redis-server doesn't answer"
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self._process.wait()

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:  # one that writes its first AOF refuses, and forgets it
                self._process.kill()
                self._process.wait()

    def ask(self, *words: str) -> str:
        """The first line of the answer to a command; empty when there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(
                    "".join(f"${len(w)}\r\n{w}\r\n" for w in words).join([f"*{len(words)}\r\n", ""]).encode()
                )
                return connection.makefile("rb").readline().decode().strip().lstrip("+-:")
        except OSError:
            return ""


@contextlib.contextmanager
def redis_process(*options: str) -> Iterator[RedisProcess]:
    """A redis-server that keeps what it acknowledges (SAFE), unless ``options`` say otherwise."""
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        process = RedisProcess(Path(folder), (*SAFE, *options))
        process.start()
        try:
            yield process
        finally:
            process.stop()
