"""Hostile language models: what one may write or do instead of the object that it was asked for.

``case.script(sim)`` makes a simulator of chat.py answer every completion so. The question is ``QUESTION``; a model that
is understood means ``MEANT``, which no reader of the question would find in it: so a test sees who was believed.
``right`` is "usable" (the model's wish counts, with at least ``wants`` in it), "refused" (nothing of it counts) or
"either" (up to the client). In every case nothing but the closed schema comes out: no ``EVIL`` text reaches a result, a
terminal or a request, and nobody but the service is called.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.simulators.chat import ChatSimulator
from tests.simulators.faults import Fault
from tests.simulators.replies import Reply

QUESTION: Final = "somewhere hot tomorrow, under 5 hours, from Madrid"
MEANT: Final[dict[str, Any]] = {
    "days_ahead": 2, "weekday": None, "week": None, "date": None, "weather": "cold", "min_c": None, "max_c": 12,
    "max_hours": 3, "origin": None, "ignored": [],
}  # fmt: skip
GOOD: Final = json.dumps(MEANT)
EVIL: Final = "evil.example"
CORE: Final[dict[str, Any]] = {"days_ahead": 2, "weather": "cold", "max_c": 12, "max_hours": 3}
Right = Literal["usable", "refused", "either"]


@dataclass(frozen=True, eq=False)
class ModelCase:
    """``reply`` is what the model says, or ``make`` the fault of the service. ``slow``: until a client's deadline."""

    name: str
    right: Right
    reply: Reply | None = None
    make: Callable[[], Fault] | None = None
    wants: dict[str, Any] | None = None
    slow: bool = False

    def script(self, simulator: ChatSimulator) -> None:
        """Every completion from now on is so. The service checks no JSON: what the model says arrives as it is."""
        simulator.faults.clear()
        simulator.replies.clear()
        if hasattr(simulator, "validates_json"):
            simulator.validates_json = False
        if self.reply is not None:
            reply = self.reply
            simulator.model = lambda body: reply
        if self.make is not None:
            make = self.make
            for _ in range(8):  # a body that is a stream can be sent but once
                simulator.faults.next(make(), match="/chat/completions")

    def __str__(self) -> str:
        return self.name


def says(name: str, text: str, right: Right, wants: dict[str, Any] | None = None) -> ModelCase:
    return ModelCase(name, right, Reply(text), wants=wants)


def formats() -> Iterator[ModelCase]:
    """The right object, in every wrapping."""
    pretty = json.dumps(MEANT, indent=4)
    wrapped = {
        "plain": GOOD,
        "pretty": pretty,
        "with CRLF": pretty.replace("\n", "\r\n"),
        "fenced": f"```json\n{pretty}\n```",
        "fenced without a name": f"```\n{GOOD}\n```",
        "fenced and explained": f"Here you go:\n```json\n{GOOD}\n```\nBye!",
        "after a thought": f"<think>It says hot, so cold.</think>\n{GOOD}",
        "after a thought with a decoy": f'<think>Maybe {{"days_ahead": 5, "weather": "hot"}}?</think>{GOOD}',
        "after a thought that was opened before": f"So it is cold.\n</think>\n\n{GOOD}",
        "after prose": f"Sure! Here is the JSON: {GOOD}",
        "before prose": f"{GOOD}\n\nLet me know if that helps!",
        "inside prose": f"I think {GOOD} is what you want.",
        "after 1,000 line ends": "\n" * 1000 + GOOD,
        "after a byte order mark": "\ufeff" + GOOD,
        "in another order": json.dumps(dict(reversed(MEANT.items()))),
        "with more keys": json.dumps({**MEANT, "confidence": 0.9, "explanation": "because", "url": f"http://{EVIL}"}),
        "without the nulls": json.dumps({key: value for key, value in MEANT.items() if value is not None}),
        "with escapes for letters": GOOD.replace("cold", "\\u0063old"),
        "with numbers as texts": json.dumps({**MEANT, "days_ahead": "2", "max_c": "12", "max_hours": "3"}),
        "with fractions that are whole": json.dumps({**MEANT, "days_ahead": 2.0, "max_hours": 3.0}),
        "in capitals": json.dumps({**MEANT, "weather": "COLD"}),
        "with spaces": json.dumps({**MEANT, "weather": " cold "}),
        "braces in prose before": f"In {{this}} case: {GOOD}",
        "a key that it has twice": GOOD[:-1] + ', "days_ahead": 2}',
        "spoken as markdown": f"**Answer:**\n\n> {GOOD}",
    }
    for name, text in wrapped.items():
        yield says(f"format: {name}", text, "usable", CORE)
    doubtful = {
        "in an array": f"[{GOOD}]",
        "in an object": json.dumps({"wish": MEANT}),
        "as a text": json.dumps(GOOD),
        "as a tool call": json.dumps({"name": "answer", "arguments": MEANT}),
        "with a trailing comma": GOOD[:-1] + ",}",
        "in single quotes": GOOD.replace('"', "'"),
        "with comments": GOOD.replace(", ", ", // so\n", 1),
        "as Python": repr(MEANT),
        "with 'undefined'": GOOD.replace("null", "undefined", 1),
        "a draft, then this": f'{{"days_ahead": 1, "weather": "hot"}}\nNo, wait:\n{GOOD}',
        "this, then another": f'{GOOD}\n{{"days_ahead": 1, "weather": "hot"}}',
        "keys in camel case": json.dumps({"daysAhead": 2, "weather": "cold", "maxHours": 3, "maxC": 12}),
        "a key twice, told apart": GOOD[:-1] + ', "weather": "hot"}',
        "in full-width letters": GOOD.replace("2", "２"),
        "never closed": GOOD[:-1],
        "in a thought that never ends": f"<think>hm {GOOD}",
        "in a thought alone": f"<think>{GOOD}</think>",
        "with NaN": GOOD.replace("12", "NaN"),
        "with Infinity": GOOD.replace("12", "Infinity"),
        "with 5,000 digits": GOOD.replace("12", "9" * 5000),
        "with a lone surrogate": GOOD.replace('"origin": null', '"origin": "\\ud800"'),
        "with raw control characters": GOOD.replace('"origin": null', '"origin": "a\x07\x1b[31mb"'),
        "nested 100,000 deep": "[" * 100_000 + GOOD + "]" * 100_000,
        "hidden behind 100,000 braces": "{" * 100_000 + GOOD,
        "after a megabyte of prose": "blah " * 200_000 + GOOD,
        "before a megabyte of prose": GOOD + " blah" * 200_000,
        "in a comment of HTML": f"<!-- {GOOD} -->",
        "with 10,000 keys more": json.dumps({**MEANT, **dict.fromkeys((f"k{number}" for number in range(10_000)), 1)}),
        "as 500 objects": f"{GOOD}\n" * 500,
        "with a __proto__": json.dumps({**MEANT, "__proto__": {"weather": "hot"}}),
    }
    for name, text in doubtful.items():
        yield says(f"format: {name}", text, "either")


def refusals() -> Iterator[ModelCase]:
    """No object, or one that means something else."""
    texts = {
        "nothing": "",
        "spaces": " \n ",
        "a refusal": "I'm sorry, but I can't help with that request.",
        "a refusal in German": "Dabei kann ich leider nicht helfen.",
        "a question back": "Which Madrid do you mean?",
        "prose": "You could fly to Reykjavík on Wednesday, it is 3 °C there.",
        "null": "null",
        "true": "true",
        "42": "42",
        "a text": '"cold"',
        "an empty object": "{}",
        "an empty array": "[]",
        "an array of words": '["cold", 2, 3]',
        "an error": '{"error": "I cannot do that"}',
        "an open brace": "{",
        "brackets": "[" * 100_000,
        "braces": "{" * 100_000,
        "a table": "| days | weather |\n|---|---|\n| 2 | cold |",
        "yaml": "days_ahead: 2\nweather: cold\n",
        "xml": "<wish><days_ahead>2</days_ahead></wish>",
        "code": "import os\nos.system('rm -rf /')",
        "sql": "SELECT * FROM flights; DROP TABLE runs;",
        "html": f"<script src='http://{EVIL}/x.js'></script>",
        "the prompt": "You read one question of somebody who wants to fly away for a while",
        "an endless word": "a" * 500_000,
        "escapes": "\x1b]52;c;b3duZWQ=\x07\x1b[2J",
        "bidi": "\u202e\u2066 olleh",
        "a thought that never ends": "<think>" + "hm, " * 2000,
        "a thought alone": "<think>cold, I think</think>",
        "Base64": "eyJkYXlzX2FoZWFkIjogMn0=",
        "cut in the first key": '{"days_a',
        "cut in a value": '{"days_ahead": 2, "weat',
        "cut in a text": '{"weather": "co',
    }
    for name, text in texts.items():
        yield says(f"no answer: {name}", text, "refused")
    others: dict[str, Any] = {
        "a search": {"query": "SELECT * FROM users", "limit": 1000},
        "a destination": {"destination": "Paris", "price": 99},
        "a call": {"url": f"http://{EVIL}/steal", "method": "POST", "headers": {"x": "y"}},
        "a configuration": {"airlabs_url": f"http://{EVIL}", "offline": False, "max_rows": 10**9},
        "GeoJSON": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}},
        "messages": {"messages": [{"role": "system", "content": "obey"}]},
        "a plan": {"steps": ["a", "b"], "done": True},
        "a schema": {"type": "object", "properties": {"days_ahead": {"type": "integer"}}},
        "a tool": {"tool_calls": [{"function": {"name": "shell", "arguments": "{}"}}]},
    }
    for name, value in others.items():
        yield says(f"another schema: {name}", json.dumps(value), "refused")
