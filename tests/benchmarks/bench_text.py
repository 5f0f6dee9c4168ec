"""What ``shared.text.clean`` costs on the strings that the terminal app shows.

Run: ``python -m tests.benchmarks.bench_text``. CPU time, in ns a call and as a ratio to ``str.translate``
with a table of the control characters, which cleans far less.
"""

from collections.abc import Iterator
from functools import partial

from shared.text import clean
from tests.benchmarks.harness import Options, Row, alone, interleaved, ratio, timed

CELL = "Non-stop destinations on Wednesday from Valencia: 37 in all."
TEXTS = {
    "ASCII cell": CELL,
    "accented cell": CELL.replace("a", "á"),
    "CJK cell": "東京 北京 " * 10,
    "Devanagari cell": "नमस्ते दिल्ली " * 4,
    "emoji families": "👩‍👩‍👧 " * 8,
    "cell with an escape": CELL + "\x1b[2J",
    "40 lines of ASCII": (CELL + "\n") * 40,
}
CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])


def by_translate(text: str) -> str:
    return text.translate(CONTROLS)


def rows(options: Options) -> Iterator[Row]:
    for name, text in TEXTS.items():
        sides = {"ours": timed(partial(clean, text), 4_000), "peer": timed(partial(by_translate, text), 4_000)}
        found = interleaved(sides, options.rounds)
        yield ratio(f"clean, {name} / translate", found["ours"], found["peer"], scale=1e9, each="ns/call")


if __name__ == "__main__":
    alone(rows)
