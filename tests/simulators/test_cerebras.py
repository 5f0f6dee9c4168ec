"""The Cerebras simulator keeps to what is known of the service."""

import httpx

from tests.simulators.cerebras import KEY as CEREBRAS_KEY
from tests.simulators.cerebras import CerebrasSimulator
from tests.simulators.chat_calls import JSON_MODE, ask
from tests.simulators.clock import SimulatedClock
from tests.simulators.replies import Delta, Reply


async def test_errors_are_flat(client: httpx.AsyncClient) -> None:
    async with CerebrasSimulator() as sim:
        unknown = await ask(client, sim, model="nothing")
        assert (unknown.status_code, unknown.json()["type"]) == (404, "not_found_error")
        archived = await ask(client, sim, model="llama3.1-8b")
        assert archived.json()["type"] == "model_archived_error"
        wrong = await ask(client, sim, logit_bias={})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_api_format")
        sim.json_streams = False
        assert (await ask(client, sim, stream=True, **JSON_MODE)).status_code == 400
        sim.faults.next(status=503)
        assert set((await ask(client, sim)).json()) == {"message", "type", "param", "code"}
        bad = await client.get(f"{sim.url}/models", headers={"Authorization": "Bearer csk-no"})
        assert (bad.status_code, bad.json()["code"]) == (401, "wrong_api_key")
        assert CEREBRAS_KEY.startswith("csk-")


async def test_five_a_minute(client: httpx.AsyncClient) -> None:
    clock = SimulatedClock.frozen()
    async with CerebrasSimulator(clock=clock) as sim:
        answers = [await ask(client, sim) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[0].headers["x-ratelimit-remaining-requests-minute"] == "4"
        assert answers[0].headers["x-ratelimit-reset-requests-minute"] == "53.000000"
        assert float(answers[0].headers["x-ratelimit-reset-tokens-minute"]) <= 60
        assert answers[0].headers["x-ratelimit-limit-requests-day"] == "2400"
        assert answers[0].headers["inference-id"]
        assert answers[5].headers["retry-after"] == "60"
        assert answers[5].json()["type"] == "too_many_requests_error"
        clock.advance(minutes=1)
        assert (await ask(client, sim)).status_code == 200
        sim.busy = True
        assert (await ask(client, sim)).json()["code"] == "queue_exceeded"


async def test_tokens_are_reserved_up_front(client: httpx.AsyncClient) -> None:
    async with CerebrasSimulator() as sim:
        answer = await ask(client, sim, max_completion_tokens=None)
        assert (answer.status_code, answer.json()["code"]) == (429, "token_quota_exceeded")
        assert sim.refusals == ["Cerebras: no max_completion_tokens"]


async def test_content_may_be_absent(client: httpx.AsyncClient) -> None:
    async with CerebrasSimulator() as sim:
        sim.say(Reply(deltas=[Delta(reasoning="only thoughts")]))
        answer = (await ask(client, sim)).json()
        assert "content" not in answer["choices"][0]["message"]
        assert isinstance(answer["time_info"]["created"], float)
        assert "x_groq" not in answer
