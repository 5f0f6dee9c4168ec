"""A place as a service of addresses knows it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.upstream import UpstreamError


class Spot(msgspec.Struct, frozen=True):
    """Roughly where an address is, in degrees. ``country`` is the ISO code, ``tz`` an IANA name; "" where not told."""

    lat: float
    lon: float
    city: str = ""
    country: str = ""
    tz: str = ""


def read_spot(name: str, body: Any, fields: Mapping[str, str]) -> dict[str, Any]:
    """The few ``fields`` of a body that make a Spot, by the names they have there ("timezone.id" looks inside).

    Raises UpstreamError ``bad_payload`` for a body of another shape.
    """
    found = {field: _look(body, path) for field, path in fields.items()}
    try:
        spot = msgspec.convert({key: value for key, value in found.items() if value is not None}, Spot, strict=False)
        if not (-90 <= spot.lat <= 90 and -180 <= spot.lon <= 180):
            raise ValueError("no coordinates")
    except ValueError:  # also what msgspec raises
        said = f"{name} answered what can't be read: it has no place"
        raise UpstreamError(name, "bad_payload", said) from None
    return msgspec.structs.asdict(spot)


def spot_of(data: Any) -> Spot | None:
    """What ``read_spot`` made; None for a body that says that it knows nothing ({}), and for the middle of nowhere."""
    if not data or (data["lat"] == 0 and data["lon"] == 0):
        return None
    return Spot(**data)


def _look(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body
