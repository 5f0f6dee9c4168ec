"""Non-stop destinations: which are flown on the day, by whom, and how well that is known."""

import calendar
import datetime
from collections import Counter
from collections.abc import Sequence

from backend.errors import StepError
from backend.pipeline import Call, Context, Later
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Departure, Destination, Intent, LeftOut, Network, Routes
from backend.pipelines.escape.settings import EMBEDDED
from backend.pipelines.escape.sources.atlas_routes import MIN_CONFIDENCE, counted
from backend.pipelines.escape.sources.chain import Answer, Attempt, first_answer
from backend.pipelines.escape.sources.facts import Found
from backend.pipelines.escape.sources.sources import Sources
from backend.pipelines.escape.sources.travel import RouteChoice, route_sources
from shared.events import RowRemoval, RowUpsert


async def routes(
    departure: Departure, later_wish: Later[Intent], sources: Sources, atlas: Atlas, ctx: Context
) -> Routes:
    """Raises StepError ``no_routes``. The wish is awaited after the look-up: only the weekday depends on it."""
    choices = route_sources(sources, atlas)
    answer = await first_answer(ctx, [_attempt(one, departure, ctx) for one in choices])
    if answer is None:
        raise StepError(
            f"No non-stop flight from {departure.name} is known", code="no_routes", hint=_another(departure)
        )
    network = await _whole(answer, choices, departure, ctx)
    day = (await later_wish).depart
    destinations, left_out = network.flown_on(day)
    ctx.rows(
        [
            RowUpsert(id=out.iata, cells={"city": out.city, "airport": out.iata}, state="provisional")
            for out in left_out
        ],
        [RowRemoval(id=out.iata, why=out.why) for out in left_out],
    )
    _explain(day, destinations, left_out, ctx)
    found = Routes(day, answer.call, tuple(destinations), tuple(left_out), network)
    ctx.detail(found.kept())
    return found


def _attempt(one: RouteChoice, departure: Departure, ctx: Context) -> Attempt[Found]:
    async def ask(call: Call) -> Found | None:
        return await one.source.routes_from(departure, ctx, call)

    request: dict[str, object] = {"departure": departure.iata}
    if one.source.id == EMBEDDED:
        request["min_confidence"] = MIN_CONFIDENCE
    return Attempt(one.source.name, "routes", ask, request, one.configured, one.source.spoken)


async def _whole(answer: Answer[Found], choices: Sequence[RouteChoice], departure: Departure, ctx: Context) -> Network:
    """What was found; a list that was cut, completed by the sources that would have been next."""
    found = answer.value
    if found.cut is None:
        return found.network
    names = [one.source.name for one in choices]
    for choice in choices[names.index(answer.source) + 1 :]:
        other = await first_answer(ctx, [_attempt(choice, departure, ctx)])
        if other is not None:
            say = f"{found.cut} What else {choice.source.spoken} has is added."
            if found.failed:
                ctx.degraded(say)
            else:
                ctx.log(say, level="warning")
            from backend.pipelines.escape.sources.airlabs_network import CompletedNetwork  # loaded with what was cut

            return CompletedNetwork(found.network, other.value.network, other.call)
    ctx.degraded(found.cut)
    return found.network


def _explain(
    day: datetime.date, destinations: Sequence[Destination], left_out: Sequence[LeftOut], ctx: Context
) -> None:
    known = Counter(destination.evidence for destination in destinations)
    untimed = known["network"] + known["route"]
    if known["live"]:
        ctx.log(f"In a timetable that is kept up: {known['live']}.")
    if known["doubtful"]:
        ctx.log(f"In it too, but not seen for a year or hardly ever, so that they are doubtful: {known['doubtful']}.")
    if known["timetable"]:
        ctx.log(f"With times from a sample of 2013 to 2019, real then and not today's plan: {known['timetable']}.")
    if untimed:
        ctx.log(f"Without a timetable, so that times and weekdays are not known: {untimed}.")
    if overnight := sum(destination.next_day for destination in destinations):
        ctx.log(f"Reached on the day after only: {overnight}. The weather there is that of {spoken(day)} all the same.")
    days = (
        f" on {calendar.day_name[day.weekday()]}"
        if untimed < len(destinations) or not untimed
        else ", weekdays not known"
    )
    ctx.say(f"{counted(len(destinations))}{days}" + (f", {len(left_out)} left out" if left_out else ""))


def spoken(day: datetime.date) -> str:
    """``Monday 23 November``."""
    return f"{calendar.day_name[day.weekday()]} {day.day} {calendar.month_name[day.month]}"


def _another(departure: Departure) -> str:
    if not departure.runners_up:
        return "Start from another airport."
    other = departure.runners_up[0]
    return f"Start from another airport: ask again “from {other.iata}” ({other.name}, {other.km} km away)."
