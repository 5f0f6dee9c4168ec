"""What the traveller wishes: read from the question by a language model if there is one, else by the built-in reader.

The model is asked at once, beside ``locate``: what it answers counts from today (days ahead, a weekday), and today is
the day where the traveller is, which is waited for at the end. Where that is comes from the words that the built-in
reader finds: ``locate`` doesn't wait for a model, since most questions in which the reader finds no start name none,
and all of them would become as slow as the model. What it does find is told (``_tell_start``).
"""

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from backend.pipeline import Context, Later
from backend.pipelines.escape.atlas import Atlas, great_circle_km
from backend.pipelines.escape.models import Bands, Intent, Place, Request
from backend.pipelines.escape.reader import read, refine
from backend.pipelines.escape.reader.tokens import fold
from backend.pipelines.escape.sources.atlas_airports import RANGE_KM
from backend.pipelines.escape.sources.sources import Sources
from backend.pipelines.escape.steps.locate import AS_BEFORE, AS_GIVEN, FROM_QUESTION, shown

if TYPE_CHECKING:
    from backend.pipelines.escape.sources.chat import ChatModels


async def read_wish(
    request: Request, place: Later[Place], bands: Bands, atlas: Atlas, sources: Sources, ctx: Context
) -> Intent:
    """The first attempt asks the language models that are set, if any, and raises SourceError where none answers; the
    one after that is the built-in reader's, which never fails: a question that can't be read gets the defaults, said
    so. What refines an earlier wish is the reader's too.
    """
    if sources.models is not None and ctx.failure is None and not request.refines:
        wish = await _by_model(request, place, bands, atlas, sources.models, ctx)
    else:
        if ctx.failure is not None:
            ctx.degraded(f"{ctx.failure.message}; the built-in reader read the wish instead.")
        wish = await _by_reader(request, place, bands, ctx)
    for sentence in wish.assumed:
        ctx.log(f"Assumed: {sentence}")
    if wish.ignored:
        ctx.log("Not used: " + ", ".join(f"“{piece}”" for piece in wish.ignored))
    ctx.say(wish.said)
    return wish


async def _by_reader(request: Request, place: Later[Place], bands: Bands, ctx: Context) -> Intent:
    here = await place
    today = here.today
    async with ctx.call("built-in reader", "read", today=today.isoformat()) as call:
        # A name that was only guessed to be the origin, and led nowhere, is none.
        wish = _understood(request, here, bands, guesses=here.basis == FROM_QUESTION)
        call.bytes = len(request.text.encode())
        call.text = f"Read with today being {today:%A} {today.day} {today:%B}"
    return wish


async def _by_model(
    request: Request, place: Later[Place], bands: Bands, atlas: Atlas, models: "ChatModels", ctx: Context
) -> Intent:
    from backend.pipelines.escape.sources.chat import intent_of  # loaded with the models

    understood = await models.read(request.text, _asker_s_day(request, ctx), ctx)
    for remark in understood.remarks:
        ctx.log(f"{remark}.", level="warning")
    here = await place
    is_placed = here.basis == FROM_QUESTION or not request.origin_guessed
    origin = request.origin if is_placed else None
    wish = intent_of(understood.answer, request.text, here.today, bands, origin)
    _tell_start(understood.answer.origin, request, here, atlas, ctx)
    other = read(request.text, here.today, bands, guesses=here.basis == FROM_QUESTION)
    if other.said != wish.said:
        ctx.log(f"The built-in reader would have read: {other.said}.")
    return wish


def _asker_s_day(request: Request, ctx: Context) -> date | None:
    """Today where the question was asked: known without waiting for the place, if the client told its time zone."""
    return ctx.clock().astimezone(ZoneInfo(request.tz)).date() if request.tz is not None else None


def _tell_start(origin: str | None, request: Request, here: Place, atlas: Atlas, ctx: Context) -> None:
    """Say so where the model read another start than the one that the traveller was placed by.

    The step is degraded where nothing that the traveller said or set had been understood as the start: the answer then
    leaves from where they may not be.
    """
    if origin is None:
        return
    from backend.pipelines.escape.sources.chat import occurs

    if not occurs(origin, request.text):
        ctx.log("The model named a start that is not in the question; it is not used.", level="warning")
        return
    if request.origin is not None and _overlap(origin, request.origin):
        return
    found = atlas.find_place(origin)
    if not found:
        ctx.log(f"The model took “{origin}” as the start; there is no such place in the atlas.")
    elif not any(great_circle_km(one.lat, one.lon, here.lat, here.lon) <= RANGE_KM for one in found):
        said = (
            f"The model took “{origin}” as the start, when the journey already began in {shown(here)} ({here.basis})."
        )
        ask = f"If you leave from there, ask again with “from {origin}”."
        if here.basis in (FROM_QUESTION, AS_GIVEN):
            ctx.log(f"{said} {ask}", level="warning")
        else:
            ctx.degraded(f"{said} {ask}")


def _overlap(one: str, other: str) -> bool:
    return fold(one) in fold(other) or fold(other) in fold(one)


def _understood(request: Request, here: Place, bands: Bands, *, guesses: bool) -> Intent:
    before = request.before
    if before is None or not request.refines:
        return read(request.text, here.today, bands, guesses=guesses)
    # An earlier run may have ended before its wish was read: then its question tells it.
    wish = before.wish or read(before.question, here.today, bands)
    if before.place is not None and before.place.basis not in (FROM_QUESTION, AS_BEFORE):
        wish = msgspec.structs.replace(wish, origin=None, origin_guessed=False)  # its words led nowhere
    left_from = before.place.name if before.place is not None else None
    return refine(request.text, wish, here.today, bands, guesses=guesses, left_from=left_from)
