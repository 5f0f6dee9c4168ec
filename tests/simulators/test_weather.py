"""The simulators of the weather services keep to what is known of them, and tell the same weather."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.simulators.clock import SimulatedClock
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import BROKEN, OpenMeteoSimulator
from tests.simulators.openweather import KEY, OpenWeatherSimulator, dates_with_the_high
from tests.simulators.world import World

AGENT = {"User-Agent": "windowseat-tests/1 windowseat@example.org"}
# Tonga +13, Honolulu -10, Kathmandu +5:45, and both sides of Greenwich.
PLACES = ("TBU", "HNL", "KTM", "VLC", "LPA", "JFK")
SAME_NUMBER = "must have the same number of elements"
THREE = {"latitude": "1,2,3", "longitude": "3,4,5"}
NOW = datetime(2026, 11, 23, 10, 0, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock.frozen(NOW)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False, headers=AGENT) as client:
        yield client


@pytest.fixture
async def openweather(world: World, clock: SimulatedClock) -> AsyncIterator[OpenWeatherSimulator]:
    async with OpenWeatherSimulator(world, clock=clock) as sim:
        yield sim


@pytest.fixture
async def open_meteo(world: World, clock: SimulatedClock) -> AsyncIterator[OpenMeteoSimulator]:
    async with OpenMeteoSimulator(world, clock=clock) as sim:
        yield sim


@pytest.fixture
async def met(world: World, clock: SimulatedClock) -> AsyncIterator[MetNorwaySimulator]:
    async with MetNorwaySimulator(world, clock=clock) as sim:
        yield sim


def at(world: World, iata: str, lat: str = "lat", lon: str = "lon", **more: Any) -> dict[str, Any]:
    airport = world.airport(iata)
    return {lat: airport.lat, lon: airport.lon, **more}


async def highs_of_openweather(client: httpx.AsyncClient, sim: OpenWeatherSimulator, iata: str) -> dict[date, float]:
    found = (await client.get(f"{sim.url}/forecast", params=at(sim.world, iata, appid=KEY, units="metric"))).json()
    highs: dict[date, float] = defaultdict(lambda: -99.0)
    for slot in found["list"]:
        day = datetime.fromtimestamp(slot["dt"] + found["city"]["timezone"], UTC).date()
        highs[day] = max(highs[day], slot["main"]["temp_max"])
    return highs


async def highs_of_open_meteo(client: httpx.AsyncClient, sim: OpenMeteoSimulator, iata: str) -> dict[date, float]:
    params = at(sim.world, iata, "latitude", "longitude", daily="temperature_2m_max", timezone="auto")
    daily = (await client.get(f"{sim.url}/forecast", params=params)).json()["daily"]
    return {date.fromisoformat(day): high for day, high in zip(daily["time"], daily["temperature_2m_max"], strict=True)}


async def highs_of_met(client: httpx.AsyncClient, sim: MetNorwaySimulator, iata: str) -> dict[date, float]:
    found = (await client.get(f"{sim.url}/compact", params=at(sim.world, iata))).json()
    highs: dict[date, float] = defaultdict(lambda: -99.0)
    for point in found["properties"]["timeseries"]:
        local = datetime.fromisoformat(point["time"]).astimezone(ZoneInfo(sim.world.airport(iata).tz))
        high = point["data"]["instant"]["details"]["air_temperature"]
        highs[local.date()] = max(highs[local.date()], high)
    return highs


@pytest.mark.parametrize("iata", PLACES)
async def test_all_three_tell_the_same_highs(
    client: httpx.AsyncClient,
    openweather: OpenWeatherSimulator,
    open_meteo: OpenMeteoSimulator,
    met: MetNorwaySimulator,
    world: World,
    iata: str,
) -> None:
    by_service = [
        await highs_of_openweather(client, openweather, iata),
        await highs_of_open_meteo(client, open_meteo, iata),
        await highs_of_met(client, met, iata),
    ]
    today = NOW.astimezone(ZoneInfo(world.airport(iata).tz)).date()
    for ahead in range(1, 5):
        day = today + timedelta(days=ahead)
        assert [highs[day] for highs in by_service] == [world.high(iata, day)] * 3
    for highs in by_service[1:]:
        assert highs[today + timedelta(days=6)] == world.high(iata, today + timedelta(days=6))


async def test_the_day_after_the_last_afternoon_is_too_cold(
    client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
) -> None:
    """21:00 UTC is 10:00 in Tonga: the last slot is at 7:00."""
    openweather.clock.set(datetime(2026, 11, 23, 21, 0, tzinfo=UTC))
    highs = await highs_of_openweather(client, openweather, "TBU")
    last = max(highs)
    assert last == date(2026, 11, 29)
    assert highs[last] < world.high("TBU", last)
    assert last not in dates_with_the_high(openweather.clock.now(), world.spot_of("TBU"))


class TestOpenWeather:
    async def test_slots_stand_on_the_grid_of_three_hours(
        self, client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
    ) -> None:
        url = f"{openweather.url}/forecast"
        found = (await client.get(url, params=at(world, "KTM", appid=KEY, cnt=9))).json()
        assert (found["cod"], found["message"], found["cnt"], len(found["list"])) == ("200", 0, 9, 9)
        assert [slot["dt"] % 10800 for slot in found["list"]] == [0] * 9
        assert found["list"][0]["dt_txt"] == "2026-11-23 12:00:00"
        assert found["city"]["timezone"] == 20700
        kelvin = found["list"][0]["main"]["temp"]
        metric = (await client.get(url, params=at(world, "KTM", appid=KEY, units="metric"))).json()
        assert len(metric["list"]) == 40
        assert kelvin == pytest.approx(metric["list"][0]["main"]["temp"] + 273.15, abs=0.011)

    async def test_rain_and_snow_are_there_when_they_fall(
        self, client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
    ) -> None:
        url = f"{openweather.url}/forecast"
        slots: list[Any] = []
        for iata in list(world.airports)[:15]:
            slots += (await client.get(url, params=at(world, iata, appid=KEY))).json()["list"]
        assert all(0 <= slot["pop"] <= 1 for slot in slots)
        wet = [slot for slot in slots if "rain" in slot]
        assert wet
        assert all(slot["rain"]["3h"] > 0 for slot in wet)
        assert any("rain" not in slot for slot in slots)

    async def test_errors_have_codes_of_both_types(
        self, client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
    ) -> None:
        url = f"{openweather.url}/forecast"
        world.without_weather.add("ATH")
        answers = [
            await client.get(url, params=params)
            for params in ({"appid": "wrong"}, {"appid": KEY}, at(world, "ATH", appid=KEY))
        ]
        world.without_weather.clear()
        assert [answer.status_code for answer in answers] == [401, 400, 404]
        assert [answer.json()["cod"] for answer in answers] == [401, "400", "404"]
        assert answers[1].json()["message"] == "Nothing to geocode"
        assert len(openweather.refusals) == 1

    async def test_sixty_a_minute(
        self, client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
    ) -> None:
        url, params = f"{openweather.url}/forecast", at(world, "VLC", appid=KEY, cnt=1)
        statuses = [(await client.get(url, params=params)).status_code for _ in range(61)]
        assert statuses == [200] * 60 + [429]
        openweather.clock.advance(minutes=1)
        assert (await client.get(url, params=params)).status_code == 200


class TestOpenMeteo:
    async def test_one_is_an_object_and_more_are_an_array(
        self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, world: World
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
        one = (
            await client.get(url, params={**params, "latitude": airports[0].lat, "longitude": airports[0].lon})
        ).json()
        assert one["daily"] == many[0]["daily"]
        assert one["daily_units"] == {"time": "iso8601", "temperature_2m_max": "°C", "weather_code": "wmo code"}
        assert list(one).index("daily_units") < list(one).index("daily")

    async def test_without_a_zone_the_days_are_those_of_greenwich(
        self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, world: World
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
        self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, params: dict[str, Any], reason: str
    ) -> None:
        answer = await client.get(f"{open_meteo.url}/forecast", params={"latitude": 1, "longitude": 2, **params})
        assert answer.status_code == 400
        assert answer.json() == {"error": True, "reason": reason}
        assert len(open_meteo.refusals) == 1

    async def test_calls_are_weighted_checked_before_and_added_after(
        self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator
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

    async def test_five_at_once_and_the_sixth_is_refused(
        self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator
    ) -> None:
        open_meteo.latency_s = 0.05
        url, params = f"{open_meteo.url}/forecast", {"latitude": 1, "longitude": 1}
        answers = await asyncio.gather(*(client.get(url, params=params) for _ in range(7)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) == 2
        assert refused[0].json()["reason"] == "Too many concurrent requests"
        assert (await client.get(url, params=params)).status_code == 200

    async def test_nulls_broken_streams_and_places_without_data(
        self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator, world: World
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

    async def test_a_key_is_sent_elsewhere(self, client: httpx.AsyncClient, open_meteo: OpenMeteoSimulator) -> None:
        answer = await client.get(f"{open_meteo.url}/forecast?latitude=1&longitude=1&apikey=secret")
        assert answer.is_redirect
        assert "customer-" in answer.headers["location"]


class TestMetNorway:
    @pytest.mark.parametrize("agent", ["", "python-httpx/0.28.1", "curl/8.1", "windowseat/0.1", "Mozilla/5.0 a@b.org"])
    async def test_it_must_know_who_asks(
        self, client: httpx.AsyncClient, met: MetNorwaySimulator, world: World, agent: str
    ) -> None:
        params = {"lat": "39.4893", "lon": "-0.4816"}
        answer = await client.get(f"{met.url}/compact", params=params, headers={"User-Agent": agent})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "text/html"
        assert (await client.get(f"{met.url}/compact", params=params)).status_code == 200

    @pytest.mark.parametrize(
        ("lat", "lon", "status"),
        [("39.48931", "0", 403), ("39.4893", "0.12345", 403), ("91", "0", 400), ("north", "0", 400), ("", "", 400)],
    )
    async def test_positions(
        self, client: httpx.AsyncClient, met: MetNorwaySimulator, lat: str, lon: str, status: int
    ) -> None:
        answer = await client.get(f"{met.url}/compact", params={"lat": lat, "lon": lon})
        assert answer.status_code == status
        assert len(met.refusals) == 1

    async def test_not_modified(self, client: httpx.AsyncClient, met: MetNorwaySimulator, world: World) -> None:
        url, params = f"{met.url}/compact", at(world, "OSL")
        first = await client.get(url, params=params)
        assert first.headers["expires"] == "Mon, 23 Nov 2026 10:31:07 GMT"
        since = {"If-Modified-Since": first.headers["last-modified"]}
        met.clock.advance(minutes=32)
        again = await client.get(url, params=params, headers=since)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["expires"] == "Mon, 23 Nov 2026 11:03:07 GMT"
        met.clock.advance(hours=1)
        assert (await client.get(url, params=params, headers=since)).status_code == 200

    async def test_hourly_then_six_hourly_then_bare(
        self, client: httpx.AsyncClient, met: MetNorwaySimulator, world: World
    ) -> None:
        answer = await client.get(f"{met.url}/compact", params=at(world, "OSL", altitude=200))
        assert answer.headers["content-encoding"] == "gzip"
        found = answer.json()
        assert found["geometry"]["coordinates"] == [world.airport("OSL").lon, world.airport("OSL").lat, 200]
        series = found["properties"]["timeseries"]
        times = [datetime.fromisoformat(point["time"]) for point in series]
        steps = [(after - before).seconds // 3600 for before, after in pairwise(times)]
        assert set(steps) == {1, 6}
        assert steps == sorted(steps)
        assert times[-1] - times[0] > timedelta(days=9)
        assert set(series[0]["data"]) == {"instant", "next_1_hours", "next_6_hours", "next_12_hours"}
        assert set(series[-1]["data"]) == {"instant"}
        assert all(point["time"].endswith("Z") for point in series)
        whole = (await client.get(f"{met.url}/complete", params=at(world, "OSL"))).json()["properties"]["timeseries"]
        assert whole[0]["data"]["next_6_hours"]["details"]["air_temperature_max"] >= -60
        assert "air_temperature_max" not in series[0]["data"]["next_6_hours"]["details"]

    async def test_twenty_a_second(self, client: httpx.AsyncClient, met: MetNorwaySimulator, world: World) -> None:
        statuses = [(await client.get(f"{met.url}/compact", params=at(world, "OSL"))).status_code for _ in range(21)]
        assert statuses == [200] * 20 + [429]

    async def test_deprecated_and_outside(self, client: httpx.AsyncClient, world: World) -> None:
        async with MetNorwaySimulator(world, deprecated=True) as met:
            answer = await client.get(f"{met.url}/compact", params=at(world, "OSL"))
            assert answer.status_code == 203
            assert answer.json()["type"] == "Feature"
            world.without_weather.add("OSL")
            answer = await client.get(f"{met.url}/compact", params=at(world, "OSL"))
            world.without_weather.clear()
            assert answer.status_code == 422
            met.faults.next(status=503)
            answer = await client.get(f"{met.url}/compact", params=at(world, "OSL"))
            assert (answer.status_code, answer.text[:6]) == (503, "<html>")
