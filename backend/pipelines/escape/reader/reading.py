"""Free text to an Intent: all of it is used, or listed as ignored. Never raises, never guesses silently."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from backend.pipelines.escape.models import Bands, Intent
from backend.pipelines.escape.reader import hours as flight
from backend.pipelines.escape.reader.dates import (
    BARE_WEEKDAYS,
    VAGUE,
    Day,
    is_departure_in_hours,
    read_day,
    weekday_of,
)
from backend.pipelines.escape.reader.figures import NoSuchDayError
from backend.pipelines.escape.reader.grammar import Finding
from backend.pipelines.escape.reader.origin import Origin, find_place, place_words
from backend.pipelines.escape.reader.place import is_capital
from backend.pipelines.escape.reader.question import Question, parsed
from backend.pipelines.escape.reader.sentence import sentence
from backend.pipelines.escape.reader.weather import Sky, names_temperature, read_weather

_DEFAULT_BANDS = Bands()
_MOST_IGNORED = 12
_LONGEST_PIECE = 60
_NEVER_USED = frozenset({"extra", "clock", "daypart", "back", "lower_bound", "tolerated", "name"})


class Part(NamedTuple):
    """One answer out of several findings: what was assumed for it, and the findings that went unused. `named`: a
    finding said it."""

    assumed: list[str]
    unused: list[Finding]
    named: bool = True


class NamedOrigin(NamedTuple):
    """Words that name where the journey begins, as typed; `guessed`: no word says that one leaves there."""

    words: str
    guessed: bool


def read(text: str, today: datetime.date, bands: Bands = _DEFAULT_BANDS, *, guesses: bool = True) -> Intent:
    """The wish in `text`, asked on the traveller's local day `today`. Never raises; linear in the text.

    `bands` says what hot and cold are. What isn't said gets a default (tomorrow, any weather, up to 12 h of
    flight), and `assumed` says so. Without `guesses` only words that say so name the origin.
    """
    question = parsed(text)
    day, day_part = _day(question, today)
    limit, limit_part = find_hours(question)
    sky, unused_weather = read_weather(question.findings, bands)
    place = find_place(question)
    if place is not None and place.guessed and not guesses:
        place = None
    origin = place_words(question, place) if place else None
    depart = today + datetime.timedelta(days=day)
    unused = [*day_part.unused, *limit_part.unused, *unused_weather]
    assumed = [*day_part.assumed, *sky.assumed, *limit_part.assumed]
    if place is not None and place.guessed:
        assumed.append(f"“{origin}” taken as the place to leave from")
    if not sky.said:
        assumed.append("no weather given: any")
    destinations, ignored = left_over(question, unused, place)
    nothing = _nothing_understood(question, sky, origin)
    return Intent(
        depart=depart,
        days_ahead=day,
        weather=sky.weather,
        hours=limit,
        origin=origin,
        origin_guessed=place is not None and place.guessed,
        min_c=sky.min_c,
        max_c=sky.max_c,
        said=sentence(today, depart, sky, limit, origin, bands),
        assumed=(*destinations, *(nothing or assumed)),
        ignored=ignored,
    )


def find_origin(text: str) -> NamedOrigin | None:
    """The origin alone: the same words as `read(text, today).origin` for every `today`."""
    question = parsed(text)
    place = find_place(question)
    return NamedOrigin(place_words(question, place), place.guessed) if place else None


def day_of(text: str, today: datetime.date) -> tuple[int, tuple[str, ...]]:
    """The day that ``text`` names (tomorrow if none), in days from ``today``, and what had to be assumed for it."""
    ahead, part = _day(parsed(text), today)
    return ahead, tuple(part.assumed)


def _day(question: Question, today: datetime.date) -> tuple[int, Part]:
    part = Part([], [])
    found: Day | None = None
    weekdays: list[Finding] = []
    for finding in sorted(question.findings, key=lambda finding: finding.kind in VAGUE):
        try:
            day = read_day(finding, today)
        except NoSuchDayError as error:
            part.assumed.append(str(error))
            part.unused.append(finding)
            continue
        if day is not None and found is not None:
            if finding.kind in BARE_WEEKDAYS:
                weekdays.append(finding)
            elif finding.kind not in VAGUE:
                part.unused.append(finding)
        elif day is not None:
            found = day
    if found is None:
        part.assumed.append("no day given: tomorrow")
        return 1, part
    if found.assumed:
        part.assumed.append(found.assumed)
    depart = today + datetime.timedelta(days=found.ahead)
    part.unused.extend(finding for finding in weekdays if weekday_of(finding) != depart.weekday())
    return found.ahead, part


def find_hours(question: Question) -> tuple[float, Part]:
    """The longest flight in hours that a question accepts, and how that is known."""
    part = Part([], [])
    limits: list[tuple[flight.Limit, Finding]] = []
    for i, finding in enumerate(question.findings):
        if finding.kind == "in_hours" and is_departure_in_hours(finding):
            continue
        if finding.kind == "ata" and _is_time_of_day(question, i):
            part.unused.append(finding)
            continue
        limit = flight.read_limit(finding)
        if limit is not None:
            limits.append((limit, finding))
    if not limits:
        part.assumed.append(f"no flight length given: up to {flight.spoken(flight.DEFAULT_HOURS)}")
        return flight.DEFAULT_HOURS, part._replace(named=False)
    chosen = min(limits, key=lambda entry: entry[0].rank)
    part.unused.extend(finding for limit, finding in limits if limit is not chosen[0])
    hours, clamped = flight.clamp(chosen[0].hours)
    part.assumed.extend(sentence for sentence in (chosen[0].assumed, clamped) if sentence)
    return hours, part


def _is_time_of_day(question: Question, i: int) -> bool:
    finding = question.findings[i]
    follows_date = i > 0 and question.findings[i - 1].end == finding.start and not question.findings[i - 1].has("hours")
    distance_follows = bool({"of", "filler", "from"} & question.tags(finding.end))
    return flight.is_time_of_day(finding, follows_date, distance_follows)


def _nothing_understood(question: Question, sky: Sky, origin: str | None) -> list[str]:
    if question.findings or sky.said or origin:
        return []
    return ["nothing in the question was understood: tomorrow, any weather, flights of up to 12 h"]


def left_over(
    question: Question, unused: list[Finding], place: Origin | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to say of destinations, which are not used, and all that was seen and not used, as typed."""
    leftovers = list(_leftovers(question, unused, place))
    return tuple(_destinations(question, leftovers)), tuple(_ignored(question, leftovers))


def _destinations(question: Question, leftovers: list[tuple[int, int]]) -> Iterator[str]:
    """`to Rome`: a person who names where to go should hear that it isn't used."""
    for start, end in leftovers:
        finding = question.claimed[start]
        is_name = finding is None or finding.kind == "name"
        if start and is_name and "to" in question.tags(start - 1) and is_capital(question, start):
            yield f"where to go is what is looked for: “{question.slice(start, end)}” is not used"


def _ignored(question: Question, leftovers: list[tuple[int, int]]) -> Iterator[str]:
    """What was seen and not used, as typed, in order, each piece once."""
    seen: set[str] = set()
    for start, end in leftovers:
        piece = question.slice(start, end)[:_LONGEST_PIECE]
        if piece.casefold() not in seen and len(seen) < _MOST_IGNORED:
            seen.add(piece.casefold())
            yield piece


def _leftovers(question: Question, unused: list[Finding], place: Origin | None) -> Iterator[tuple[int, int]]:
    used = [False] * len(question.tokens)
    unused_starts = {finding.start for finding in unused}
    if place:
        used[place.start : place.end] = [True] * (place.end - place.start)
    at = 0
    while at < len(question.tokens):
        finding = question.claimed[at]
        if finding is not None and not used[at]:
            if finding.kind in _NEVER_USED or finding.start in unused_starts or _is_unread(finding):
                yield at, finding.end
            at = finding.end
            continue
        end = at
        while end < len(question.tokens) and _is_unknown(question, end) and not used[end]:
            end += 1
        if end > at:
            yield at, end
        at = max(end, at + 1)


def _is_unread(finding: Finding) -> bool:
    """A bare number that is neither hours nor degrees; `for two`, but not the `for a` of a sentence."""
    if finding.kind == "for_number":
        return finding.number() != 1
    if finding.kind == "bare_most":
        return flight.read_limit(finding) is None and not names_temperature(finding)
    return finding.kind == "bare_least" and not names_temperature(finding)


def _is_unknown(question: Question, at: int) -> bool:
    if question.claimed[at] is not None or question.tokens[at].kind not in {"word", "number", "date"}:
        return False
    return not question.is_known(at) or question.tokens[at].kind == "number"
