"""The simulators of Ollama and llama.cpp keep to what is known of them."""

import httpx

from tests.simulators.chat_calls import ask, frames
from tests.simulators.llamacpp import LlamaCppSimulator
from tests.simulators.ollama import OllamaSimulator


async def test_ollama(client: httpx.AsyncClient) -> None:
    async with OllamaSimulator(load_s=0.05) as sim:
        unknown = await ask(client, sim, model="gone:7b")
        assert unknown.status_code == 404
        assert unknown.json()["error"]["type"] == "not_found_error"
        assert unknown.json()["error"]["code"] is None
        streamed = frames(await ask(client, sim, model="llama3.2", stream=True))
        assert {chunk["choices"][0]["delta"].get("role") for chunk in streamed[:-2]} == {"assistant"}
        assert streamed[0]["system_fingerprint"] == "fp_ollama"
        assert (await client.get(f"{sim.origin}/api/version")).json()["version"]
        assert (await client.get(sim.origin)).text == "Ollama is running"
        assert (await client.get(f"{sim.origin}/api/tags")).json()["models"][0]["name"] == "llama3.2:latest"


async def test_llamacpp(client: httpx.AsyncClient) -> None:
    async with LlamaCppSimulator(loading=2) as sim:
        assert (await client.get(f"{sim.origin}/health")).status_code == 503
        loading = await ask(client, sim)
        assert loading.json()["error"] == {"code": 503, "message": "Loading model", "type": "unavailable_error"}
        assert (await client.get(f"{sim.origin}/health")).json() == {"status": "ok"}
        answer = (await ask(client, sim, model="whatever")).json()
        assert answer["model"] == sim.models[0]
        assert answer["timings"]["prompt_n"] > 0
        long = await ask(client, sim, text="x" * 50_000)
        assert (long.status_code, long.json()["error"]["type"]) == (400, "exceed_context_size_error")
        sim.key = "local"
        refused = await client.get(f"{sim.url}/models")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, 401)
