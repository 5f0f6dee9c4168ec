"""Whatever a model writes and however its service fails: a wish of the closed schema, or the built-in reader's."""

import asyncio
import tracemalloc
from typing import Any

import msgspec
import pytest

from backend.errors import SourceError
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Bands, Intent, Place, Request
from backend.pipelines.escape.reader import read
from backend.pipelines.escape.sources.chat import trouble as chat_trouble
from backend.pipelines.escape.sources.chat.server import MAX_LISTED, MAX_REQUESTS
from backend.pipelines.escape.sources.chat.writing import MAX_ANSWER_CHARS, MAX_REASONING_CHARS
from backend.pipelines.escape.sources.sources import open_sources
from backend.pipelines.escape.steps.locate import FROM_QUESTION
from backend.pipelines.escape.steps.wish import read_wish
from shared import events as ev
from shared.text import clean
from tests.backend.pipelines.escape.sources.chat.asking import config
from tests.fake_context import NOON, FakeContext, Now
from tests.simulators.chat import ChatSimulator
from tests.simulators.corpus_model import EVIL, QUESTION, ModelCase
from tests.simulators.model_cases import model_corpus
from tests.simulators.openai import OpenAISimulator

CASES = model_corpus()
BANDS = Bands()
REQUEST = Request(QUESTION, origin="Madrid")
PLACE = Place("Madrid", "Spain", 40.4, -3.7, "Europe/Madrid", NOON.date(), FROM_QUESTION)
BY_READER = read(QUESTION, NOON.date(), BANDS)
IN_INTENT = {"max_hours": "hours"}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_trouble, "SHORT_S", 0.001)
    monkeypatch.setattr(chat_trouble, "LOADING_S", 0.001)
    monkeypatch.setattr(chat_trouble, "LONGEST_WAIT_S", 0.1)


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The addresses that anything in this process connected to."""
    addresses: set[str] = set()
    connect = asyncio.selector_events.BaseSelectorEventLoop.sock_connect

    async def noted(loop: Any, sock: Any, address: Any) -> None:
        addresses.add("{}:{}".format(*address[:2]))
        await connect(loop, sock, address)

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", noted)
    return addresses


async def both_attempts(
    sim: ChatSimulator, atlas: Atlas, *, slow: bool
) -> tuple[FakeContext, FakeContext | None, Intent]:
    """The step as the engine runs it, with a server that has just been started."""
    limits = {"llm_first_token_s": 0.3, "llm_timeout_s": 0.6} if slow else {}
    async with open_sources(config(sim.url, llm_model=sim.models[0], **limits)) as sources:
        first = FakeContext()
        try:
            wish = await read_wish(REQUEST, Now(PLACE), BANDS, atlas, sources, first)
            return first, None, wish
        except SourceError as error:
            failed = error
        assert (failed.retryable, failed.retry_in_s) == (True, 0)
        failure = ev.ErrorInfo(code=failed.code, message=failed.message, hint=failed.hint, retryable=True)
        second = FakeContext(attempt=2, failure=failure)
        wish = await read_wish(REQUEST, Now(PLACE), BANDS, atlas, sources, second)
        return first, second, wish


def check_bounds(wish: Intent) -> None:
    assert msgspec.convert(msgspec.to_builtins(wish), Intent) == wish
    assert wish.weather in ("cold", "normal", "hot", "any")
    assert 0.5 <= wish.hours <= 24
    assert 0 <= wish.days_ahead <= 730
    assert (wish.depart - NOON.date()).days == wish.days_ahead
    assert all(limit is None or -60 <= limit <= 60 for limit in (wish.min_c, wish.max_c))
    assert wish.min_c is None or wish.max_c is None or wish.min_c <= wish.max_c
    assert wish.origin == "Madrid"
    assert all(piece in QUESTION for piece in wish.ignored)


def said(ctx: FakeContext, wish: Intent) -> list[str]:
    """All that is told but what the model itself wrote."""
    calls = [text for call in ctx.calls for text in (call.text, call.source, str(call.status), str(call.request))]
    sentences = [ctx.said or "", wish.said, *wish.assumed, *wish.ignored]
    return [*(text for _, text in ctx.logs), *ctx.degradations, *calls, *sentences]


PARTS = 16


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_case_ends_with_a_wish_within_its_bounds(bundled: Atlas, part: int, called: set[str]) -> None:
    told: dict[str, list[str]] = {"model": [], "reader": []}
    for case in [case for case in CASES[part::PARTS] if not case.slow]:
        told[await one_case(case, bundled, called)].append(case.name)
    assert len(told["model"]) > 5
    assert len(told["reader"]) > 2


async def test_what_never_ends_ends_at_its_time(bundled: Atlas) -> None:
    slow = [case for case in CASES if case.slow]
    assert len(slow) >= 8
    assert await asyncio.gather(*(one_case(case, bundled) for case in slow)) == ["reader"] * len(slow)


async def one_case(case: ModelCase, atlas: Atlas, called: set[str] | None = None) -> str:
    """Who read the wish in the end, judged by what is right."""
    if called is not None:
        called.clear()
    async with OpenAISimulator.compatible() as sim:
        case.script(sim)
        async with asyncio.timeout(20):
            first, second, wish = await both_attempts(sim, atlas, slow=case.slow)
        check_requests(case, sim)
        assert called is None or called == {sim.origin.removeprefix("http://")}, "nobody else is called"
    check_bounds(wish)
    texts = said(second or first, wish) + said(first, wish)
    assert not [text for text in texts if EVIL in text], case.name
    assert not [text for text in texts if clean(text, keep_newlines=True) != text], case.name
    check_tokens(case, first)
    if second is None:
        assert case.right != "refused", case.name
        check_wanted(case, wish)
        return "model"
    assert case.right != "usable" or is_too_long(case), case.name
    assert wish == BY_READER
    assert [text.endswith("; the built-in reader read the wish instead.") for text in second.degradations] == [True]
    return "reader"


def is_too_long(case: ModelCase) -> bool:
    """Right, and longer than is listened to."""
    return case.reply is not None and len(case.reply.content) > MAX_ANSWER_CHARS


def check_requests(case: ModelCase, sim: ChatSimulator) -> None:
    """Nobody but the service is called, nowhere else, and not often."""
    assert {(seen.method, seen.path) for seen in sim.requests} <= {("POST", "/chat/completions"), ("GET", "/models")}
    posts = [seen for seen in sim.requests if seen.method == "POST"]
    assert 1 <= len(posts) <= MAX_REQUESTS + MAX_LISTED, case.name
    assert not [seen for seen in sim.requests if EVIL.encode() in seen.target.encode()]


def check_tokens(case: ModelCase, ctx: FakeContext) -> None:
    text = "".join(piece for _, piece in ctx.tokens)
    assert clean(text, max_chars=1 << 22, keep_newlines=True) == text, case.name
    # Each of a few requests is cut off at its limit, or at the end of the frame that passed it.
    assert len(text) <= 2 * (MAX_ANSWER_CHARS + MAX_REASONING_CHARS + 256 * 1024), case.name


def check_wanted(case: ModelCase, wish: Intent) -> None:
    wanted: dict[str, Any] = case.wants or {}
    found = {key: getattr(wish, IN_INTENT.get(key, key)) for key in wanted}
    assert found == wanted, case.name


HEAVY = [case for case in CASES if any(word in case.name for word in ("50 MB", "bomb", "for ever", "without an end"))]


@pytest.mark.parametrize("case", HEAVY, ids=str)
async def test_memory_is_bounded(bundled: Atlas, case: ModelCase) -> None:
    async with OpenAISimulator.compatible() as sim:
        case.script(sim)
        tracemalloc.start()
        try:
            await both_attempts(sim, bundled, slow=True)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # The simulator's own pieces are in it.
    assert peak < 20 << 20
