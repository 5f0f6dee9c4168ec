"""What the page holds before any script: the whole offer of its server, as text."""

import re
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from backend.http import pages, problems
from backend.pipeline import Option, Pipeline
from backend.registry import PIPELINES
from tests.tiny import tiny_pipeline

HOSTILE = '"><img src=x onerror=alert(1)><!-- steps -->\u202e\x1b[31m'


def client_of(*pipelines: Pipeline) -> Client:
    app = Quart("pages", static_folder=None)
    app.extensions["pipelines"] = pipelines
    app.register_blueprint(pages.blueprint)
    problems.install(app)
    return app.test_client()


async def read(client: Client, path: str = "/") -> str:
    return await (await client.get(path)).get_data(as_text=True)


def without_key(text: str) -> str:
    stripped, count = re.subn(r'<input type="hidden" name="Idempotency-Key" value="[\w-]{22}">', "", text)
    assert count == 1
    return stripped


async def test_each_page_has_a_key_of_its_own_for_its_form() -> None:
    client = client_of(tiny_pipeline())
    first, second = await read(client), await read(client)
    assert first != second
    assert without_key(first) == without_key(second)


async def test_the_plan_the_examples_and_the_attributions_are_there_at_once() -> None:
    [escape] = PIPELINES
    text = await read(client_of(escape))
    assert f'<h1 id="title">{escape.title}</h1>' in text
    assert text.count('<li class="step" data-state="waiting">') == len(escape.plan())
    assert text.count('name="example"') == len(escape.examples)
    assert '<span class="number">2b</span>' in text
    assert 'href="https://www.geonames.org' in text
    assert 'class="picker" hidden' in text
    assert "<!--" not in text


async def test_more_than_one_pipeline_is_a_list_and_an_address_chooses() -> None:
    client = client_of(*PIPELINES, tiny_pipeline())
    text = await read(client)
    assert 'class="picker">' in text
    assert '<option value="escape" selected>Where can I escape to?</option>' in text
    assert '<option value="tiny">How many letters?</option>' in text
    other = await read(client, "/?pipeline=tiny")
    assert '<option value="tiny" selected>' in other
    assert '<h1 id="title">How many letters?</h1>' in other
    assert without_key(await read(client, "/?pipeline=none")) == without_key(text)
    first, second = await client.get("/"), await client.get("/?pipeline=tiny")
    assert first.headers["ETag"] != second.headers["ETag"]


@pytest.mark.parametrize("field", ["title", "name", "examples", "options"])
async def test_hostile_words_are_text(field: str) -> None:
    values: dict[str, Any] = {"examples": [HOSTILE], "options": [Option(HOSTILE, HOSTILE)]}
    tiny = tiny_pipeline()
    setattr(tiny, field, values.get(field, HOSTILE))
    text = await read(client_of(tiny))
    assert "<img" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!-- steps --&gt;" in text


async def test_without_pipelines_the_page_is_there() -> None:
    assert '<h1 id="title">Ask something that takes a while</h1>' in await read(client_of())
