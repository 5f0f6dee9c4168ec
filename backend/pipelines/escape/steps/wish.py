"""What the traveller wishes: read from the question by the built-in reader."""

from backend.pipeline import Context, Later
from backend.pipelines.escape.models import Intent, Place, Request
from backend.pipelines.escape.reader import read


async def read_wish(request: Request, place: Later[Place], ctx: Context) -> Intent:
    """Never fails; a question that can't be read gets the defaults, said so. Days count from the traveller's today."""
    today = (await place).today
    async with ctx.call("built-in reader", "read", today=today.isoformat()) as call:
        wish = read(request.text, today)
        call.bytes = len(request.text.encode())
        call.text = f"Read with today being {today:%A} {today.day} {today:%B}"
    for sentence in wish.assumed:
        ctx.log(f"Assumed: {sentence}")
    if wish.ignored:
        ctx.log("Not used: " + ", ".join(f"“{piece}”" for piece in wish.ignored))
    ctx.say(wish.said)
    return wish
