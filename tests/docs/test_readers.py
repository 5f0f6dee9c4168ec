"""The readers of ``docs/readers.md``, taken from it as they stand and run against a real server."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.served import running_server
from tests.tiny import tiny_pipeline

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "docs" / "readers.md").read_text("utf-8"), re.M | re.S)
READERS = {language: code for language, code in BLOCKS if "function* ask" in code or "def ask" in code}


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    async with running_server([tiny_pipeline()]) as url:
        yield url


async def run(*command: str) -> tuple[int | None, list[str]]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return process.returncode, out.decode().splitlines()


def program(language: str, folder: Path) -> list[str]:
    """The command that runs the reader, saved as a person would save it."""
    file = folder / ("reader.py" if language == "python" else "reader.mjs")
    file.write_text(READERS[language], "utf-8")
    return [sys.executable if language == "python" else shutil.which("node") or "node", str(file)]


@pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=pytest.mark.needs("node"))])
async def test_a_reader_of_the_docs_reads_a_run_to_its_end(url: str, language: str, tmp_path: Path) -> None:
    code, lines = await run(*program(language, tmp_path), url, "how many letters")
    assert code == 0
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0].split()[1] == "run.started"
    assert lines[-1].split()[1] == "run.finished"


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_reader_is_short_enough_to_be_typed(language: str) -> None:
    assert len([line for line in READERS[language].splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=pytest.mark.needs("node"))])
async def test_a_reader_says_when_the_stream_was_cut(language: str, tmp_path: Path) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        writer.write(b'id: r.1\ndata: {"type":"run.started","seq":1}\n\n')
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        code, lines = await run(*program(language, tmp_path), f"http://127.0.0.1:{port}", "x")
    assert code != 0
    assert len(lines) == 1
