"""What a server does over and over: it forgets, and goes on after an outage of its log."""

import asyncio
import logging

import pytest

from backend.errors import StorageError
from backend.runs import keeping
from tests.nodes import eventually
from tests.served import client, running_server
from tests.tiny import Gate, tiny_pipeline


async def test_a_server_keeps_as_many_runs_as_it_is_told_and_those_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "RETAIN_S", 0.05)
    gate = Gate()
    async with (
        running_server([tiny_pipeline(gate)], retain_runs=2) as url,
        client(url) as http,
        http.stream("POST", "/assist", json={"q": "please wait"}) as waiting,
    ):
        asked = [await http.post("/assist", json={"q": "how many letters"}) for _ in range(5)]
        kept = [answer.headers["windowseat-run"] for answer in (waiting, *asked[-2:])][::-1]

        async def forgotten() -> bool:
            return [run["run"] for run in (await http.get("/runs")).json()["runs"]] == kept

        await eventually(forgotten)
        gate.opened.set()


async def test_an_outage_is_told_once_and_a_bug_each_time_and_neither_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[Exception | None] = [
        StorageError("full"), StorageError("full"), None, StorageError("full again"), KeyError("a bug"), None,
    ]  # fmt: skip
    calls = 0

    async def job() -> None:
        nonlocal calls
        calls += 1
        outcome = outcomes[calls - 1] if calls <= len(outcomes) else None
        if outcome is not None:
            raise outcome

    task = asyncio.create_task(keeping._every(0.001, job))
    with caplog.at_level(logging.WARNING, logger="backend.runs.keeping"):
        await eventually(lambda: calls > len(outcomes))
    task.cancel()
    await asyncio.wait([task])
    told = [record.getMessage() for record in caplog.records]
    assert [message.rpartition(": ")[2] for message in told] == ["full", "full again", "a bug in keeping house"]
