"""ipwho.is (https://ipwho.is): ``/{ip}``. Failures are HTTP 200 with ``"success": false``.

The list of fields and what happens over the quota are not known for sure: ``month`` and ``over_quota`` set the latter.
"""

from typing import Any
from zoneinfo import ZoneInfo

from tests.simulators.addresses import CALLER, sort_of
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.ip_api import CONTINENTS
from tests.simulators.quota import CalendarWindows
from tests.simulators.server import Simulator
from tests.simulators.world import World

Row = dict[str, Any]


class IpWhoIsSimulator(Simulator):
    """``month``: calls of a calling address in a month; ``over_quota``: the status after that."""

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: SimulatedClock | None = None,
        caller: str = CALLER,
        month: int = 10_000,
        over_quota: int = 429,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.world = world or World()
        self.caller = caller
        self.quota = CalendarWindows(self.clock, {"month": month})
        self.over_quota = over_quota

    async def answer(self, request: Seen) -> Answer:
        if self.quota.exceeded(request.peer):
            return self.failure(self.over_quota)
        self.quota.add(request.peer)
        address = request.path.strip("/") or self.caller
        sort = sort_of(address)
        if sort != "public":
            message = "Invalid IP address" if sort == "invalid" else "Reserved range"
            return Answer.of_json({"ip": address, "success": False, "message": message})
        row = self._row(address)
        if fields := request.query.get("fields"):
            row = {name: value for name, value in row.items() if name in fields.split(",")}
        return Answer.of_json(row)

    def failure(self, status: int) -> Answer:
        message = "You've hit the monthly limit" if status == self.over_quota else "Server error"
        return Answer.of_json({"success": False, "message": message}, status)

    def _row(self, address: str) -> Row:
        home = self.world.home_of(address)
        now = self.clock.now().astimezone(ZoneInfo(home.tz))
        offset = now.utcoffset()
        assert offset is not None
        return {
            "ip": address, "success": True, "type": "IPv6" if ":" in address else "IPv4",
            "continent": CONTINENTS.get(home.continent, ""), "continent_code": home.continent,
            "country": home.country_name, "country_code": home.country, "region": home.city,
            "region_code": (home.city_code or "")[:2], "city": home.city, "latitude": home.lat,
            "longitude": home.lon, "is_eu": home.continent == "EU", "postal": "46001", "calling_code": "34",
            "connection": {"asn": 64500, "org": "Example", "isp": "Example ISP", "domain": "example.net"},
            "timezone": {"id": home.tz, "abbr": now.tzname(), "is_dst": bool(now.dst()),
                         "offset": round(offset.total_seconds()), "utc": f"{now:%z}"[:3] + ":" + f"{now:%z}"[3:],
                         "current_time": now.isoformat(timespec="seconds")},
        }  # fmt: skip
