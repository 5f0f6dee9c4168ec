"""The three weather services tell the same weather."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import KEY, OpenWeatherSimulator, dates_with_the_high
from tests.simulators.weather_calls import NOW, PLACES, at
from tests.simulators.world import World


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
