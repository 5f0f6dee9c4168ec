import httpx
import msgspec
import pytest

from shared import events as ev
from shared.view import RunView, fold_all
from tests.invariants import check_log
from tests.served import client, events_of, frames_of, running_server, without_heartbeats
from tests.tiny import Gate, tiny_pipeline

ASK = {"q": "how many letters are here"}


async def asked(http: httpx.AsyncClient) -> tuple[str, bytes]:
    response = await http.post("/assist", json=ASK)
    return response.headers["windowseat-run"], without_heartbeats(response.content)


async def test_a_finished_run_is_replayed_byte_for_byte() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        for _ in range(2):
            assert (await http.get(f"/runs/{run}/events")).content == live


async def test_reading_goes_on_after_any_event() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        frames = [block + b"\n\n" for block in live.split(b"\n\n") if block]
        for seq in range(len(frames) + 1):
            by_query = await http.get(f"/runs/{run}/events", params={"after": seq})
            by_header = await http.get(f"/runs/{run}/events", headers={"Last-Event-ID": f"{run}.{seq}"})
            rest = b"".join(frames[seq:])
            assert without_heartbeats(by_query.content) == without_heartbeats(by_header.content) == rest


async def test_a_second_viewer_sees_the_same_run_from_its_beginning() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as first:
            await gate.reached.wait()
            async with http.stream("GET", f"/runs/{first.headers['windowseat-run']}/events") as second:
                gate.opened.set()
                seen = [without_heartbeats(await response.aread()) for response in (first, second)]
        assert seen[0] == seen[1]
        check_log(events_of(seen[0]))


async def test_the_view_of_a_run_is_the_fold_of_its_events() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        view = (await http.get(f"/runs/{run}")).json()
        assert msgspec.convert(view, RunView) == fold_all(events_of(live))


async def test_runs_are_listed_newest_first_in_pages() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        runs = [(await asked(http))[0] for _ in range(5)][::-1]
        listed = (await http.get("/runs")).json()["runs"]
        assert [run["run"] for run in listed] == runs
        assert listed[0] | {"pipeline": "tiny", "question": ASK["q"], "status": "ok"} == listed[0]
        page = (await http.get("/runs", params={"limit": 2})).json()["runs"]
        rest = (await http.get("/runs", params={"limit": 2, "before": page[-1]["run"]})).json()["runs"]
        assert [run["run"] for run in page + rest] == runs[:4]


async def test_cancelling_ends_the_run_and_keeps_what_it_had() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            run = response.headers["windowseat-run"]
            await gate.reached.wait()
            answer = await http.post(f"/runs/{run}/cancel")
            assert (answer.status_code, answer.json()["status"]) == (202, "cancelling")
            events = events_of(await response.aread())
        check_log(events)
        assert gate.cancelled.is_set()
        end = events[-1]
        assert isinstance(end, ev.RunFinished)
        assert end.status == "cancelled"
        for _ in range(2):
            again = await http.post(f"/runs/{run}/cancel")
            assert (again.status_code, again.json()["status"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("cursor", "status"),
    [
        ("garbage", 400),
        ("{run}.-1", 400),
        ("{run}.+1", 400),
        ("{run}.1_0", 400),
        ("{run}.٣", 400),
        ("{run}.", 400),
        ("{run}.1.2", 400),
        ("abc.1", 400),
        ("{run}.99", 410),
        ("{run}." + "9" * 30, 400),
        ("x" * 9000, 400),
        ("{run}.0", 200),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_cursor_that_is_none_of_this_run_is_refused(cursor: str, status: int) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, _ = await asked(http)
        header = cursor.replace("{run}", run).encode()
        response = await http.get(f"/runs/{run}/events", headers={b"Last-Event-ID": header})
        assert response.status_code == status


@pytest.mark.parametrize("path", ["/runs/nope", "/runs/nope/events", "/runs/../etc", "/runs/%00", "/nothing"])
async def test_what_is_not_there_is_a_404_problem(path: str) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        response = await http.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "limit=1e3", "limit=" + "9" * 12])
async def test_a_page_size_must_be_a_whole_number(query: str) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        assert (await http.get(f"/runs?{query}")).status_code == 400


async def test_machines_can_ask_what_there_is() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        (described,) = (await http.get("/pipelines")).json()["pipelines"]
        assert described["name"] == "tiny"
        assert [step["id"] for step in described["plan"]] == ["split", "measure", "count"]
        assert described["plan"][2]["needs"] == ["split"]
        assert described["columns"][1] == {"key": "letters", "label": "Letters", "kind": "integer"}
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        assert (await http.get("/readyz")).json() == {"status": "ready", "runs": 0}
        assert (await http.get("/assist")).status_code == 405


async def test_an_empty_stream_begins_with_a_heartbeat() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        last = len(frames_of(live))
        tail = await http.get(f"/runs/{run}/events", params={"after": last})
        assert tail.content == b": hb %d\n\n" % last
