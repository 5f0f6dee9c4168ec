"""The OpenWeather simulator keeps to what is known of the service."""

from typing import Any

import httpx
import pytest

from tests.simulators.openweather import KEY, OpenWeatherSimulator
from tests.simulators.weather_calls import at
from tests.simulators.world import World


async def test_slots_stand_on_the_grid_of_three_hours(
    client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
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
    client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
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


async def test_what_falls_in_the_frost_is_snow(
    client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
) -> None:
    frozen = list(world.airports)[15:40]
    for iata in frozen:
        world.set_high(iata, -8.5)
    slots: list[Any] = []
    for iata in frozen:
        answer = await client.get(f"{openweather.url}/forecast", params=at(world, iata, appid=KEY))
        slots += answer.json()["list"]
    snowed = [slot for slot in slots if "snow" in slot]
    assert snowed
    assert all(slot["weather"][0]["main"] == "Snow" and slot["snow"]["3h"] > 0 for slot in snowed)
    assert not any("rain" in slot for slot in slots)


async def test_errors_have_codes_of_both_types(
    client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World
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


async def test_sixty_a_minute(client: httpx.AsyncClient, openweather: OpenWeatherSimulator, world: World) -> None:
    url, params = f"{openweather.url}/forecast", at(world, "VLC", appid=KEY, cnt=1)
    statuses = [(await client.get(url, params=params)).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    openweather.clock.advance(minutes=1)
    assert (await client.get(url, params=params)).status_code == 200
