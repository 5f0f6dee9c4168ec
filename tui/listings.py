"""What a server knows, as text on stdout: its pipelines, its runs, where its data comes from."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tui.cells import one_line
from tui.client import AssistClient
from tui.connection import PipelineInfo, RunSummary
from tui.narration import elapsed
from tui.table import text_lines

T = TypeVar("T")

_RUNS = 50


def pipelines(url: str) -> str:
    """Each pipeline with its steps, options and examples."""
    return "\n".join(_pipeline(info) for info in _fetch(url, lambda client: client.pipelines()))


def runs(url: str) -> str:
    """The newest runs, a line each."""
    found = _fetch(url, lambda client: client.runs(limit=_RUNS))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = text_lines(
        ["run", "started", "status", "time", "question"],
        [_run(run) for run in found],
        right=[False, False, False, True],
        width=width,
    )
    return "".join(line + "\n" for line in lines)


def attributions(url: str) -> str:
    """Whom the data of all pipelines comes from, each named once."""
    found = {
        (note.text, note.url): None
        for info in _fetch(url, lambda client: client.pipelines())
        for note in info.attributions
    }
    return "".join(f"- {one_line(text)}{' ' + one_line(link) if link else ''}\n" for text, link in found)


def _fetch(url: str, call: Callable[[AssistClient], Awaitable[Sequence[T]]]) -> Sequence[T]:
    async def fetch() -> Sequence[T]:
        async with AssistClient(url) as client:
            return await call(client)

    return asyncio.run(fetch())


def _pipeline(info: PipelineInfo) -> str:
    lines = [f"{one_line(info.name)}: {one_line(info.title)}"]
    lines.append("  steps: " + " > ".join(one_line(step.title) for step in info.plan))
    lines += [
        f"  --option {one_line(option.key)}=<{one_line(option.kind)}>  {one_line(option.label)}"
        for option in info.options
    ]
    lines += [f'  windowseat ask "{one_line(example)}"' for example in info.examples]
    return "".join(line + "\n" for line in lines)


def _run(run: RunSummary) -> list[str]:
    texts = [run.run, run.started_at[:19].replace("T", " "), run.status, "" if run.ms is None else elapsed(run.ms)]
    return [one_line(text) for text in [*texts, run.question]]
