"""What a model understood to an Intent, by the rules of the built-in reader: its days, its bands, its limits.

A model says what the question says; what a weekday means today, how hot is hot and how far is too far is decided here,
so that a question means the same whoever reads it.
"""

from __future__ import annotations

import datetime
import re
import unicodedata

from backend.pipelines.escape.models import Bands, Intent
from backend.pipelines.escape.reader import hours as flight
from backend.pipelines.escape.reader.reading import day_of
from backend.pipelines.escape.reader.sentence import sentence
from backend.pipelines.escape.reader.tokens import fold
from backend.pipelines.escape.reader.weather import Sky, band, with_figures
from backend.pipelines.escape.sources.chat.answer import Answer

_FARTHEST_DAY = 9_999
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def intent_of(answer: Answer, question: str, today: datetime.date, bands: Bands, origin: str | None) -> Intent:
    """The wish in ``answer``, on the traveller's local day ``today``. Total: every value is within its bounds.

    ``origin`` are the words by which the traveller was placed, if any; the model's own are checked elsewhere.
    """
    ahead, assumed_day = day_of(_phrase(answer), today)
    sky, assumed_sky = _sky(answer, bands)
    hours, assumed_hours = _hours(answer)
    depart = today + datetime.timedelta(days=ahead)
    return Intent(
        depart=depart,
        days_ahead=ahead,
        weather=sky.weather,
        hours=hours,
        origin=origin,
        min_c=sky.min_c,
        max_c=sky.max_c,
        said=sentence(today, depart, sky, hours, origin, bands),
        assumed=(*assumed_day, *assumed_hours, *assumed_sky),
        ignored=tuple(piece for piece in dict.fromkeys(answer.ignored) if occurs(piece, question)),
    )


def occurs(words: str, question: str) -> bool:
    """Whether these words are in the question, as words of it, whatever their case and accents."""
    found = _plain(words)
    if not found:
        return False
    # Letters without case belong to scripts that put no space between words, or join them (Japanese, Thai, Hebrew).
    before, after = ("" if unicodedata.category(edge) == "Lo" else r"\w" for edge in (found[0], found[-1]))
    pattern = (f"(?<!{before})" if before else "") + re.escape(found) + (f"(?!{after})" if after else "")
    return re.search(pattern, _plain(question)) is not None


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def _phrase(answer: Answer) -> str:
    """The day in words of which the reader knows what they mean; "" for none."""
    if answer.date is not None:
        day, month, year = answer.date.day, answer.date.month, answer.date.year
        return f"{year:04}-{month:02}-{day:02}" if year is not None else f"{day} {_MONTHS[month - 1]}"
    if answer.weekday == "weekend":
        return "next weekend" if answer.week == "next" else "this weekend"
    if answer.weekday is not None:
        return f"{'on' if answer.week == 'coming' else answer.week} {answer.weekday}"
    if answer.days_ahead is None:
        return ""
    if answer.days_ahead < 2:
        return {0: "today", 1: "tomorrow"}.get(answer.days_ahead, "yesterday")
    return f"in {min(answer.days_ahead, _FARTHEST_DAY)} days"


def _sky(answer: Answer, bands: Bands) -> tuple[Sky, tuple[str, ...]]:
    low, high, weather = answer.min_c, answer.max_c, answer.weather or "any"
    if low is None and high is None:
        return Sky(weather), () if weather != "any" else ("no weather given: any",)
    assumed: tuple[str, ...] = ()
    if low is not None and high is not None and low > high:
        low, high = high, low
        assumed = (f"the limits were the wrong way round: {low:g} to {high:g} °C",)
    sky = with_figures(Sky(weather), low, high, bands)
    if sky is None:
        assumed = (*assumed, f"“{weather}” and the figures exclude each other: the figures count")
        sky = Sky(band(low, high, bands), low, high)
    return sky, assumed


def _hours(answer: Answer) -> tuple[float, tuple[str, ...]]:
    if answer.max_hours is None:
        return flight.DEFAULT_HOURS, (f"no flight length given: up to {flight.spoken(flight.DEFAULT_HOURS)}",)
    hours, clamped = flight.clamp(answer.max_hours)
    return hours, (clamped,) if clamped else ()
