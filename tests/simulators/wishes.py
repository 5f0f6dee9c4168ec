"""A language model of few rules: it answers the questions that tests ask with the JSON object that is asked for."""

import json
import re
from typing import Any, Final

WEATHER: Final = {
    "hot": r"\b(hot|warm|sunny|sun|beach)\b",
    "cold": r"\b(cold|cool|snow|skiing|chilly)\b",
    "normal": r"\b(normal|mild)\b",
}
WEEKDAYS: Final = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekend"
NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
NUMBER: Final = rf"(\d+(?:\.\d+)?|{'|'.join(NUMBERS)})"
MOST: Final = r"(?:under|below|at most|max|up to|less than|within)"
LEAST: Final = r"(?:over|above|at least|more than)"
KEYS: Final = (
    "days_ahead", "weekday", "week", "date", "weather", "min_c", "max_c", "max_hours", "origin", "ignored",
)  # fmt: skip


def wish_as_json(body: Any) -> str:
    """The answer to the last question of a conversation: an object with ``KEYS``."""
    return json.dumps(wish_of(question_of(body)), ensure_ascii=False)


def question_of(body: Any) -> str:
    """The question inside the user's last message that has one; it is quoted as a JSON text."""
    for message in reversed(body["messages"]):
        found = re.search(r'Question: ("(?:[^"\\]|\\.)*")', str(message.get("content", "")))
        if message.get("role") == "user" and found:
            return str(json.loads(found[1]))
    return str(body["messages"][-1].get("content", ""))


def wish_of(question: str) -> dict[str, Any]:
    """What a question says; None, "any" or [] for what it doesn't."""
    text = question.lower()
    weather = next((kind for kind, words in WEATHER.items() if re.search(words, text)), "any")
    week = re.search(rf"\b(this|next)\s+(?:{WEEKDAYS})", text)
    weekday = re.search(rf"\b({WEEKDAYS})\b", text)
    date = re.search(r"\b\d{4}-\d\d-\d\d\b", text)
    origin = re.search(r"\bfrom ([A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)*)", question)
    days = _days_ahead(text)
    return {
        "days_ahead": days,
        "weekday": weekday[1] if weekday and days is None and not date else None,
        "week": (week[1] if week else "coming") if weekday else None,
        "date": date[0] if date else None,
        "weather": weather,
        "min_c": _figure(rf"{LEAST} {NUMBER} ?(?:°|deg)", text),
        "max_c": _figure(rf"{MOST} {NUMBER} ?(?:°|deg)", text),
        "max_hours": _figure(rf"{MOST} {NUMBER} ?(?:h\b|hours?)", text),
        "origin": origin[1] if origin else None,
        "ignored": [],
    }


def _days_ahead(text: str) -> int | None:
    if "day after tomorrow" in text:
        return 2
    for word, days in (("tomorrow", 1), ("today", 0), ("tonight", 0)):
        if word in text:
            return days
    days_from_now = _figure(rf"\bin {NUMBER} days?", text)
    return None if days_from_now is None else int(days_from_now)


def _figure(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text)
    if found is None:
        return None
    number = NUMBERS.get(found[1]) or float(found[1])
    return int(number) if float(number).is_integer() else number
