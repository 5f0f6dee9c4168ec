"""frames.js over the table of byte cases that the Python parser passes too, however the bytes are cut."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.backend.web.browser import Browser
from tests.backend.web.scripted_site import Site

in_node = pytest.mark.needs("node")

Node = Callable[[str, Any], Any]
CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "fixtures" / "frames.json").read_bytes())["cases"]


def random_splits() -> list[list[list[int]]]:
    rng = random.Random(20)
    return [[sorted(rng.randint(0, len(case["input"])) for _ in range(2)) for _ in range(50)] for case in CASES]


@in_node
def test_every_case_of_the_table_whole_byte_by_byte_and_at_every_split(node: Node) -> None:
    answer = node("frames", {"cases": CASES, "splits": random_splits()})
    assert answer["wrong"] == []
    assert answer["runs"] >= len(CASES) * 53


@pytest.mark.needs("chromium", "chromedriver")
async def test_the_same_table_in_a_browser(browser: Browser, site: Site) -> None:
    await browser.open(f"{site.url}/static/icon.svg")
    table = (Path(__file__).parent / "frame_table.mjs").read_text("utf-8").replace("export ", "")
    load = f"return import('{site.url}/static/frames.js')"
    script = f"{table}\n{load}.then(({{ FrameParser }}) => judge(FrameParser, ...arguments))"
    answer = await browser.run(script, CASES, random_splits())
    assert answer["wrong"] == []
    assert answer["runs"] >= len(CASES) * 53


def feed(node: Node, limit: int, *chunks: str) -> Any:
    return node("frame_steps", {"limit": limit, "chunks": chunks})


@in_node
def test_a_carriage_return_at_the_end_of_a_chunk_dispatches_at_once(node: Node) -> None:
    assert feed(node, 99, "data: a\r\r", "\ndata: b\r\n\r", "\ndata: c\n\n") == [["a"], ["b"], ["c"]]


@in_node
@pytest.mark.parametrize(
    ("chunks", "answers"),
    [
        (["data: 34\n\n"], [["34"]]),
        (["data: 34", "\n", "\n"], [[], [], ["34"]]),
        (["data: 345\n\n"], ["FrameTooLarge 8"]),
        (["data: 34", "5"], [[], "FrameTooLarge 8"]),
        ([": 345678901"], ["FrameTooLarge 8"]),
        (["a\nb\nc\nd\n", "\n"], [[], []]),
        (["a\nb\nc\nd\ne\n", "\n"], ["FrameTooLarge 8", "FrameTooLarge 8"]),
        (["a\r\nb\r\nc\r\nd\r\n", "\r\n", "data: 34\r\n\r\n"], [[], [], ["34"]]),
        (["data: 1\n\ndata: 345\n\ndata: 2\n\n", "data: 3\n\n"], [["1"], "FrameTooLarge 8"]),
    ],
)
def test_a_block_past_the_cap_is_an_error_after_the_frames_before_it(
    node: Node, chunks: list[str], answers: list[Any]
) -> None:
    assert feed(node, 8, *chunks) == answers


@in_node
def test_a_long_line_costs_about_the_same_however_it_is_cut(node: Node) -> None:
    small, large = node("frame_cost", {"size": 4_000_000, "chunks": [64, 65_536]})
    # 62,500 calls cost some ms by themselves; a quadratic reader would take minutes.
    assert small < 20 * large + 200
