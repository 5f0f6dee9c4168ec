"""Recordings in the app: what is asked is written to a file, and a file stands in for a server."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from shared.events import RunStarted
from tui.connection import Connection, PipelineInfo, Received, Refused, RunSummary
from tui.recording import Recorder, Recording, play


class RunRecorder:
    """Each run in a file of its own: the first in ``path``, the second in "name-2.ndjson", and so on.

    A context manager, which closes the file. Calling it raises RecordingError and OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._runs = 0
        self._stack = ExitStack()
        self._file: Recorder | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, received: Received) -> None:
        """Write one event; the first of a run begins a file."""
        if isinstance(received.event, RunStarted):
            self._stack.close()
            self._runs += 1
            path = self._path
            if self._runs > 1:
                path = path.with_name(f"{path.stem}-{self._runs}{path.suffix}")
            self._file = self._stack.enter_context(Recorder(path))
        if self._file is not None:
            self._file.write(received.data)


class RecordedClient:
    """Answers its one question as it was answered when it was recorded, ``speed`` times as fast (0: at once)."""

    def __init__(self, recording: Recording, speed: float) -> None:
        self._recording = recording
        self._speed = speed
        begun = recording.received[0].event
        self._begun = begun if isinstance(begun, RunStarted) else None
        self.url = recording.name

    @property
    def question(self) -> str:
        return self._begun.question if self._begun is not None else ""

    def connect(self) -> Callable[[Callable[[Connection], None]], AbstractAsyncContextManager["RecordedClient"]]:
        """As ``tui.desk.Connect`` has it: this client is there at once."""

        @asynccontextmanager
        async def enter(listener: Callable[[Connection], None]) -> AsyncIterator["RecordedClient"]:
            listener(Connection("connected"))
            yield self

        return enter

    async def ask(
        self, q: str, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Sequence[Received], None]:
        if q != self.question:
            raise Refused(
                404, "Not recorded", "this is a recording, with one question in it", hint="ask that one again"
            )
        async with aclosing(play(self._recording, self._speed)) as events:
            async for several in events:
                yield several

    async def attach(self, run: str) -> AsyncGenerator[Sequence[Received], None]:
        yield self._recording.received

    async def cancel(self, run: str) -> None:
        raise Refused(409, "A recording", "it can't be cancelled: it is over long since")

    async def pipelines(self) -> Sequence[PipelineInfo]:
        if self._begun is None:
            return ()
        begun = self._begun
        return (
            PipelineInfo(
                name=begun.pipeline,
                title=begun.title,
                plan=begun.plan,
                columns=begun.columns,
                examples=(begun.question,),
            ),
        )

    async def runs(self, limit: int = 50) -> Sequence[RunSummary]:
        return ()
