"""The rules of all kinds of phrases, as data. What the kinds mean is in dates, hours, weather and reading."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Rule

MACROS = {
    "duration": (
        "number hours",
        "number hours and? number minutes",
        "number hours tail minutes?",
        "number plushalf hours",
        "number hours plushalf",
        "hours plushalf",
        "half hours",
        "number minutes",
        "clock hours",
    ),
    "temp": ("minus? number degrees",),
    "day": ("day", "day ordinal", "day dot"),
    "month": ("month", "softmonth"),
    "explicit": ("<day> of? <month> year?", "<month> day ordinal? comma? year?", "date"),
    # Macros multiply: what stands in `end` is kept small.
    "end": ("weekday", "offset", "this? weekend", "weekday? <explicit>", "shortday"),
}

_DATES = {
    "offset": ("offset",),
    "soon": ("soon",),
    "now": ("now",),
    "in_days": ("in number days", "number days fromnow"),
    "within_days": ("within number days",),
    "past": ("number days ago", "ago number days", "last weekday|weekend|days", "weekday|weekend|days last"),
    "days_from_weekday": ("number days from|on weekday", "weekday in number days"),
    "days_from_offset": ("number days from offset", "offset in number days"),
    "weekday": (
        "from? weekday",
        "on|coming shortday",
        "on|from? weekday to|range|and <end>",
        "between weekday and <end>",
        "from|on shortday to|range|and <end>",
        "shortday to|range <end>",
        "leave shortday",
    ),
    "this_weekday": ("from? this weekday|shortday",),
    "coming_weekday": ("from? coming weekday", "weekday coming"),
    "next_weekday": ("from? next weekday|shortday", "weekday next"),
    "weekday_next_week": ("nextweek ~1 on? weekday", "weekday of? article? nextweek"),
    "weekend": ("this? weekend", "from|for? weekend"),
    "weekend_of": ("on? weekend of|from|article? article? <explicit>",),
    "coming_weekend": ("coming weekend", "weekend coming"),
    "weekday_week": ("on? weekday weeklater",),
    "next_weekend": ("next weekend", "weekend next", "weekend of? article? nextweek"),
    "next_week": ("nextweek",),
    "week_after_next": ("weekafternext",),
    "next_month": ("nextmonth",),
    "explicit": (
        "<explicit>",
        "on|onday|from|article article? <explicit>",
        "on|onday daymonth",
        "from|between? day dot? to|range|and <explicit>",
        "<explicit> to|range|and <end>",
        "on|from? weekday|shortday|dateday comma|dot? on|article? article? <explicit>",
        "on? <explicit> weekday",
    ),
    "day_of_month": (
        "on|article article? day ordinal",
        "onday day dot?",
        "on? weekday comma? article? day ordinal",
        "on? weekday comma? article day dot",
        "on? weekday figure",
    ),
    "month": ("part month|softmonth year?", "in|next|coming month|softmonth year?", "month year?"),
    "holiday": ("holiday",),
    "offset_range": ("from? offset to|range <end>",),
    "back": ("back ~1 <end>",),
    "in_hours": ("in number hours", "in number hours tail minutes?", "leave ~2 in <duration>", "in <duration> leave"),
}

_HOURS = {
    "limit": ("atmost|within ~3 <duration>", "<duration> ~1 atmost", "not|escape ~5 atleast ~1 <duration>"),
    "between": (
        "between number and|to|range|or <duration>",
        "number to|range|or <duration>",
        "<duration> to|range|or <duration>",
        "between <duration> and|to|range <duration>",
    ),
    "duration": ("<duration>", "for|around <duration>"),
    "ata": ("ata <duration>",),
    "lower_bound": ("atleast ~1 <duration>", "<duration> atleast"),
    "distance": (
        "atmost|within ~3 number kilometres",
        "number kilometres ~1 atmost",
        "not ~5 atleast ~1 number kilometres",
    ),
    "haul": ("haul",),
    "bare_most": ("atmost number",),
}

_TEMPERATURES = {
    "temp_min": (
        "atleast ~2 <temp>",
        "<temp> ~1 atleast",
        "number plus degrees",
        "<temp> plus",
        "not ~2 atmost <temp>",
        "from <temp>",
    ),
    "temp_max": ("atmost ~2 <temp>", "<temp> ~1 atmost", "not ~2 atleast <temp>"),
    "temp_range": (
        "minus? number degrees? to|range|or minus? number degrees",
        "between minus? number degrees? and|to|range minus? number degrees",
    ),
    "temp_about": ("around|for? <temp>",),
    "temp_zero": ("belowzero",),
    "bare_least": ("atleast number",),
}

_ANY = "weather|activity|soft"
_WEATHER = {
    "wish": (_ANY, f"where its? ~2 {_ANY}"),
    "inverted": (
        f"escape ~2 {_ANY}",
        f"{_ANY} escapepost",
        f"{_ANY} ~1 escapepost",
        f"too {_ANY}",
        f"{_ANY} here",
        f"here ~3 too? {_ANY}",
        "its too? ~1 weather",
        "its ~1 extra? and ~1 weather",
        "from article weather|soft",
        "from extra? weather extra?",
        f"{_ANY} rightnow in",
    ),
    "negated": (
        f"not ~3 too? {_ANY}",
        f"not ~3 too? {_ANY} nor not? too? {_ANY}",
    ),
    "tolerated": (f"tolerate ~1 {_ANY}", f"tolerate ~1 {_ANY} nor {_ANY}"),
    "any_weather": ("anyweather",),
}

_EXTRAS = {
    "extra": (
        "for|with? number people|bags|companion",
        "atmost|atleast|around? number money|people|bags",
        "atleast|around? number kilometres",
        "atmost|atleast|around? money number",
        "for|around? number days|nights",
        "for number days and|or number days",
        "with ~2 companion|people",
        "companion",
        "extra",
        "with|for ~1 extra",
    ),
    "clock": (
        "at|around|from|to? number oclock",
        "at number",
        "at|ata|around|from? clock oclock?",
        "clock",
        "at <duration>",
    ),
    "for_number": ("for number",),
    "daypart": ("daypart",),
    "name": ("place",),
    "neutral": ("neutral",),
}

RULES = tuple(
    Rule(kind, pattern)
    for group in (_DATES, _HOURS, _TEMPERATURES, _WEATHER, _EXTRAS)
    for kind, patterns in group.items()
    for pattern in patterns
)
