"""What machines ask: is it ready, and what has it counted."""

import re

import pytest

from backend.errors import StorageError
from backend.runs.sqlite import SQLiteRunLog
from tests.served import client, running_server
from tests.tiny import Gate, tiny_pipeline

SAMPLE = re.compile(r'[a-z_]+(\{status="[a-z]+"\})? -?[0-9.]+')


async def metrics_of(url: str) -> dict[str, float]:
    async with client(url) as http:
        response = await http.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = response.text.splitlines()
    for line in lines:
        assert line.startswith(("# HELP ", "# TYPE ")) or SAMPLE.fullmatch(line), line
    return {name: float(value) for name, value in (line.split(" ") for line in lines if not line.startswith("#"))}


async def test_what_happens_is_counted() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        for q in ("how many", "please fail", "degrade this"):
            await http.post("/assist", json={"q": q})
        for _ in range(3):
            await http.post("/assist", json={"q": "again"}, headers={"Idempotency-Key": "k"})
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            await gate.reached.wait()
            counted = await metrics_of(url)
            assert counted["windowseat_runs_running"] == 1
            assert counted["windowseat_viewers"] == 1
            await http.post(f"/runs/{response.headers['windowseat-run']}/cancel")
            await response.aread()
        counted = await metrics_of(url)
    assert counted["windowseat_runs_started_total"] == 5
    assert counted["windowseat_runs_joined_total"] == 2
    finished = {name[name.index('"') + 1 : -2]: count for name, count in counted.items() if "finished_total" in name}
    assert finished == {"ok": 2, "partial": 1, "failed": 1, "cancelled": 1, "interrupted": 0}
    assert counted["windowseat_events_total"] > 30
    assert counted["windowseat_runs_running"] == counted["windowseat_viewers"] == 0
    assert counted["process_resident_memory_bytes"] > 1_000_000


async def test_a_server_whose_log_can_not_be_written_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        assert (await http.get("/readyz")).status_code == 200

        async def refuse(*_: object, **__: object) -> None:
            raise StorageError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(SQLiteRunLog, "check", refuse)
            unready = await http.get("/readyz")
            assert (unready.status_code, unready.json()["status"]) == (503, "the run log can't be written")
        assert (await http.get("/readyz")).status_code == 200
