"""English: phrases of days and numbers, and their tags. Data only; see `grammar.Table` for the shape."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Table

WORDS: Table = {
    "offset": {
        -1: "yesterday",
        0: (
            "today | tonight | this evening | this morning | this afternoon | asap | immediately"
            " | as soon as possible | right away | later today | straight away | at once"
        ),
        1: "tomorrow | tmrw | tomorrow's",
        2: "day after tomorrow | the day after tomorrow | overmorrow",
    },
    "now": {"": "now | right now"},
    "soon": {
        "": ("soon | in the next few days | in the coming days | over the next few days | this week | any day"),
    },
    "daypart": {
        "": (
            "morning | in the morning | early morning | afternoon | in the afternoon | evening"
            " | in the evening | night | at night | noon | at noon | midnight | midday | before noon"
            " | lunchtime | after work | all day"
        ),
    },
    "weekday": {
        0: "monday | mondays",
        1: "tuesday | tue | tues | tuesdays",
        2: "wednesday | wed | weds | wednesdays",
        3: "thursday | thu | thur | thurs | thursdays",
        4: "friday | fri | fridays",
        5: "saturday | sat | saturdays",
        6: "sunday | sundays",
    },
    "shortday": {0: "mon", 6: "sun"},
    "on": {"": "on | on the | by | for"},
    "this": {"": "this"},
    "next": {"": "next"},
    "coming": {"": "coming | this coming | the coming | upcoming"},
    "last": {"": "last"},
    "weekend": {"": "weekend | w/e | week-end | weekends"},
    "nextweek": {"": "next week | the week after | following week | coming week"},
    "weekafternext": {"": "week after next | the week after next"},
    # "Saturday week" is a week after Saturday.
    "weeklater": {"": "week"},
    "nextmonth": {"": "next month"},
    "month": {
        1: "january",
        2: "february",
        4: "april",
        6: "june",
        7: "july",
        8: "august",
        9: "september",
        10: "october",
        11: "november",
        12: "december",
    },
    "softmonth": {
        1: "jan",
        2: "feb",
        3: "march | mar",
        4: "apr",
        5: "may",
        6: "jun",
        7: "jul",
        8: "aug",
        9: "sep | sept",
        10: "oct",
        11: "nov",
        12: "dec",
    },
    "part": {
        5: "early | beginning of | start of | the beginning of | the start of",
        15: "mid | middle of | the middle of",
        25: "late | end of | the end of",
    },
    "holiday": {
        "12-24": "christmas eve",
        "12-26": "boxing day",
        "12-25": "christmas | christmas day | xmas",
        "12-31": "new year's eve",
        "1-1": "new year's day | new year | new year's",
        "2-14": "valentine's day | valentine's",
        "10-31": "halloween",
    },
    "in": {"": "in | in about | in around | in the next | in like | in just"},
    "days": {
        1: "day | days",
        7: "week | weeks",
        14: "fortnight",
        30: "month | months",
    },
    "nights": {"": "night | nights"},
    "fromnow": {"": "from now | from today | time"},
    "ago": {"": "ago"},
    "back": {
        "": (
            "until | till | back | back on | back by | return | returning | returning on | return on | til"
            " | coming back | coming home | through"
        ),
    },
    "ordinal": {"": "st | nd | rd | th"},
    "number": {
        0: "zero",
        1: "a | an | one",
        2: "two | a couple of | a couple | couple of",
        3: "three | a few",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        25: "twenty five",
        30: "thirty",
        35: "thirty five",
        40: "forty",
        45: "forty five",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "a hundred",
    },
}
