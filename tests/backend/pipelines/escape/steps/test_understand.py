"""The question as it was asked, and what came with it."""

import msgspec
import pytest

from backend.pipeline import Question
from backend.pipelines.escape.steps.understand import is_time_zone, understand
from tests.fake_context import FakeContext


async def test_the_question_its_options_and_the_address_are_handed_on() -> None:
    options = {"tz": "Europe/Madrid", "from": "Gijón"}
    ctx = FakeContext()
    request = await understand(Question("hot, from Valencia", options, "203.0.113.7"), ctx)
    assert (request.text, request.origin, request.from_option) == ("hot, from Valencia", "Valencia", "Gijón")
    assert (request.tz, request.address) == ("Europe/Madrid", "203.0.113.7")
    assert ctx.said == "3 words, leaving from “Valencia”"
    shown = msgspec.json.encode(ctx.outcome).decode()
    assert "Gijón" in shown
    assert "address" not in shown, "a run is kept, and may be shown to others"


@pytest.mark.parametrize("tz", ["Mars/Base", "../etc/passwd", "Europe", "x" * 300, "Europe/Madrid\n"])
async def test_a_time_zone_that_does_not_exist_is_said_and_left_aside(tz: str) -> None:
    ctx = FakeContext()
    request = await understand(Question("hot", {"tz": tz}), ctx)
    assert request.tz is None
    assert ctx.logs == [("warning", f"There is no time zone called “{tz}”; it is left aside.")]


async def test_empty_options_are_no_options() -> None:
    ctx = FakeContext()
    request = await understand(Question("beach", {"tz": "", "from": ""}), ctx)
    assert (request.tz, request.from_option) == (None, None)
    assert ctx.logs == []
    assert ctx.said == "1 word, no place named"


def test_old_names_of_zones_are_zones() -> None:
    assert is_time_zone("Asia/Calcutta")
    assert is_time_zone("UTC")


async def test_a_name_that_no_word_introduces_is_only_perhaps_the_origin() -> None:
    ctx = FakeContext()
    request = await understand(Question("Dublin, Friday, hot", {}), ctx)
    assert (request.origin, request.origin_guessed) == ("Dublin", True)
    assert ctx.said == "3 words, leaving perhaps from “Dublin”"
    assert not (await understand(Question("hot, from Dublin", {}), ctx)).origin_guessed
