"""A question that refines an earlier one: what it says is changed, what it doesn't say stays.

It stands alone instead if it says so (`new question`), or if it names the place to leave from and two of weather, day
and flight length and no word of it refers back (`warmer`, `instead`, `the same`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from backend.pipelines.escape.models import Bands, Intent
from backend.pipelines.escape.reader import hours as flight
from backend.pipelines.escape.reader import shifting
from backend.pipelines.escape.reader.dates import (
    BARE_WEEKDAYS,
    HORIZON_DAYS,
    is_departure_in_hours,
    names_day,
    read_day,
    spoken,
    weekday_of,
)
from backend.pipelines.escape.reader.figures import NoSuchDayError, next_day_of_month
from backend.pipelines.escape.reader.follow_rules import RELATIVE
from backend.pipelines.escape.reader.grammar import Finding
from backend.pipelines.escape.reader.origin import find_place, place_words
from backend.pipelines.escape.reader.question import Question, parsed_follow_up
from backend.pipelines.escape.reader.reading import NamedOrigin, Part, find_hours, left_over
from backend.pipelines.escape.reader.sentence import sentence, spoken_weather
from backend.pipelines.escape.reader.shifting import Amount
from backend.pipelines.escape.reader.weather import Sky, band, read_weather, with_figures

_DEFAULT_BANDS = Bands()
_ENOUGH_OF_ITS_OWN = 2
_WORDS_OF_WEATHER = frozenset({"wish", "inverted", "negated", "any_weather"})
_HALF_A_MONTH = datetime.timedelta(days=15)
_FAHRENHEIT_DEGREE = 5 / 9


def stands_alone(text: str) -> bool:
    """Whether `text` is a question of its own although there was one before it."""
    question = parsed_follow_up(text)
    kinds = {finding.kind for finding in question.findings}
    if "fresh" in kinds:
        return True
    if kinds & RELATIVE or bool({"but", "and"} & question.tags(0)):
        return False
    named = (
        any(names_day(finding) for finding in question.findings),
        any(_names_hours(finding) for finding in question.findings),
        read_weather(question.findings, _DEFAULT_BANDS)[0].said,
    )
    return find_place(question) is not None and sum(named) >= _ENOUGH_OF_ITS_OWN


def find_new_origin(text: str) -> NamedOrigin | None:
    """As `find_origin`, for a question that refines an earlier one: the same words as in `refine(text, …)`."""
    question = parsed_follow_up(text)
    place = find_place(question)
    return NamedOrigin(place_words(question, place), place.guessed) if place else None


def refine(
    text: str,
    before: Intent,
    today: datetime.date,
    bands: Bands = _DEFAULT_BANDS,
    *,
    guesses: bool = True,
    left_from: str | None = None,
) -> Intent:
    """The wish `before`, changed by `text`; `changed` and `said` tell how. Never raises; linear in the text.

    `guesses` as in `read`. `left_from` is how the place was called that `before` left from, where no words named it.
    """
    question = parsed_follow_up(text)
    depart, day = _day(question, before, today)
    hours, limit = _hours(question, before.hours)
    sky, unused_weather = _weather(question, before, bands)
    place = find_place(question)
    if place is not None and place.guessed and not guesses:
        place = None
    origin = place_words(question, place) if place else before.origin
    new = Intent(
        depart=depart,
        days_ahead=(depart - today).days,
        weather=sky.weather,
        hours=hours,
        origin=origin,
        origin_guessed=place.guessed if place else before.origin_guessed,
        min_c=sky.min_c,
        max_c=sky.max_c,
        said=sentence(today, depart, sky, hours, origin, bands),
    )
    changed = tuple(_changes(before, new, today, bands, left_from))
    assumed = [*day.assumed, *sky.assumed, *limit.assumed]
    if place is not None and place.guessed:
        assumed.append(f"“{origin}” taken as the place to leave from")
    if not changed and not question.findings:
        assumed.append("nothing of it was understood: the question before is asked again")
    destinations, ignored = left_over(question, [*day.unused, *limit.unused, *unused_weather], place)
    return msgspec.structs.replace(
        new,
        said=f"Changed {'; '.join(changed)}. {new.said}" if changed else f"As before: {new.said}",
        changed=changed,
        assumed=(*destinations, *assumed),
        ignored=ignored,
    )


def _day(question: Question, before: Intent, today: datetime.date) -> tuple[datetime.date, Part]:
    part = Part([], [])
    found: datetime.date | None = None
    for finding in question.findings:
        try:
            day, assumed = _day_of(finding, before.depart, today)
        except NoSuchDayError as error:
            part.assumed.append(str(error))
            part.unused.append(finding)
            continue
        if day is None:
            continue
        if found is None:
            found = day
            part.assumed.extend([assumed] if assumed else [])
        elif finding.kind not in BARE_WEEKDAYS or weekday_of(finding) != found.weekday():
            part.unused.append(finding)
    found = before.depart if found is None else found
    if found < today:
        part.assumed.append("that day is past: today instead")
    return max(found, today), part


def _day_of(finding: Finding, before: datetime.date, today: datetime.date) -> tuple[datetime.date | None, str | None]:
    """The day that a finding names, and what had to be assumed. Beside a far day, `Sunday` is the one next to it."""
    if finding.kind == "shift":
        return _within_reach(before, _shift(finding), today), None
    if finding.kind == "weekend_after":
        return shifting.weekend_after(before), None
    if not names_day(finding):
        return None, None
    day = read_day(finding, today)
    assert day is not None, "names_day said so"
    if finding.kind == "day_of_month" and not finding.has("weekday"):
        around = max(today, before - _HALF_A_MONTH)
        return next_day_of_month(int(finding.number("day") or 1), around), None
    is_any_week = finding.kind == "weekday" or (finding.kind == "weekend" and not finding.has("this"))
    ahead = shifting.nearest_week(day.ahead, (before - today).days) if is_any_week else day.ahead
    return today + datetime.timedelta(days=ahead), day.assumed if ahead == day.ahead else None


def _shift(finding: Finding) -> int:
    days = finding.number("dayshift")
    if days is None:
        days = (finding.number("later") or 1) * (finding.number() or 1) * (finding.number("days") or 1)
    return round(days)


def _within_reach(before: datetime.date, shift: int, today: datetime.date) -> datetime.date:
    ahead = (before - today).days + shift
    if ahead > HORIZON_DAYS:
        raise NoSuchDayError(f"{ahead} days ahead is too far: at most {HORIZON_DAYS}")
    return today + datetime.timedelta(days=ahead)


def _hours(question: Question, before: float) -> tuple[float, Part]:
    hours, part = find_hours(question)
    if part.named:
        return hours, part
    finding = next((finding for finding in question.findings if finding.kind == "reach"), None)
    if finding is None:
        return before, Part([], part.unused)
    direction = 1 if (finding.number("reach") or finding.number("adjust") or 1) > 0 else -1
    if finding.has("hours") or finding.has("minutes"):
        hours, clamped = flight.clamp(before + direction * flight.in_hours(finding.parts))
        return hours, Part([clamped] if clamped else [], part.unused)
    return shifting.length(before, direction, _amount(finding)), Part([], part.unused)


def _names_hours(finding: Finding) -> bool:
    by_the_clock = finding.kind == "in_hours" and is_departure_in_hours(finding)
    return not by_the_clock and flight.read_limit(finding) is not None


def _weather(question: Question, before: Intent, bands: Bands) -> tuple[Sky, list[Finding]]:
    was = Sky(before.weather, before.min_c, before.max_c, said=True)
    sky, unused = read_weather(question.findings, bands)
    kinds = {finding.kind for finding in question.findings}
    if sky.said and kinds & _WORDS_OF_WEATHER:
        return sky, unused
    if sky.said:  # figures alone narrow what was wished before, where that leaves anything
        narrowed = with_figures(was, sky.min_c, sky.max_c, bands)
        narrowed = narrowed or Sky(band(sky.min_c, sky.max_c, bands), sky.min_c, sky.max_c)
        return narrowed._replace(said=True, assumed=sky.assumed), unused
    if "any_else" in kinds:
        return Sky(said=True, assumed=("something else taken as any weather",)), unused
    for finding in question.findings:
        if finding.kind == "warmth":
            degrees = finding.number()
            if degrees is not None and finding.first("degrees") == "f":
                degrees = round(degrees * _FAHRENHEIT_DEGREE, 1)
            direction = 1 if (finding.number("step") or 1) > 0 else -1
            return shifting.warmer(was, direction, bands, _amount(finding), degrees), unused
        if finding.kind == "unlike" and (value := _refused(finding)) is not None:
            return shifting.less(was, value, bands, _amount(finding)), unused
    return was, unused


def _refused(finding: Finding) -> str | None:
    values = [str(part.value) for part in finding.parts if part.tag in {"weather", "activity", "soft"}]
    return values[-1] if values[-1] in {"hot", "cold"} else None


def _amount(finding: Finding) -> Amount:
    if finding.has("much"):
        return "much"
    return "little" if finding.has("little") else "some"


def _changes(before: Intent, new: Intent, today: datetime.date, bands: Bands, left_from: str | None) -> Iterator[str]:
    """`hours: 12 h → 2 h`, one for each part of the wish that is another one now."""
    if new.depart != before.depart:
        yield f"day: {spoken(before.depart, today)} → {spoken(new.depart, today)}"
    was, now = Sky(before.weather, before.min_c, before.max_c), Sky(new.weather, new.min_c, new.max_c)
    if was != now:
        yield f"weather: {spoken_weather(was, bands)} → {spoken_weather(now, bands)}"
    if new.hours != before.hours:
        yield f"hours: {flight.spoken(before.hours)} → {flight.spoken(new.hours)}"
    if new.origin != before.origin:
        yield f"from: {before.origin or left_from or 'here'} → {new.origin}"
