"""The airport that the journey starts at."""

import pytest

from backend.errors import StepError
from backend.pipelines.escape.atlas import Atlas, great_circle_km
from backend.pipelines.escape.models import Departure, Home, Place, Request
from backend.pipelines.escape.steps.departure import departure
from backend.pipelines.escape.steps.locate import locate
from tests.escape_reference import sources
from tests.escape_values import no_services
from tests.fake_context import NOON, FakeContext


def place_at(lat: float, lon: float, *airports: str) -> Place:
    return Place("Here", "Nowhere", lat, lon, "UTC", NOON.date(), "a test", airports=airports)


async def leave(atlas: Atlas, words: str) -> tuple[Departure, FakeContext]:
    ctx = FakeContext()
    return await departure(
        await locate(Request("", words), atlas, Home(), no_services(), ctx), no_services(), atlas, ctx
    ), ctx


@pytest.mark.parametrize(
    ("words", "iata"),
    [("London", "LHR"), ("Paris", "CDG"), ("New York", "JFK"), ("Milan", "MXP"), ("Tokyo", "HND"), ("Chicago", "ORD"),
     ("San Francisco", "SFO"), ("Rotterdam", "AMS"), ("LON", "LHR"), ("LGW", "LGW"), ("Gatwick", "LGW"),
     ("Valencia", "VLC"), ("Sydney", "SYD")],
)  # fmt: skip
async def test_the_busiest_airport_in_range_or_the_one_named_is_taken(bundled: Atlas, words: str, iata: str) -> None:
    assert (await leave(bundled, words))[0].iata == iata


async def test_a_plain_search_of_the_sources_finds_the_same_airport(bundled: Atlas) -> None:
    airports = [row for row in sources().airports.values() if int(row["nonstop_destinations"] or 0) > 0]
    for lat, lon in ((39.47, -0.38), (51.5, -0.12), (60.39, 5.32), (-33.87, 151.2), (35.7, 139.7), (52.0, 5.9)):
        near = [row for row in airports if great_circle_km(lat, lon, float(row["lat"]), float(row["lon"])) <= 120]
        busiest = max(near, key=lambda row: int(row["busyness"]))
        chosen = await departure(place_at(lat, lon), no_services(), bundled, FakeContext())
        assert chosen.iata == busiest["iata"]
        assert {one.iata for one in chosen.runners_up} <= {row["iata"] for row in near} - {chosen.iata}


async def test_runners_up_are_the_next_busiest_with_their_distance(bundled: Atlas) -> None:
    chosen, ctx = await leave(bundled, "London")
    figures = [one.busyness or 0 for one in chosen.runners_up]
    assert figures == sorted(figures, reverse=True)
    assert len(figures) == 5
    assert all(0 < one.km <= 120 and one.nonstops for one in chosen.runners_up)
    assert ctx.said == f"London Heathrow Airport (LHR), {chosen.km} km away"


async def test_a_named_airport_has_no_distance_to_speak_of(bundled: Atlas) -> None:
    _, ctx = await leave(bundled, "JFK")
    assert ctx.said == "John F Kennedy International Airport (JFK)"
    assert ctx.calls[-1].text == "1 airport with non-stops to choose from"


async def test_a_metropolitan_code_stands_for_its_busiest_airport(bundled: Atlas) -> None:
    chosen, _ = await leave(bundled, "NYC")
    assert chosen.iata == "JFK"
    assert {one.iata for one in chosen.runners_up} >= {"EWR", "LGA"}


async def test_out_of_range_names_the_nearest_and_how_to_ask(bundled: Atlas) -> None:
    with pytest.raises(StepError, match="within 120 km of Here") as caught:
        await departure(place_at(44.0, -40.0 + 12), no_services(), bundled, FakeContext())
    assert caught.value.code == "no_airport"
    hint = caught.value.hint or ""
    assert hint.startswith("The nearest are ")
    assert hint.count(" km)") == 3
    assert "ask again “from " in hint


async def test_the_middle_of_an_ocean_has_a_hint_too(bundled: Atlas) -> None:
    with pytest.raises(StepError) as caught:
        await departure(place_at(-48.9, -123.4), no_services(), bundled, FakeContext())
    assert caught.value.hint == "Start from another place: “… from Valencia”."
