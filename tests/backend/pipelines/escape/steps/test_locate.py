"""Who says where the traveller is, in which order, and which day it is there."""

from datetime import UTC, date, datetime

import pytest

from backend.errors import StepError
from backend.pipelines.escape.atlas import Atlas, PlaceMatch
from backend.pipelines.escape.models import Home, Place, Request
from backend.pipelines.escape.steps.departure import departure
from backend.pipelines.escape.steps.locate import fewer_and_fewer, locate, may_be_looked_up, shown
from tests.escape_values import no_services
from tests.fake_context import FakeContext

NOBODY = Home()
OSLO = Home(59.9, 10.7, "Grandma's")
PUBLIC = "24.200.0.1"  # of a Canadian provider


async def find(
    atlas: Atlas, request: Request, home: Home = NOBODY, ctx: FakeContext | None = None
) -> tuple[Place, FakeContext]:
    ctx = ctx or FakeContext()
    return await locate(request, atlas, home, no_services(), ctx), ctx


@pytest.mark.parametrize(
    ("origin", "option", "home", "address", "tz", "name", "basis"),
    [
        ("Valencia", "Lisbon", OSLO, PUBLIC, "Europe/Madrid", "Valencia", "from your question"),
        (None, "Lisbon", OSLO, PUBLIC, "Europe/Madrid", "Lisbon", "as you gave it"),
        (None, None, OSLO, PUBLIC, "Europe/Madrid", "Grandma's", "as the server is set"),
        (None, None, NOBODY, PUBLIC, "Europe/Madrid", None, "roughly, from your address"),
        (None, None, NOBODY, "10.0.0.1", "Europe/Madrid", "Madrid", "a guess from your time zone, Europe/Madrid"),
        (None, None, NOBODY, None, "Asia/Calcutta", "Kolkata", "a guess from your time zone, Asia/Calcutta"),
    ],
)
async def test_the_first_source_that_knows_a_place_decides(
    bundled: Atlas,
    origin: str | None,
    option: str | None,
    home: Home,
    address: str | None,
    tz: str | None,
    name: str | None,
    basis: str,
) -> None:
    place, ctx = await find(bundled, Request("hot", origin, option, tz, address), home)
    assert place.basis == basis
    assert name in (None, place.name)
    assert ctx.degradations == []
    assert ctx.said == f"{place.name}, {place.country} ({basis})"
    assert ctx.calls[0].ended
    assert ctx.calls[0].request == {"words": [words for words in (origin, option) if words], "tz": tz}


async def test_nothing_known_is_a_failure_that_says_how_to_give_a_place(bundled: Atlas) -> None:
    with pytest.raises(StepError, match="Nothing says where you are") as caught:
        await find(bundled, Request("hot"))
    assert caught.value.code == "no_place"
    assert caught.value.hint == "Name a city or an airport: “… from Valencia”, or give --from Valencia."
    assert not caught.value.retryable


async def test_utc_says_nothing_of_a_place(bundled: Atlas) -> None:
    with pytest.raises(StepError):
        await find(bundled, Request("hot", tz="UTC"))


async def test_an_unknown_place_is_named_and_the_next_source_taken(bundled: Atlas) -> None:
    place, ctx = await find(bundled, Request("from Xyzzyx", "Xyzzyx", tz="Europe/Paris"))
    assert place.name == "Paris"
    assert ctx.degradations == ["There is no place called “Xyzzyx” in the atlas; Paris, France is taken instead."]


async def test_unknown_places_and_nothing_else_are_all_named_in_the_failure(bundled: Atlas) -> None:
    ctx = FakeContext()
    with pytest.raises(StepError, match="no place called “Xyzzyx” or “Qwrtz” in the atlas, and nothing else"):
        await find(bundled, Request("from Xyzzyx", "Xyzzyx", "Qwrtz"), ctx=ctx)
    assert ctx.degradations == []


@pytest.mark.parametrize(
    ("tz", "country"),
    [("Europe/Madrid", "Spain"), ("America/Caracas", "Venezuela"), ("Atlantic/Canary", "Spain")],
)
async def test_a_namesake_is_taken_in_the_travellers_country(bundled: Atlas, tz: str, country: str) -> None:
    place, ctx = await find(bundled, Request("from Valencia", "Valencia", tz=tz))
    assert (place.name, place.country) == ("Valencia", country)
    other = {"Spain": "Venezuela", "Venezuela": "Spain"}[country]
    assert f"Valencia, {other}" in place.others
    assert any(text.startswith(f"Took Valencia, {country}. It could also be ") for _, text in ctx.logs)


async def test_without_a_time_zone_the_setting_or_the_address_tells_namesakes_apart(bundled: Atlas) -> None:
    at_home, _ = await find(bundled, Request("from Valencia", "Valencia"), Home(10.5, -66.9, "Caracas"))
    assert at_home.country == "Venezuela"
    by_address, _ = await find(bundled, Request("from London", "London", address=PUBLIC))
    assert (by_address.name, by_address.country) == ("London", "Canada")


async def test_one_of_many_namesakes_in_a_country_is_named_with_its_region(bundled: Atlas) -> None:
    place, ctx = await find(bundled, Request("from Springfield", "Springfield", tz="America/Chicago"))
    assert place.region is not None
    assert ctx.said == f"Springfield, {place.region}, United States (from your question)"
    assert f"Springfield, {place.region}, United States" not in place.others
    assert len(place.others) == 4


@pytest.mark.parametrize(
    ("words", "others"),
    [
        ("Sevilla", ("Sevilla, Colombia",)),
        ("Wien", ()),
        ("Paris", ("Paris, Texas, United States",)),
        ("Málaga", ()),
        ("malaga", ()),
    ],
)
async def test_only_real_namesakes_are_offered(bundled: Atlas, words: str, others: tuple[str, ...]) -> None:
    place, _ = await find(bundled, Request("hot", words, tz="Europe/Madrid"))
    assert place.others[:2] == others or set(others) <= set(place.others)
    names = {other.partition(",")[0] for other in place.others}
    assert names <= {"Sevilla", "Paris", "Málaga"}


@pytest.mark.parametrize(
    ("words", "said"), [("Singapore", "Singapore"), ("Georgia", "Georgia"), ("Rome", "Rome, Italy")]
)
async def test_a_name_is_not_said_twice(bundled: Atlas, words: str, said: str) -> None:
    _, ctx = await find(bundled, Request("hot", words))
    assert ctx.said == f"{said} (from your question)"


@pytest.mark.parametrize("words", ["SYD", "JFK", "Tokyo", "New York"])
async def test_a_code_or_a_citys_own_airport_is_no_second_meaning(bundled: Atlas, words: str) -> None:
    place, _ = await find(bundled, Request(f"from {words}", words))
    assert [other for other in place.others if place.country in other] == []


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "192.168.1.1", "172.16.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.251",
     "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.9", "::1", "fe80::1",
     "fd00::1", "2606:4700:4700::1111", "::ffff:192.168.1.1", "::ffff:127.0.0.1", "unix:", "", "1.2.3", "8.8.8.8:443"],
)  # fmt: skip
async def test_an_address_that_says_nothing_is_never_looked_up(
    bundled: Atlas, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    monkeypatch.setattr(bundled, "place_of_ip", looked_up.append)
    assert not may_be_looked_up(address)
    with pytest.raises(StepError):
        await find(bundled, Request("hot", address=address))
    assert looked_up == []


@pytest.mark.parametrize("address", [PUBLIC, f"::ffff:{PUBLIC}"])
async def test_a_public_address_is_looked_up_and_stays_out_of_the_evidence(bundled: Atlas, address: str) -> None:
    place, ctx = await find(bundled, Request("hot", address=address))
    assert place.country == "Canada"
    assert address not in repr(ctx)
    assert address not in repr(place)


async def test_a_known_origin_keeps_the_address_out_of_it(bundled: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(address: str) -> PlaceMatch | None:
        raise AssertionError(f"{address} was looked up")

    monkeypatch.setattr(bundled, "place_of_ip", never)
    await find(bundled, Request("from Rome", "Rome", tz="Europe/Rome", address=PUBLIC))


@pytest.mark.parametrize(
    ("origin", "now", "today"),
    [
        ("Apia", datetime(2026, 11, 22, 10, 59, tzinfo=UTC), date(2026, 11, 22)),  # +13 h
        ("Apia", datetime(2026, 11, 22, 11, 0, tzinfo=UTC), date(2026, 11, 23)),
        ("Nukualofa", datetime(2026, 11, 22, 11, 0, tzinfo=UTC), date(2026, 11, 23)),
        ("Honolulu", datetime(2026, 11, 22, 9, 59, tzinfo=UTC), date(2026, 11, 21)),  # -10 h
        ("Honolulu", datetime(2026, 11, 22, 10, 0, tzinfo=UTC), date(2026, 11, 22)),
        ("Kathmandu", datetime(2026, 11, 22, 18, 14, tzinfo=UTC), date(2026, 11, 22)),  # +5:45
        ("Kathmandu", datetime(2026, 11, 22, 18, 15, tzinfo=UTC), date(2026, 11, 23)),
        ("London", datetime(2026, 3, 28, 23, 59, tzinfo=UTC), date(2026, 3, 28)),  # the night before summer time
        ("London", datetime(2026, 3, 29, 23, 0, tzinfo=UTC), date(2026, 3, 30)),  # +1 h since that morning
        ("London", datetime(2026, 10, 24, 23, 0, tzinfo=UTC), date(2026, 10, 25)),  # the last night of +1 h
        ("London", datetime(2026, 10, 25, 23, 59, tzinfo=UTC), date(2026, 10, 25)),
        ("New York", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Auckland", datetime(2026, 12, 31, 11, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
async def test_today_is_the_airports_local_day(bundled: Atlas, origin: str, now: datetime, today: date) -> None:
    # The client's own zone and the server's say another day: they don't count.
    place, ctx = await find(bundled, Request("hot", origin, tz="Pacific/Midway"), ctx=FakeContext(now=now))
    assert place.today == today
    assert (await departure(place, no_services(), bundled, ctx)).tz == place.tz


async def test_a_named_airport_without_flights_gives_way_to_one_nearby_in_its_own_zone(bundled: Atlas) -> None:
    codes = [code for code in ("AVN", "ANE", "AHN", "AGT") if (one := bundled.airport(code)) and not one.nonstops]
    assert codes, "the sample of airports without non-stops has become empty"
    for code in codes:
        place, ctx = await find(bundled, Request("hot", code))
        left = await departure(place, no_services(), bundled, ctx)
        assert (left.iata != code, left.tz) == (True, place.tz)
        assert f"{code} has no non-stops in the route network; another airport nearby is taken." in [
            text for _, text in ctx.logs
        ]


@pytest.mark.parametrize(
    ("words", "found", "left"),
    [
        ("Paris, Texas", "Paris, Texas, United States", None),
        ("Paris TX", "Paris, Texas, United States", None),
        ("Valencia, Spain", "Valencia, Spain", None),
        ("valencia, españa", "Valencia, Spain", None),
        ("valencia spain", "Valencia, Spain", None),
        ("Springfield, Illinois, USA", "Springfield, Illinois, United States", None),
        ("Portland, Maine, USA", "Portland, Maine, United States", None),
        ("Portland, Blorp, Oregon", "Portland, Oregon, United States", "Blorp"),
        ("Lisbon, Madrid", "Lisbon, Portugal", "Madrid"),
        ("Valencia Blorp", "Valencia, Spain", "Blorp"),
        ("Palma de Mallorca Son Xyzzy", "Palma, Spain", "Son Xyzzy"),
        ("Oslo Blorp, Norway", "Oslo, Norway", "Blorp"),
        ("VLC Blorp", "Valencia (VLC), Spain", "Blorp"),
        ("Genève (Suisse)", "Geneva, Switzerland", None),
        ("Cambridge (MA)", "Cambridge, Massachusetts, United States", None),
    ],
)
async def test_a_name_is_looked_up_with_its_region_else_without_what_does_not_help(
    bundled: Atlas, words: str, found: str, left: str | None
) -> None:
    place, ctx = await find(bundled, Request("hot", words, tz="Europe/Madrid"))
    assert shown(place) == found
    assert ctx.degradations == []
    warnings = [text for level, text in ctx.logs if level == "warning"]
    assert warnings == ([f"“{left}” does not help to find “{words}” in the atlas; it is left aside."] if left else [])


@pytest.mark.parametrize("words", ["San Xyzzy", "Fort Xyzzy", "North Xyzzy", "Port Xyzzy", "Bad Xyzzy", "Monte-Xyzzy"])
async def test_the_beginning_of_an_unknown_name_is_no_place_of_its_own(bundled: Atlas, words: str) -> None:
    place, ctx = await find(bundled, Request("hot", words, tz="Europe/Madrid"))
    assert place.name == "Madrid"
    assert len(ctx.degradations) == 1


async def test_a_name_in_small_letters_that_may_be_none_is_only_believed_of_a_large_city(bundled: Atlas) -> None:
    place, ctx = await find(bundled, Request("sandy, hot", "sandy", tz="Europe/Madrid", origin_guessed=True))
    assert (place.name, ctx.degradations) == ("Madrid", [])
    assert ("info", "“sandy” need not be a place; it is not taken as where you leave from.") in ctx.logs
    for words, name in (("helsinki", "Helsinki"), ("Sandy", "Sandy")):
        asked = Request("hot", words, tz="America/Denver", origin_guessed=True)
        assert (await find(bundled, asked))[0].name == name


async def test_a_guess_that_names_no_place_degrades_nothing(bundled: Atlas) -> None:
    for words in ("Blorp", "Valencia Blorp", "Lisbon, Madrid"):
        place, ctx = await find(bundled, Request("hot", words, tz="Europe/Paris", origin_guessed=True))
        assert (place.name, ctx.degradations) == ("Paris", [])
        assert f"There is no place called “{words}” in the atlas; it is not taken as where you leave from." in [
            text for _, text in ctx.logs
        ]
    with pytest.raises(StepError, match="no place called “Blorp”"):
        await find(bundled, Request("hot", "Blorp", origin_guessed=True))


def test_the_work_for_a_long_unknown_name_is_bounded() -> None:
    assert len(list(fewer_and_fewer("x " * 2000 + ", y" * 2000))) <= 32
    assert list(fewer_and_fewer("A B, C")) == [("A B C", ""), ("A B", "C"), ("A C", "B"), ("A", "B, C")]
    assert list(fewer_and_fewer(" , ")) == [(",", "")]
