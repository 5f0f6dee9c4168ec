"""What ``shared.text.clean`` costs on the strings that the terminal app shows.

Run: ``python -m tests.benchmarks.bench_text``. CPU time, in ns a call and as a ratio to ``str.translate``
with a table of the control characters, which cleans far less.
"""

import platform
import statistics
import time
from collections.abc import Callable

from shared.text import clean

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


def nanoseconds(function: Callable[[str], str], text: str) -> float:
    calls = 4_000
    start = time.process_time()
    for _ in range(calls):
        function(text)
    return (time.process_time() - start) / calls * 1e9


def main() -> None:
    print(f"Python {platform.python_version()}")
    for name, text in TEXTS.items():
        rounds = [(nanoseconds(clean, text), nanoseconds(by_translate, text)) for _ in range(9)]
        ours = statistics.median(cleaned for cleaned, _ in rounds)
        ratio = statistics.median(cleaned / translated for cleaned, translated in rounds)
        print(f"{name:22}{len(text):>6} characters{ours:>10,.0f} ns{ratio:>8.2f}x translate")


if __name__ == "__main__":
    main()
