"""The Open-Meteo simulator keeps to what is known of the service."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.simulators.open_meteo import BROKEN, OpenMeteoSimulator
from tests.simulators.weather_calls import PLACES, SAME_NUMBER, THREE, at
from tests.simulators.world import World


async def test_one_is_an_object_and_more_are_an_array(
    client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, world: World
) -> None:
    url = f"{open_meteo.url}/forecast"
    params: dict[str, Any] = {
        "daily": "temperature_2m_max,weather_code",
        "timezone": "auto",
        "forecast_days": 2,
    }
    airports = [world.airport(iata) for iata in PLACES]
    lats = ",".join(str(airport.lat) for airport in airports)
    lons = ",".join(str(airport.lon) for airport in airports)
    many = (await client.get(url, params={**params, "latitude": lats, "longitude": lons})).json()
    assert [row["timezone"] for row in many] == [airport.tz for airport in airports]
    assert [row.get("location_id") for row in many] == [None, 1, 2, 3, 4, 5]
    assert all(row["latitude"] % 0.0625 == 0 for row in many)
    assert [row["utc_offset_seconds"] for row in many][:3] == [46800, -36000, 20700]
    assert many[0]["daily"]["time"] == ["2026-11-23", "2026-11-24"]
    one = (await client.get(url, params={**params, "latitude": airports[0].lat, "longitude": airports[0].lon})).json()
    assert one["daily"] == many[0]["daily"]
    assert one["daily_units"] == {"time": "iso8601", "temperature_2m_max": "°C", "weather_code": "wmo code"}
    assert list(one).index("daily_units") < list(one).index("daily")


async def test_without_a_zone_the_days_are_those_of_greenwich(
    client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, world: World
) -> None:
    open_meteo.clock.set(datetime(2026, 11, 23, 12, 30, tzinfo=UTC))
    params = at(world, "TBU", "latitude", "longitude", daily="temperature_2m_max")
    plain = (await client.get(f"{open_meteo.url}/forecast", params=params)).json()
    own = (await client.get(f"{open_meteo.url}/forecast", params={**params, "timezone": "auto"})).json()
    assert (plain["timezone"], plain["daily"]["time"][0]) == ("GMT", "2026-11-23")
    assert own["daily"]["time"][0] == "2026-11-24"
    unix = {**params, "timezone": "auto", "timeformat": "unixtime"}
    stamped = (await client.get(f"{open_meteo.url}/forecast", params=unix)).json()
    first = stamped["daily"]["time"][0] + stamped["utc_offset_seconds"]
    assert datetime.fromtimestamp(first, UTC) == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"latitude": 522.52}, "Latitude must be in range of -90 to 90°. Given: 522.52."),
        ({"longitude": 181}, "Longitude must be in range of -180 to 180°. Given: 181.0."),
        ({"latitude": "1,2"}, f"Parameter 'latitude' and 'longitude' {SAME_NUMBER}"),
        ({"latitude": ""}, "Parameter 'latitude' and 'longitude' must not be empty"),
        ({**THREE, "timezone": "auto,auto"}, f"Parameter 'timezone' and coordinates {SAME_NUMBER}"),
        ({"timezone": "Mars/Base"}, "Invalid timezone"),
        ({"forecast_days": 20}, "Forecast days is invalid. Allowed range 0 to 16. Given 20."),
        (
            {"start_date": "2026-11-25", "end_date": "2026-11-24"},
            "End-date must be larger or equals than start-date",
        ),
        (
            {"start_date": "2026-11-25", "end_date": "2027-11-24"},
            "Parameter 'end_date' is out of allowed range from 2026-08-23 to 2026-12-08",
        ),
        (
            {"daily": "temprature"},
            "Cannot initialize ForecastVariableDaily from invalid String value temprature for key daily",
        ),
        (
            {"latitude": ",".join(["1"] * 1001), "longitude": ",".join(["1"] * 1001)},
            "Only up to 1000 locations can be requested at once",
        ),
    ],
)  # fmt: skip
async def test_refusals_in_its_own_words(
    client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, params: dict[str, Any], reason: str
) -> None:
    answer = await client.get(f"{open_meteo.url}/forecast", params={"latitude": 1, "longitude": 2, **params})
    assert answer.status_code == 400
    assert answer.json() == {"error": True, "reason": reason}
    assert len(open_meteo.refusals) == 1


async def test_calls_are_weighted_checked_before_and_added_after(
    client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator
) -> None:
    url, params = (
        f"{open_meteo.url}/forecast",
        {"latitude": ",".join(["1"] * 599), "longitude": ",".join(["1"] * 599)},
    )
    one = {"latitude": 1, "longitude": 1}
    assert (await client.get(url, params=params)).status_code == 200
    assert open_meteo.quota.left("127.0.0.1", "minute") == 1
    assert (await client.get(url, params=params)).status_code == 200  # it overshoots
    answer = await client.get(url, params=one)
    assert answer.status_code == 429
    assert answer.json()["reason"].startswith("Minutely API request limit exceeded")
    assert "retry-after" not in answer.headers
    open_meteo.clock.advance(minutes=1)
    left = open_meteo.quota.left("127.0.0.1", "day")
    assert (await client.get(url, params={**one, "forecast_days": 99})).status_code == 400
    assert open_meteo.quota.left("127.0.0.1", "day") == left - 1
    open_meteo.quota.use("127.0.0.1", "day", 10_000)
    assert "tomorrow" in (await client.get(url, params=one)).json()["reason"]


async def test_five_at_once_and_the_sixth_is_refused(client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator) -> None:
    open_meteo.latency_s = 0.05
    url, params = f"{open_meteo.url}/forecast", {"latitude": 1, "longitude": 1}
    answers = await asyncio.gather(*(client.get(url, params=params) for _ in range(7)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 2
    assert refused[0].json()["reason"] == "Too many concurrent requests"
    assert (await client.get(url, params=params)).status_code == 200


async def test_nulls_broken_streams_and_places_without_data(
    client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, world: World
) -> None:
    url = f"{open_meteo.url}/forecast"
    params = at(world, "VLC", "latitude", "longitude", daily="temperature_2m_max", timezone="auto")
    open_meteo.nulls.add(("VLC", "temperature_2m_max", 1))
    highs = (await client.get(url, params=params)).json()["daily"]["temperature_2m_max"]
    assert [high is None for high in highs] == [False, True, *[False] * 5]
    open_meteo.faults.next(cut_at=100, tail=BROKEN)
    answer = await client.get(url, params=params)
    assert answer.status_code == 200
    assert answer.text[:1] == "{"
    assert answer.text.endswith("Unexpected error while streaming data: timeoutReached")
    world.without_weather.add("VLC")
    answer = await client.get(url, params=params)
    world.without_weather.clear()
    assert answer.json()["reason"] == "No data is available for this location"


async def test_a_key_is_sent_elsewhere(client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator) -> None:
    answer = await client.get(f"{open_meteo.url}/forecast?latitude=1&longitude=1&apikey=secret")
    assert answer.is_redirect
    assert "customer-" in answer.headers["location"]
