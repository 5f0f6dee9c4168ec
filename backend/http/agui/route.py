"""``POST /agui``: an AG-UI ``RunAgentInput`` starts a run, or joins one, and the answer is its AG-UI event stream.

What AG-UI has no field for goes into ``forwardedProps``: ``pipeline`` and ``options`` as ``POST /assist`` takes them;
``run`` (and ``after``, the number of an event) to join a run that exists instead of starting one.
"""

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from quart import Blueprint, Response, request

from backend.errors import InvalidRequest
from backend.http.agui.earlier import earlier_run
from backend.http.application import extension
from backend.http.assist import find_pipeline, read_question, refuse_other_sites
from backend.http.formats import SSE, Format
from backend.http.reading import claim_of
from backend.http.stream import stream_response
from backend.runs.live import Viewer
from backend.runs.manager import RunManager
from shared.encoding import encode_frame
from shared.events import StreamBye, StreamSnapshot, decode_event, escape_separators
from shared.frames import Frame, FrameParser

if TYPE_CHECKING:  # pydantic takes a good part of a second to import, and most servers never need it
    from ag_ui.core import BaseEvent, RunAgentInput

PATH = "/agui"
MAX_THREAD_BYTES = 8 * 1024 * 1024
EXAMPLE = "See https://docs.ag-ui.com: threadId, runId, and messages that end with the user's question."

blueprint = Blueprint("agui", __name__)


class Forwarded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``forwardedProps``. ``after``: so many events of the run come joined, as one prelude."""

    pipeline: str | None = None
    options: dict[str, Any] = {}
    run: str | None = None
    after: int = 0


@blueprint.post(PATH)
async def agui() -> Response:
    refuse_other_sites()
    if request.mimetype != "application/json":
        raise InvalidRequest(
            "The body must be JSON, sent as application/json.", status=415, title="Unsupported media type", hint=EXAMPLE
        )
    asked = read_input(await request.get_data(as_text=False))  # type: ignore[arg-type]  # bytes, with as_text=False
    forwarded = read_forwarded(asked.forwarded_props)
    manager: RunManager = extension("manager")
    if forwarded.run is not None:
        manager.release(await manager.watch(forwarded.run, forwarded.after))  # the errors of a cursor that isn't there
        viewer = await manager.watch(forwarded.run)
    else:
        viewer = await _ask(manager, asked, forwarded)
    return stream_response(manager, viewer, _Agui(asked, forwarded.after).format())


async def _ask(manager: RunManager, asked: "RunAgentInput", forwarded: Forwarded) -> Viewer:
    """A run for the thread's ``runId``: the same one when it is sent again, as a client does that lost the answer."""
    pipeline = find_pipeline(forwarded.pipeline, extension("pipelines"))
    options = forwarded.options
    if pipeline.follows and "previous" not in options and (earlier := await earlier_run(asked, pipeline, manager.log)):
        options = {**options, "previous": earlier}
    on_disconnect, question = await read_question(last_question(asked), options, pipeline, manager)
    key = "agui-" + hashlib.sha256(msgspec.json.encode([asked.thread_id, asked.run_id])).hexdigest()
    claim = claim_of(key, pipeline.name, question, on_disconnect)
    return await manager.ask(pipeline, question, on_disconnect=on_disconnect, claim=claim)


def read_input(data: bytes) -> "RunAgentInput":
    """Raises InvalidRequest: 400 for what isn't JSON, 422 for JSON that is no ``RunAgentInput``."""
    from ag_ui.core import RunAgentInput
    from pydantic import ValidationError

    try:
        msgspec.json.decode(data)
        return RunAgentInput.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        detail = f"{where}: {first['msg']}." if where else f"{first['msg']}."
        raise InvalidRequest(detail, status=422, title="Unprocessable content", hint=EXAMPLE) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidRequest(f"The body can't be read as JSON: {error}.", hint=EXAMPLE) from None


def read_forwarded(props: Any) -> Forwarded:
    """Raises InvalidRequest (422). Properties of other programs' (an object without any of ours) are left aside."""
    ours = {key: value for key, value in props.items() if key in Forwarded.__struct_fields__} if props else {}
    try:
        return msgspec.convert(ours, Forwarded)
    except msgspec.ValidationError as error:
        detail = f"forwardedProps: {error}."
        raise InvalidRequest(detail, status=422, title="Unprocessable content", hint=EXAMPLE) from None


def last_question(asked: "RunAgentInput") -> str:
    """The text of the user's last message; of one in parts, the texts."""
    for message in reversed(asked.messages):
        if message.role == "user":
            if isinstance(message.content, str):
                return message.content
            return " ".join(part.text for part in message.content if part.type == "text")
    return ""


class _Agui:
    """The run's frames in AG-UI's words; the events up to ``after`` are joined."""

    def __init__(self, asked: "RunAgentInput", after: int) -> None:
        from backend.http.agui.mapping import AguiMapping

        self._mapping = AguiMapping(asked.thread_id, asked.run_id)
        self._after = after
        self._parser = FrameParser()
        self._broken = False

    def format(self) -> Format:
        return Format(SSE.content_type, self._encode, self._end)

    def _encode(self, frames: bytes) -> bytes:
        if frames.startswith(b": hb "):
            return frames  # a heartbeat is a comment in either protocol
        told = b"".join(self._translate(frame) for frame in self._parser.feed(frames))
        return told or (self._end() if frames.startswith(b":") else b"")  # a comment else is a farewell

    def _translate(self, frame: Frame) -> bytes:
        event = decode_event(frame.data)
        if isinstance(event, StreamSnapshot):
            return b""
        if isinstance(event, StreamBye):
            return self._end()
        events = self._mapping.feed(event)
        if event.seq == self._after:
            events = self._mapping.prelude()
        return _encode(events, frame.id) if event.seq >= self._after and events else b""

    def _end(self) -> bytes:
        """Nothing after a run that is over; else brackets closed, and an error that says that the run goes on."""
        if self._broken or self._mapping.view.finished:
            return b""
        self._broken = True
        return _encode(self._mapping.broken("The connection ended before the run did: join it again.", "disconnected"))


def _encode(events: "list[BaseEvent]", event_id: str | None = None) -> bytes:
    """Frames of ``events``; the last one bears ``event_id``, so that a reader knows how far it has come."""
    frames = [
        encode_frame(
            escape_separators(msgspec.json.encode(event.model_dump(mode="json", by_alias=True))).decode(),
            id=event_id if event is events[-1] else None,
        )
        for event in events
    ]
    return b"".join(frames)
