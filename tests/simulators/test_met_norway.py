"""The MET Norway simulator keeps to what is known of the service."""

from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.weather_calls import at
from tests.simulators.world import World


@pytest.mark.parametrize("agent", ["", "python-httpx/0.28.1", "curl/8.1", "windowseat/0.1", "Mozilla/5.0 a@b.org"])
async def test_it_must_know_who_asks(
    client: httpx.AsyncClient, met: MetNorwaySimulator, world: World, agent: str
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
async def test_positions(client: httpx.AsyncClient, met: MetNorwaySimulator, lat: str, lon: str, status: int) -> None:
    answer = await client.get(f"{met.url}/compact", params={"lat": lat, "lon": lon})
    assert answer.status_code == status
    assert len(met.refusals) == 1


async def test_not_modified(client: httpx.AsyncClient, met: MetNorwaySimulator, world: World) -> None:
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
    client: httpx.AsyncClient, met: MetNorwaySimulator, world: World
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


async def test_twenty_a_second(client: httpx.AsyncClient, met: MetNorwaySimulator, world: World) -> None:
    met.rate_s = 60  # a busy machine may not send as many in a second
    statuses = [(await client.get(f"{met.url}/compact", params=at(world, "OSL"))).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert met.refusals == ["MET: more than 20 requests in a second"]
    met.rate_s = 0
    assert (await client.get(f"{met.url}/compact", params=at(world, "OSL"))).status_code == 200


async def test_deprecated_and_outside(client: httpx.AsyncClient, world: World) -> None:
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
