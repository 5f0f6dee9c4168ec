from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.climate import between_months

days = st.dates(date(1999, 1, 1), date(2101, 1, 1))


@given(days)
def test_a_day_lies_between_two_neighbouring_months(day: date) -> None:
    between = between_months(day)
    assert (between.later - between.earlier) % 12 == 1
    assert day.month in (between.earlier, between.later)
    assert 0 <= between.weight < 1


@given(days)
def test_every_day_moves_on_by_about_a_thirtieth_over_month_and_year_ends_too(day: date) -> None:
    step = (_position(day + timedelta(1)) - _position(day)) % 12
    assert step == pytest.approx(1 / 30.4, abs=0.002)


def _position(day: date) -> float:
    between = between_months(day)
    return (between.earlier + between.weight) % 12


@pytest.mark.parametrize("month", [1, 3, 5, 7, 8, 10, 12])
def test_the_sixteenth_of_a_long_month_is_the_month_itself(atlas: Atlas, sources: Sources, month: int) -> None:
    table = {row["iata"]: row for row in sources.rows("airport_climate.csv") if row["month"] == str(month)}
    found = atlas.climates(table, date(2026, month, 16))
    assert len(found) == len(table) == 4318
    for iata, climate in found.items():
        row = table[iata]
        assert climate.tmax_c == pytest.approx(float(row["tmax_c"]))
        assert climate.tmin_c == pytest.approx(float(row["tmin_c"]))
        assert climate.tmean_c == pytest.approx(float(row["tmean_c"]))
        if climate.rain_chance is not None:
            assert climate.rain_chance == pytest.approx(float(row["wet_days"]) / 31)
        if climate.sun_hours is not None:
            assert climate.sun_hours == pytest.approx(float(row["sun_hours"]) / 31, abs=0.01)


def test_a_known_month_next_to_an_unknown_one_is_not_mixed_with_it(atlas: Atlas, sources: Sources) -> None:
    gaps = {(row["iata"], int(row["month"])) for row in sources.rows("airport_climate.csv") if not row["sun_hours"]}
    assert len(gaps) == 10916
    for iata, month in sorted(gaps)[::53]:
        for day in (1, 15, 28):
            climate = atlas.climate(iata, date(2026, month, day))
            assert climate is not None
            assert climate.sun_hours is None


def test_lisbon_in_june_is_about_26_degrees_and_almost_dry(atlas: Atlas) -> None:
    june = atlas.climate("LIS", date(2026, 6, 15))
    assert june is not None
    assert june.tmax_c == pytest.approx(26.0, abs=0.3)
    assert june.rain_chance is not None
    assert june.rain_chance < 0.12
    assert (june.quality, june.station) == ("A", "Lisbon")


@pytest.mark.parametrize("year", [2023, 2024])
def test_values_stay_in_bounds_all_year_and_the_turn_of_the_year_is_smooth(atlas: Atlas, year: int) -> None:
    for iata in ("LIS", "YKS", "SIN", "LPB", "NRT"):
        before = atlas.climate(iata, date(year - 1, 12, 31))
        for offset in range(366 if monthrange(year, 2)[1] == 29 else 365):
            today = atlas.climate(iata, date(year, 1, 1) + timedelta(offset))
            assert today is not None
            assert before is not None
            assert today.tmin_c <= today.tmean_c <= today.tmax_c
            assert today.rain_chance is None or 0 <= today.rain_chance <= 1
            # Yakutsk's steepest month changes by 20 degrees.
            assert abs(today.tmax_c - before.tmax_c) < 0.9
            before = today


def test_unknown_airports_are_left_out_and_repeated_ones_answered_once(atlas: Atlas) -> None:
    day = date(2026, 2, 28)
    assert set(atlas.climates(["vlc", "VLC", "QQQ", "LIS"], day)) == {"VLC", "LIS"}
    assert atlas.climate("QQQ", day) is None
    assert atlas.climates([], day) == {}


def test_what_was_read_for_a_day_is_that_of_a_fresh_atlas(atlas: Atlas) -> None:
    asked = ["VLC", "JFK", "QQQ", "NRT"]
    for day in (date(2026, 11, 28), date(2026, 11, 29), date(2026, 11, 28), date(2028, 2, 29)):
        kept = atlas.climates(asked[:2], day) | atlas.climates(asked, day)
        with Atlas.open() as fresh:
            assert kept == fresh.climates(asked, day)
    assert list(atlas.climates(["NRT", "VLC"], date(2026, 11, 28))) == ["NRT", "VLC"]
    assert atlas.climate("QQQ", date(2026, 11, 28)) is None
