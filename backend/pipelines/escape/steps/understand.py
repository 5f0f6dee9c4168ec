"""The question, and what came with it."""

from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from backend.pipeline import Context, Previous, Question
from backend.pipelines.escape.models import Before, Intent, Place, Request
from backend.pipelines.escape.reader import find_new_origin, find_origin, stands_alone

T = TypeVar("T")
_LONGEST_QUOTE = 60


async def understand(question: Question, ctx: Context) -> Request:
    """Never fails: what can't be used is said and left aside."""
    tz = question.options.get("tz") or None
    if tz is not None and not is_time_zone(tz):
        ctx.log(f"There is no time zone called “{tz}”; it is left aside.", level="warning")
        tz = None
    before = _before(question.previous) if question.previous is not None else None
    refines = before is not None and not stands_alone(question.text)
    named = find_new_origin(question.text) if refines else find_origin(question.text)
    request = Request(
        text=question.text,
        origin=named.words if named else None,
        origin_guessed=named is not None and named.guessed,
        from_option=question.options.get("from") or None,
        tz=tz,
        address=question.address,
        before=before,
        refines=refines,
    )
    # A run may be shown to others, and is kept: whose address asked is nobody's business there.
    ctx.detail({key: value for key, value in msgspec.structs.asdict(request).items() if key != "address"})
    words = len(request.text.split())
    said = f"{words} {'word' if words == 1 else 'words'}"
    perhaps = "perhaps " if request.origin_guessed else ""
    place = f"leaving {perhaps}from “{request.origin}”" if request.origin else "no place named"
    if before is None:
        ctx.say(f"{said}, {place}")
    elif refines:
        ctx.say(f"{said} about “{_quoted(before.question)}”{f', {place}' if request.origin else ''}")
    else:
        ctx.say(f"{said}, {place}; a question of its own, not about “{_quoted(before.question)}”")
    return request


def _before(previous: Previous) -> Before:
    """What can be used of the earlier run; an outcome that another version wrote in another way is not."""
    wish, place = _outcome(previous, "intent", Intent), _outcome(previous, "locate", Place)
    return Before(previous.run, previous.question, wish, place)


def _outcome(previous: Previous, step: str, kind: type[T]) -> T | None:
    try:
        return msgspec.convert(previous.details[step], kind)
    except (KeyError, msgspec.ValidationError):
        return None


def _quoted(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"


def is_time_zone(name: str) -> bool:
    """Whether the IANA database has this zone."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not found is a KeyError, "../x" a ValueError, "Europe" an OSError
        return False
    return True
