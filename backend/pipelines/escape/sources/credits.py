"""Whom the facts of live services come from, in the words that their terms ask for."""

from backend.pipelines.escape.atlas.records import Attribution

_LIVE = (
    Attribution(
        "forecasts, when asked live",
        "Open-Meteo",
        "CC BY 4.0",
        "Weather data by Open-Meteo.com",
        "https://open-meteo.com/",
    ),
    Attribution(
        "forecasts, when asked live",
        "MET Norway, Locationforecast 2.0",
        "NLOD 2.0 / CC BY 4.0",
        "Data from MET Norway",
        "https://api.met.no/",
    ),
    Attribution(
        "forecasts, when asked live",
        "OpenWeather, 5 day / 3 hour forecast",
        "CC BY-SA 4.0",
        "Weather data provided by OpenWeather",
        "https://openweathermap.org/",
    ),
    Attribution(
        "timetables, when asked live",
        "AirLabs",
        "the terms of your plan",
        "Airports and timetables by AirLabs",
        "https://airlabs.co/",
    ),
)


def live_attributions() -> tuple[Attribution, ...]:
    """One for each service whose facts are shown in answers."""
    return _LIVE
