"""``POST /agui``: an AG-UI ``RunAgentInput`` starts a run, or joins one, and the answer is its AG-UI event stream.

What AG-UI has no field for goes into ``forwardedProps``: ``pipeline`` and ``options`` as ``POST /assist`` takes them;
``run`` (and ``after``, the number of an event) to join a run that exists instead of starting one.
"""

import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import msgspec
from quart import Blueprint, Response, current_app, request

from backend.errors import InvalidRequest, StorageError
from backend.http.assist import clean_question, find_pipeline, read_options, refuse_other_sites
from backend.http.stream import HEADERS, live_response
from backend.pipeline import Question
from backend.runs.live import Viewer
from backend.runs.manager import RunManager
from shared.encoding import encode_frame
from shared.events import StreamBye, StreamSnapshot, decode_event, escape_separators
from shared.frames import FrameParser

if TYPE_CHECKING:  # pydantic takes a good part of a second to import, and most servers never need it
    from ag_ui.core import BaseEvent, RunAgentInput

    from backend.http.agui.mapping import AguiMapping

_log = logging.getLogger(__name__)

EXAMPLE = "See https://docs.ag-ui.com: threadId, runId, and messages that end with the user's question."

blueprint = Blueprint("agui", __name__)


class Forwarded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``forwardedProps``. ``after``: so many events of the run come joined, as one prelude."""

    pipeline: str | None = None
    options: dict[str, Any] = {}
    run: str | None = None
    after: int = 0


@blueprint.post("/agui")
async def agui() -> Response:
    refuse_other_sites()
    if request.mimetype != "application/json":
        raise InvalidRequest(
            "The body must be JSON, sent as application/json.", status=415, title="Unsupported media type", hint=EXAMPLE
        )
    asked = read_input(await request.get_data(as_text=False))  # type: ignore[arg-type]  # bytes, with as_text=False
    forwarded = read_forwarded(asked.forwarded_props)
    manager: RunManager = current_app.extensions["manager"]
    if forwarded.run is not None:
        viewer = await manager.watch(forwarded.run, forwarded.after)
        manager.release(viewer)
        viewer = await manager.watch(forwarded.run)
    else:
        viewer = await _start(manager, asked, forwarded)
    return agui_response(manager, viewer, asked, after=forwarded.after)


async def _start(manager: RunManager, asked: "RunAgentInput", forwarded: Forwarded) -> Viewer:
    pipeline = find_pipeline(forwarded.pipeline, current_app.extensions["pipelines"])
    on_disconnect, options = read_options(forwarded.options, pipeline)
    client = request.scope.get("client")
    question = Question(clean_question(last_question(asked)), options, client[0] if client else None)
    return await manager.ask(pipeline, question, on_disconnect=on_disconnect)


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


def agui_response(manager: RunManager, viewer: Viewer, asked: "RunAgentInput", *, after: int) -> Response:
    """The response that follows ``viewer`` in AG-UI, with the events up to ``after`` joined."""
    from backend.http.agui.mapping import AguiMapping

    mapping = AguiMapping(asked.thread_id, asked.run_id)
    return live_response(manager, viewer, _follow(viewer, mapping, after), HEADERS)


async def _follow(viewer: Viewer, mapping: "AguiMapping", after: int) -> AsyncGenerator[bytes, None]:
    parser = FrameParser()
    try:
        while (block := await viewer.take()) is not None:
            told = b"".join(_translate(parser, block, mapping, after))
            if told or block.startswith(b":"):
                yield told or block  # a heartbeat is a comment in either protocol
        if not mapping.view.finished:
            yield _encode(mapping.broken("The connection ended before the run did: join it again.", "disconnected"))
    except StorageError as error:
        _log.error("run %s can't be read: %s", viewer.run, error)
        yield _encode(mapping.broken("The run log can't be read; come back later.", "storage"))
    except Exception:
        _log.exception("the AG-UI stream of run %s broke off", viewer.run)
        yield _encode(mapping.broken("The server failed to go on; come back later.", "internal"))


def _translate(parser: FrameParser, block: bytes, mapping: "AguiMapping", after: int) -> list[bytes]:
    told: list[bytes] = []
    for frame in parser.feed(block):
        event = decode_event(frame.data)
        if isinstance(event, StreamBye | StreamSnapshot):
            continue  # what the connection ends with is said in AG-UI's words
        events = mapping.feed(event)
        if event.seq == after:
            events = mapping.prelude()
        elif event.seq < after:
            events = []
        if events:
            told.append(_encode(events, frame.id))
    return told


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
