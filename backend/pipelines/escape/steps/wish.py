"""What the traveller wishes: read from the question by the built-in reader."""

import msgspec

from backend.pipeline import Context, Later
from backend.pipelines.escape.models import Bands, Intent, Place, Request
from backend.pipelines.escape.reader import read, refine
from backend.pipelines.escape.steps.locate import AS_BEFORE, FROM_QUESTION


async def read_wish(request: Request, place: Later[Place], bands: Bands, ctx: Context) -> Intent:
    """Never fails; a question that can't be read gets the defaults, said so. Days count from the traveller's today."""
    here = await place
    today = here.today
    async with ctx.call("built-in reader", "read", today=today.isoformat()) as call:
        # A name that was only guessed to be the origin, and led nowhere, is none.
        wish = _understood(request, here, bands, guesses=here.basis == FROM_QUESTION)
        call.bytes = len(request.text.encode())
        call.text = f"Read with today being {today:%A} {today.day} {today:%B}"
    for sentence in wish.assumed:
        ctx.log(f"Assumed: {sentence}")
    if wish.ignored:
        ctx.log("Not used: " + ", ".join(f"“{piece}”" for piece in wish.ignored))
    ctx.say(wish.said)
    return wish


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
