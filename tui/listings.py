"""What a server knows, as text on stdout: its pipelines, and where its data comes from."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tui.cells import one_line
from tui.client import AssistClient
from tui.connection import PipelineInfo

T = TypeVar("T")


def pipelines(url: str) -> str:
    """Each pipeline with its steps, options and examples."""
    return "\n".join(_pipeline(info) for info in _fetch(url, lambda client: client.pipelines()))


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
