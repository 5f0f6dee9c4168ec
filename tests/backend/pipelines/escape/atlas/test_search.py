import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas, PlaceMatch
from backend.pipelines.escape.atlas.build.sources import Sources


def _short(place: PlaceMatch) -> str:
    return f"{place.iata or place.name} {place.country}"


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("Valencia", "Valencia ES"),
        ("London", "London GB"),
        ("Paris", "Paris FR"),
        ("San Jose", "San Jose US"),
        ("Birmingham", "Birmingham GB"),
        ("Santiago", "Santiago CL"),
        ("Georgetown", "Georgetown GY"),
        ("Portland", "Portland US"),
        ("Cancún", "Cancún MX"),
        ("Zaragoza", "Zaragoza ES"),
        ("Victoria", "Victoria CA"),
        ("Mexico", "Mexico City MX"),
        ("Singapore", "Singapore SG"),
        ("Luxembourg", "Luxembourg LU"),
        ("Nice", "Nice FR"),
        ("Halle", "Halle (Saale) DE"),
        ("San Sebastián", "Donostia / San Sebastián ES"),
        ("Bordeaux", "Bordeaux FR"),
        ("Windhoek", "Windhoek NA"),
    ],
)
def test_with_nothing_known_the_place_most_travellers_mean_comes_first(atlas: Atlas, typed: str, place: str) -> None:
    found = atlas.find_place(typed)
    assert _short(found[0]) == place
    assert found[0].matched == typed


@pytest.mark.parametrize(
    ("typed", "tz", "place", "admin1"),
    [
        ("Valencia", "Europe/Madrid", "Valencia ES", None),
        ("Valencia", "America/Caracas", "Valencia VE", None),
        ("Valencia", "America/Los_Angeles", "Valencia US", "California"),
        ("London", "America/Toronto", "London CA", "Ontario"),
        ("London", "America/New_York", "London GB", "England"),
        ("Paris", "America/Chicago", "Paris FR", None),
        ("Portland", "America/New_York", "Portland US", "Maine"),
        ("Portland", "America/Los_Angeles", "Portland US", "Oregon"),
        ("Birmingham", "America/Chicago", "Birmingham US", "Alabama"),
        ("Santiago", "Europe/Madrid", "Santiago de Compostela ES", None),
        ("Dublin", "America/New_York", "Dublin IE", None),
        ("Hyderabad", "Asia/Karachi", "Hyderabad PK", None),
        ("Hyderabad", "Asia/Calcutta", "Hyderabad IN", None),
        ("Granada", "America/Managua", "Granada NI", None),
        ("Cambridge", "Europe/London", "Cambridge GB", "England"),
        ("Toledo", "Europe/Madrid", "Toledo ES", None),
        ("San Jose", "America/Costa_Rica", "San José CR", None),
        ("Valencia", "Mars/Olympus", "Valencia ES", None),
    ],
)
def test_a_time_zone_tells_namesakes_apart(atlas: Atlas, typed: str, tz: str, place: str, admin1: str | None) -> None:
    first = atlas.find_place(typed, tz=tz)[0]
    assert (_short(first), first.admin1) == (place, admin1)


def test_country_and_position_tell_namesakes_apart_too(atlas: Atlas) -> None:
    assert atlas.find_place("Valencia", country="ve")[0].country == "VE"
    assert atlas.find_place("Valencia", country="ES")[0].country == "ES"
    assert atlas.find_place("Portland", near=(43.1, -70.8))[0].admin1 == "Oregon"
    assert atlas.find_place("Portland", country="US", near=(43.1, -70.8), tz="America/New_York")[0].admin1 == "Maine"
    assert [m.country for m in atlas.find_place("Valencia", tz="Europe/Madrid")][:2] == ["ES", "VE"]


@pytest.mark.parametrize(
    ("spellings", "city"),
    [
        ("London|Londres|Londra|LONDON|london", "London GB"),
        ("New York|Nueva York|NYC", "New York City US"),
        ("Geneva|Genf|Genève|Ginebra|Ginevra", "Geneva CH"),
        ("Mailand|Milano|Milán|Milan", "Milan IT"),
        ("Wien|Vienna|Viena|Vienne", "Vienna AT"),
        ("Prag|Praga|Prague|Praha", "Prague CZ"),
        ("Lisboa|Lissabon|Lisbonne|Lisbon", "Lisbon PT"),
        ("München|Munich|Múnich|Muenchen|munchen|MÜNCHEN", "Munich DE"),
        ("Bruselas|Brüssel|Bruxelles|Brussels|Brussel", "Brussels BE"),
        ("Estambul|Istanbul|İstanbul", "Istanbul TR"),
        ("Pekin|Pékin|Peking|Beijing|Pekín", "Beijing CN"),
        ("Sevilla|Seville|Séville", "Sevilla ES"),
        ("Köln|Cologne|Koeln|Koln|Colonia", "Köln DE"),
        ("Venedig|Venecia|Venise|Venezia|Venice", "Venice IT"),
        ("Florenz|Florencia|Firenze|Florence", "Florence IT"),
        ("Moskau|Moscú|Moscou|Moscow", "Moscow RU"),
        ("Kapstadt|Ciudad del Cabo|Le Cap|Cape Town", "Cape Town ZA"),
        ("Mexiko-Stadt|Ciudad de México|CDMX|Mexico City", "Mexico City MX"),
        ("LA|L.A.|Los Angeles|Los Ángeles", "Los Angeles US"),
        ("Mallorca|Majorca|Palma de Mallorca|Palma", "Palma ES"),
        ("Lüttich|Liège|Lieja", "Liège BE"),
        ("Estrasburgo|Straßburg|Strassburg|Strasbourg", "Strasbourg FR"),
        ("Kreta|Crete|Heraklion", "Irákleion GR"),
        ("Frankfurt|Francfort|Frankfurt am Main", "Frankfurt am Main DE"),
        ("St. Petersburg|Sankt Petersburg|San Petersburgo|Saint Petersburg", "Saint Petersburg RU"),
        ("Rom|Roma|Rome", "Rome IT"),
        ("Kiev|Kyiv|Kiew", "Kyiv UA"),
    ],
)
def test_a_city_is_found_under_its_names_in_other_languages(atlas: Atlas, spellings: str, city: str) -> None:
    for typed in spellings.split("|"):
        found = [_short(place) for place in atlas.find_place(typed) if place.kind == "city"]
        assert found[0] == city, typed


@pytest.mark.parametrize(
    ("typed", "iata"),
    [
        ("VLC", "VLC"),
        ("vlc", "VLC"),
        ("BER", "BER"),
        ("IST", "IST"),
        ("Heathrow", "LHR"),
        ("London Heathrow", "LHR"),
        ("Heathrow Airport", "LHR"),
        ("Charles de Gaulle", "CDG"),
        ("Schiphol", "AMS"),
        ("Barajas", "MAD"),
        ("Lanzarote", "ACE"),
        ("Mykonos", "JMK"),
        ("Goa", "GOI"),
    ],
)
def test_an_airport_is_found_by_code_name_and_island(atlas: Atlas, typed: str, iata: str) -> None:
    first = atlas.find_place(typed)[0]
    assert (first.kind, first.iata, first.airports) == ("airport", iata, (iata,))


def test_a_code_in_capitals_is_that_airport_for_everybody(atlas: Atlas) -> None:
    for airport in atlas._airports.all:
        if airport.nonstops and airport.iata not in ("USA", "UAE"):
            assert atlas.find_place(airport.iata, country="VE")[0].iata == airport.iata


def test_a_metropolitan_code_lists_its_airports_busiest_first(atlas: Atlas) -> None:
    london = atlas.find_place("LON")[0]
    assert (london.kind, london.name, london.iata) == ("metro", "London", None)
    assert london.airports == ("LHR", "LGW", "STN", "LTN", "LCY", "SEN")
    assert atlas.find_place("NYC")[0].airports[:3] == ("JFK", "EWR", "LGA")
    assert atlas.find_place("ROM")[0].airports == ("FCO", "CIA")


@pytest.mark.parametrize(
    ("typed", "country", "airport"),
    [
        ("Portugal", "PT", "LIS"),
        ("Spanien", "ES", "MAD"),
        ("España", "ES", "MAD"),
        ("UK", "GB", "LHR"),
        ("Deutschland", "DE", "FRA"),
        ("USA", "US", "ATL"),
        ("UAE", "AE", "DXB"),
        ("Malta", "MT", "MLA"),
        ("Georgia", "GE", "TBS"),
    ],
)
def test_a_country_stands_for_its_busiest_airport(atlas: Atlas, typed: str, country: str, airport: str) -> None:
    first = atlas.find_place(typed)[0]
    assert (first.kind, first.country, first.airports) == ("country", country, (airport,))
    assert first.name == first.country_name


@pytest.mark.parametrize(
    ("typed", "place", "admin1"),
    [
        ("Paris, Texas", "Paris US", "Texas"),
        ("Paris TX", "Paris US", "Texas"),
        ("London, Ontario", "London CA", "Ontario"),
        ("London, ON", "London CA", "Ontario"),
        ("Portland, Maine", "Portland US", "Maine"),
        ("Valencia, Venezuela", "Valencia VE", None),
        ("Valencia, Spain", "Valencia ES", None),
        ("San Jose, Costa Rica", "San José CR", None),
        ("Newcastle, New South Wales", "Newcastle AU", "New South Wales"),
        ("Washington, DC", "Washington US", "District of Columbia"),
        ("Córdoba, España", "Córdoba ES", None),
        ("Berlin, Germany", "Berlin DE", None),
        ("Valencia, please", "Valencia ES", None),
        ("Paris, Texas, USA", "Paris US", "Texas"),
        ("Valencia airport", "Valencia ES", None),
    ],
)
def test_a_name_may_carry_its_region(atlas: Atlas, typed: str, place: str, admin1: str | None) -> None:
    first = atlas.find_place(typed)[0]
    assert (_short(first), first.admin1) == (place, admin1)


@pytest.mark.parametrize(
    "typed", ["", "   ", "!", ",", ", ,", "xyzzyx", "the moon base", "\x00", "\ud800", "a" * 10_000]
)
def test_what_is_no_place_finds_nothing(atlas: Atlas, typed: str) -> None:
    assert atlas.find_place(typed) == []


def test_the_limit_holds_and_the_order_is_stable(atlas: Atlas) -> None:
    many = atlas.find_place("San Antonio", limit=100)
    assert len(many) > 8
    assert atlas.find_place("San Antonio") == many[:8]
    assert atlas.find_place("San Antonio", limit=0) == []


@given(st.text(max_size=40))
def test_no_words_whatever_make_the_search_fail(atlas: Atlas, typed: str) -> None:
    for place in atlas.find_place(typed, tz="Europe/Madrid"):
        assert place.matched in " ".join(typed.split())


def test_every_sizeable_city_is_found_by_its_own_name_in_its_own_country(atlas: Atlas, sources: Sources) -> None:
    missed = []
    for row in sources.rows("cities.csv"):
        if int(row["population"]) < 300_000:
            break
        found = atlas.find_place(row["name"], country=row["country"], limit=3)
        if not any(abs(m.lat - float(row["lat"])) < 0.01 and m.country == row["country"] for m in found):
            missed.append(row["name"])
    assert missed == []
