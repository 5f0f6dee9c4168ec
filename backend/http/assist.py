"""``POST /assist``: a question starts a run, and the answer to that same request is the run."""

from typing import Any, Literal, TypeAlias

import msgspec
from quart import Blueprint, Response

from backend.errors import InvalidRequest, NotFound, RequestError
from backend.http.application import current_request, extension
from backend.http.client_address import client_address
from backend.http.reading import claim_of, idempotency_key, last_event_id, wanted_format
from backend.http.stream import stream_response
from backend.pipeline import Option, Pipeline, Question
from backend.runs.manager import RunManager
from backend.runs.previous import read_previous
from shared.text import clean

MAX_QUESTION_CHARS = 2000
EXAMPLE = 'For example: {"q": "somewhere hot tomorrow, under 4 hours, from Valencia"}'

COMMON_OPTIONS = (Option("tz", "the client's time zone (IANA name)"),)
FOLLOW_UP_OPTIONS = (Option("previous", "the run that this question follows up"),)

blueprint = Blueprint("assist", __name__)


class AssistRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body. ``options``: ``on_disconnect``, COMMON_OPTIONS, FOLLOW_UP_OPTIONS and those that the pipeline lists."""

    q: str
    pipeline: str | None = None
    options: dict[str, Any] = {}


OnDisconnect: TypeAlias = Literal["grace", "continue", "cancel"]
_KINDS: dict[str, type | tuple[type, ...]] = {"text": str, "number": (int, float), "flag": bool}
_decoder = msgspec.json.Decoder(AssistRequest)


@blueprint.post("/assist")
async def assist() -> Response:
    refuse_other_sites()
    request = current_request()
    if request.mimetype != "application/json":
        raise InvalidRequest(
            "The body must be JSON, sent as application/json.", status=415, title="Unsupported media type", hint=EXAMPLE
        )
    body = read_body(await request.get_data(as_text=False))
    manager: RunManager = extension("manager")
    pipeline = find_pipeline(body.pipeline, extension("pipelines"))
    on_disconnect, question = await read_question(body.q, body.options, pipeline, manager)
    key = idempotency_key()
    claim = claim_of(key, pipeline.name, question, on_disconnect) if key is not None else None
    seen = last_event_id() if claim is not None else None
    viewer = await manager.ask(pipeline, question, on_disconnect=on_disconnect, claim=claim, seen=seen)
    return stream_response(manager, viewer, wanted_format())


def read_body(data: bytes) -> AssistRequest:
    """Raises InvalidRequest: 400 for what isn't JSON, 422 for JSON that means nothing here."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{error}.", status=422, title="Unprocessable content", hint=EXAMPLE) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidRequest(f"The body can't be read as JSON: {error}.", hint=EXAMPLE) from None


async def read_question(
    q: str, given: dict[str, Any], pipeline: Pipeline, manager: RunManager
) -> tuple[OnDisconnect, Question]:
    """What to do when nobody watches, and the question of the request, with the run that it follows up.

    Raises InvalidRequest (422), NotFound, StorageError.
    """
    on_disconnect, options = read_options(given, pipeline)
    text = clean_question(q)
    earlier = options.pop("previous", "")
    previous = await read_previous(manager.log, earlier, pipeline) if earlier else None
    return on_disconnect, Question(text, options, client_address(), previous)


def clean_question(q: str) -> str:
    """Raises InvalidRequest (422) for nothing, and for more than can be read."""
    text = clean(q).strip()
    if not text:
        raise InvalidRequest("The question is empty.", status=422, title="Unprocessable content", hint=EXAMPLE)
    if len(q) > MAX_QUESTION_CHARS:
        detail = f"The question has {len(q):,} characters; at most {MAX_QUESTION_CHARS:,} are read."
        raise InvalidRequest(detail, status=422, title="Unprocessable content", hint="Say it in fewer words.")
    return text


def find_pipeline(name: str | None, pipelines: tuple[Pipeline, ...]) -> Pipeline:
    """The pipeline called ``name``; the first one if none is named. Raises NotFound."""
    for pipeline in pipelines:
        if name is None or pipeline.name == name:
            return pipeline
    known = ", ".join(pipeline.name for pipeline in pipelines)
    raise NotFound(f"There is no pipeline {clean(name or '')!r}.", hint=f"There are: {known}.")


def read_options(options: dict[str, Any], pipeline: Pipeline) -> tuple[OnDisconnect, dict[str, Any]]:
    """What to do when nobody watches, and the pipeline's options, checked against what it lists (422)."""
    rest = dict(options)
    on_disconnect = rest.pop("on_disconnect", "grace")
    if on_disconnect not in ("grace", "continue", "cancel"):
        raise _unfit("options.on_disconnect must be grace, continue or cancel.")
    follow_up = FOLLOW_UP_OPTIONS if pipeline.follows else ()
    known = {option.key: option for option in (*COMMON_OPTIONS, *follow_up, *pipeline.options)}
    for key, value in rest.items():
        option = known.get(key)
        if option is None:
            listed = ", ".join(["on_disconnect", *known])
            raise _unfit(f"There is no option {clean(key)!r}.", hint=f"There are: {listed}.")
        if not isinstance(value, _KINDS[option.kind]) or (isinstance(value, bool) and option.kind != "flag"):
            raise _unfit(f"options.{key} must be a {option.kind}.")
        if isinstance(value, str):
            rest[key] = clean(value)[:MAX_QUESTION_CHARS].strip()
    return on_disconnect, rest


def _unfit(detail: str, hint: str | None = None) -> InvalidRequest:
    return InvalidRequest(detail, status=422, title="Unprocessable content", hint=hint)


def refuse_other_sites() -> None:
    """A page of another site must not start or cancel runs with its visitor's browser. Raises RequestError (403)."""
    request = current_request()
    origin = request.headers.get("Origin")
    if origin is None and request.headers.get("Sec-Fetch-Site") not in ("cross-site", "same-site"):
        return
    if origin is None or origin.partition("://")[2] != request.host:
        raise RequestError("Pages of other sites can't use this server.", status=403, title="Forbidden")
