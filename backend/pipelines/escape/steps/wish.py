"""What the traveller wishes: read from the question by the built-in reader."""

from backend.pipeline import Context, Later
from backend.pipelines.escape.models import Bands, Intent, Place, Request
from backend.pipelines.escape.reader import read
from backend.pipelines.escape.steps.locate import FROM_QUESTION


async def read_wish(request: Request, place: Later[Place], bands: Bands, ctx: Context) -> Intent:
    """Never fails; a question that can't be read gets the defaults, said so. Days count from the traveller's today."""
    here = await place
    today = here.today
    async with ctx.call("built-in reader", "read", today=today.isoformat()) as call:
        # A name that was only guessed to be the origin, and led nowhere, is none.
        wish = read(request.text, today, bands, guesses=here.basis == FROM_QUESTION)
        call.bytes = len(request.text.encode())
        call.text = f"Read with today being {today:%A} {today.day} {today:%B}"
    for sentence in wish.assumed:
        ctx.log(f"Assumed: {sentence}")
    if wish.ignored:
        ctx.log("Not used: " + ", ".join(f"“{piece}”" for piece in wish.ignored))
    ctx.say(wish.said)
    return wish
