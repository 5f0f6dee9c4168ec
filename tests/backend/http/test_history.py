"""The runs of before: found by their question, forgotten, brought in from a file."""

import asyncio

import httpx
import pytest

from tests.served import client, running_server, without_heartbeats
from tests.tiny import Gate, tiny_pipeline

LINES = {"Accept": "application/x-ndjson"}
FILE = {"Content-Type": "application/x-ndjson"}


async def asked(http: httpx.AsyncClient, q: str = "how many letters are here") -> str:
    run: str = (await http.post("/assist", json={"q": q})).headers["windowseat-run"]
    return run


async def exported(http: httpx.AsyncClient, run: str) -> bytes:
    return (await http.get(f"/runs/{run}/events", headers=LINES)).content


async def listed(http: httpx.AsyncClient, **params: str | int) -> list[str]:
    return [run["run"] for run in (await http.get("/runs", params=params)).json()["runs"]]


async def test_runs_are_found_by_the_words_of_their_question() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        warm, kalt, both = [
            await asked(http, q) for q in ("Somewhere warm from Kraków", "Kälte, 100% sure", "from KRAKÓW in der Kälte")
        ]
        for q, found in {
            "kraków": [both, warm],
            "KRAKÓW from": [both, warm],
            "kälte": [both, kalt],
            "kälte kraków": [both],
            "100%": [kalt],
            "%": [kalt],
            "_": [],
            "nothing of it": [],
            " ": [both, kalt, warm],
        }.items():
            assert await listed(http, q=q) == found, q
        assert await listed(http, q="kraków", before=both) == [warm]
        assert await listed(http, q="kraków", limit=1) == [both]


async def test_a_page_says_where_the_next_one_begins() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        runs = [await asked(http) for _ in range(5)][::-1]
        seen: list[str] = []
        page = (await http.get("/runs", params={"limit": 2})).json()
        seen += [run["run"] for run in page["runs"]]
        while "next" in page:
            page = (await http.get("/runs", params={"limit": 2, "before": page["next"]})).json()
            seen += [run["run"] for run in page["runs"]]
        assert seen == runs


async def test_a_forgotten_run_is_gone() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, other = await asked(http), await asked(http)
        assert (await http.delete(f"/runs/{run}")).status_code == 204
        for path in (f"/runs/{run}", f"/runs/{run}/events"):
            assert (await http.get(path)).status_code == 404
        assert (await http.delete(f"/runs/{run}")).status_code == 404
        assert await listed(http) == [other]


async def test_a_run_under_way_can_not_be_forgotten_nor_by_another_site() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            await gate.reached.wait()
            run = response.headers["windowseat-run"]
            assert (await http.delete(f"/runs/{run}")).status_code == 409
            gate.opened.set()
            await response.aread()
        evil = {"Origin": "https://evil.example"}
        assert (await http.delete(f"/runs/{run}", headers=evil)).status_code == 403
        assert (await http.post("/runs/import", content=b"", headers={**FILE, **evil})).status_code == 403


async def test_a_run_moves_to_another_server_under_its_own_id_byte_for_byte() -> None:
    pipeline = tiny_pipeline()
    async with (
        running_server([pipeline]) as one,
        running_server([pipeline]) as two,
        client(one) as home,
        client(two) as away,
    ):
        run = await asked(home, "Größe wörtlich   behalten")
        lines = await exported(home, run)
        first = await away.post("/runs/import", content=lines, headers=FILE)
        assert (first.status_code, first.json()) == (201, (await home.get("/runs")).json()["runs"][0])
        again = await away.post("/runs/import", content=b"\n" + lines.rstrip(), headers=FILE)
        assert (again.status_code, again.json()) == (200, first.json())
        assert await exported(away, run) == lines
        for path in (f"/runs/{run}", f"/runs/{run}/events"):
            assert without_heartbeats((await home.get(path)).content) == without_heartbeats(
                (await away.get(path)).content
            )
        assert await listed(away) == [run]


async def test_several_imports_of_one_run_at_once_are_one_run() -> None:
    async with running_server([tiny_pipeline()]) as one, client(one) as home:
        run = await asked(home)
        lines = await exported(home, run)
        async with running_server([tiny_pipeline()]) as two, client(two) as away:
            answers = await asyncio.gather(*(away.post("/runs/import", content=lines, headers=FILE) for _ in range(5)))
            assert {answer.status_code for answer in answers} <= {200, 201}
            assert await listed(away) == [run]


async def test_another_run_of_the_same_id_is_a_conflict() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run = await asked(http)
        lines = (await exported(http, run)).replace(b"how many", b"how few!")
        refused = await http.post("/runs/import", content=lines, headers=FILE)
        assert refused.status_code == 409


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [], "whole run"),
        (lambda lines: lines[:-1], "run.finished is missing"),
        (lambda lines: lines[1:], "event 1"),
        (lambda lines: [*lines[:3], *lines[4:]], "event 4 should come here"),
        (lambda lines: [*lines, lines[-1]], "rule 1"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "rule 1"),
        (lambda lines: [lines[0], b"nonsense", *lines[1:]], "Line 2"),
        (lambda lines: [lines[0].replace(b'"run":"', b'"run":"../'), *lines[1:]], "id that none has"),
        (lambda lines: [line.replace(b'"step":"count"', b'"step":"other"') for line in lines], "isn't in the plan"),
        (lambda lines: [lines[0], b"[" * 100_000], "Line 2"),
    ],
)
async def test_a_file_that_is_no_run_is_refused_with_what_is_wrong(change: object, says: str) -> None:
    async with running_server([tiny_pipeline()]) as one, client(one) as home:
        lines = (await exported(home, await asked(home))).splitlines()
    async with running_server([tiny_pipeline()]) as two, client(two) as away:
        body = b"\n".join(change(lines))  # type: ignore[operator]  # one of the functions above
        refused = await away.post("/runs/import", content=body, headers=FILE)
        assert refused.status_code == 422
        assert says in refused.json()["detail"] + refused.json()["hint"]
        assert await listed(away) == []


async def test_what_a_terminal_must_not_see_is_taken_out() -> None:
    async with running_server([tiny_pipeline()]) as one, client(one) as home:
        run = await asked(home)
        lines = (await exported(home, run)).replace(b"how many", rb"how \u001b]52;c;eA\u0007many")
    async with running_server([tiny_pipeline()]) as two, client(two) as away:
        assert (await away.post("/runs/import", content=lines, headers=FILE)).status_code == 201
        assert b"u001b" not in await exported(away, run)


async def test_a_large_run_may_be_brought_in_and_a_larger_one_not() -> None:
    async with running_server([tiny_pipeline()]) as one, client(one) as home:
        run = await asked(home)
        lines = (await exported(home, run)).splitlines(keepends=True)
    async with running_server([tiny_pipeline()]) as two, client(two) as away:
        reader, writer = await asyncio.open_connection(httpx.URL(two).host, httpx.URL(two).port)
        writer.write(
            b"POST /runs/import HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n"
            b"content-length: %d\r\n\r\n" % (16 * 1024 * 1024 + 1)
        )
        assert b" 413 " in await reader.readline()
        writer.close()
        padded = lines[0] + b"\n" * 1_000_000 + b"".join(lines[1:])
        assert (await away.post("/runs/import", content=padded, headers=FILE)).status_code == 201
        assert (await away.post("/runs/import", content=padded, headers={})).status_code == 415
