from array import array
from bisect import bisect_right
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.database import Database
from backend.pipelines.escape.atlas.geoip import AddressTable, Spot, pack, unpack

sixteen_bits = st.lists(st.integers(0, 0xFFFF))


@given(sixteen_bits)
def test_packed_values_come_back(values: list[int]) -> None:
    assert list(unpack(pack(values))) == values


def test_packing_is_little_endian_everywhere() -> None:
    assert pack([0x0102]) == b"\x02\x01"


@pytest.mark.parametrize("value", [-1, 0x10000])
def test_what_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(OverflowError):
        pack([value])


def test_every_range_of_the_source_is_found_at_its_ends_and_inside(sources: Sources) -> None:
    rows = [(int(r["start"]), r) for r in sources.rows("geoip_city_ipv4.csv")]
    starts = array("L", [start for start, _ in rows])
    database = Database()
    table = AddressTable(database)
    # Each 97th boundary from both sides, and the first and last address of every first octet.
    wanted = [edge for start in starts[1::97] for edge in (start - 1, start, start + 255)]
    wanted += [edge for octet in range(1, 224) for edge in (octet << 24, (octet << 24) + 0xFFFFFF)]
    known = 0
    for number in wanted:
        address = IPv4Address(number)
        row = rows[bisect_right(starts, number) - 1][1]
        found = table.find(str(address))
        if not row["country"] or not address.is_global:
            assert found is None, address
        else:
            known += 1
            assert found == Spot(row["country"], float(row["lat"]), float(row["lon"])), address
    assert known > 10_000
    database.close()


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "2001:4860:4860::8888",
        "::ffff:10.0.0.1",
        "",
        "localhost",
        "8.8.8",
        "8.8.8.8.8",
        "8.8.8.8:80",
        "08.8.8.8",
    ],
)
def test_private_reserved_v6_and_malformed_addresses_are_no_place(atlas: Atlas, address: str) -> None:
    assert atlas.place_of_ip(address) is None


def test_a_public_address_is_a_city_of_its_country(atlas: Atlas) -> None:
    tokyo = atlas.place_of_ip("133.11.0.1")
    assert tokyo is not None
    assert (tokyo.kind, tokyo.name, tokyo.country, tokyo.tz) == ("city", "Tokyo", "JP", "Asia/Tokyo")
    assert (tokyo.lat, tokyo.lon) == (35.7, 139.8)
    assert atlas.place_of_ip("::ffff:133.11.0.1") is not None
