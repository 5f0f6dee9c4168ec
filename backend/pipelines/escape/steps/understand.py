"""The question, and what came with it."""

from zoneinfo import ZoneInfo

from backend.pipeline import Context, Question
from backend.pipelines.escape.models import Request
from backend.pipelines.escape.reader import find_origin


async def understand(question: Question, ctx: Context) -> Request:
    """Never fails: what can't be used is said and left aside."""
    tz = question.options.get("tz") or None
    if tz is not None and not is_time_zone(tz):
        ctx.log(f"There is no time zone called “{tz}”; it is left aside.", level="warning")
        tz = None
    named = find_origin(question.text)
    request = Request(
        text=question.text,
        origin=named.words if named else None,
        origin_guessed=named is not None and named.guessed,
        from_option=question.options.get("from") or None,
        tz=tz,
        address=question.address,
    )
    words = len(request.text.split())
    said = f"{words} {'word' if words == 1 else 'words'}"
    perhaps = "perhaps " if request.origin_guessed else ""
    ctx.say(f"{said}, leaving {perhaps}from “{request.origin}”" if request.origin else f"{said}, no place named")
    return request


def is_time_zone(name: str) -> bool:
    """Whether the IANA database has this zone."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not found is a KeyError, "../x" a ValueError, "Europe" an OSError
        return False
    return True
