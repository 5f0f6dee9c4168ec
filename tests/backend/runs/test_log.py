"""What every run log must do, said once for all of them: PROTOCOL.md's log, one writer, and what processes tell each
other."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import StorageError
from backend.runs.log import Claim, ClaimTaken, Entry, EventsLost, LeaseLost, News, Origin, RunLog, Signal
from tests.asked_runs import entries, numbers, summary_of
from tests.run_logs import Kind, Store, a_store

pytestmark = pytest.mark.needs("redis-server")
KINDS: list[Kind] = ["sqlite", "redis"]


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    with a_store(request.param) as store:
        yield store


@pytest.fixture
async def log(store: Store) -> AsyncIterator[RunLog]:
    log = await store.open()
    yield log
    await log.aclose()


@pytest.fixture
async def other(store: Store, log: RunLog) -> AsyncIterator[RunLog]:
    """Another process's way to the same store."""
    other = await store.open()
    yield other
    await other.aclose()


async def heard(log: RunLog, heads: dict[str, int] | None = None) -> News:
    """All that is new, once something is."""
    found = News({}, [])
    for _ in range(20):
        news = await log.news(heads or {})
        found.entries.update(news.entries)
        found.signals.extend(news.signals)
        if found.entries or found.signals:
            return found
    raise AssertionError("nothing was heard")


# ---- one writer, one order


async def test_what_is_read_is_what_was_written_byte_for_byte(log: RunLog, other: RunLog) -> None:
    written = [Entry(1, b'{"a": "\xc3\xa9\\u2028"}'), Entry(2, b"x"), Entry(3, bytes(range(256)))]
    await log.append(summary_of("r", 3), written)
    for reader in (log, other):
        assert await reader.read("r", 0, 1 << 20) == written
        assert await reader.read("r", 1, 1 << 20) == written[1:]
        assert await reader.summary("r") == summary_of("r", 3)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_in_pages_gives_the_log_however_it_was_written(kind: Kind) -> None:
    @given(
        st.lists(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=60), min_size=1, max_size=6),
        st.integers(0, 900),
    )
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    def check(batches: list[list[bytes]], page: int) -> None:
        async def write_and_read() -> None:
            with a_store(kind) as store:
                log = await store.open()
                written: list[Entry] = []
                for batch in batches:
                    added = [Entry(len(written) + place, data) for place, data in enumerate(batch, start=1)]
                    written += added
                    await log.append(summary_of("r", len(written)), added)
                found: list[Entry] = []
                while more := await log.read("r", len(found), page):
                    assert len(more) == 1 or sum(len(entry.data) for entry in more) <= page
                    found += more
                assert found == written
                await log.aclose()

        asyncio.run(write_and_read())

    check()


async def test_an_append_made_again_changes_nothing(log: RunLog) -> None:
    for _ in range(3):
        await log.append(summary_of("r", 2), entries(2))
    for _ in range(2):
        await log.append(summary_of("r", 4, "ok"), entries(2, first=3))
    assert numbers(await log.read("r", 0, 1000)) == [1, 2, 3, 4]
    assert len(await log.runs(10)) == 1


async def test_an_append_whose_beginning_is_there_adds_the_rest(log: RunLog) -> None:
    await log.append(summary_of("r", 3), entries(3))
    await log.append(summary_of("r", 5), entries(4, first=2))
    await log.append(summary_of("r", 6, "ok"), entries(6))
    assert await log.read("r", 0, 1000) == entries(6)
    assert await log.summary("r") == summary_of("r", 6, "ok")
    with pytest.raises(StorageError, match="not its next"):
        await log.append(summary_of("r", 7), entries(2, first=6))


async def test_other_events_under_numbers_that_exist_are_refused(log: RunLog) -> None:
    await log.append(summary_of("r", 3), entries(3))
    for wrong in ([Entry(3, b"other")], [Entry(1, b"other")], [Entry(3, b"other"), *entries(1, first=4)]):
        with pytest.raises(StorageError, match="not its next"):
            await log.append(summary_of("r", wrong[-1].seq), wrong)
    assert await log.read("r", 0, 1000) == entries(3)
    assert await log.summary("r") == summary_of("r", 3)


async def test_numbers_out_of_order_are_refused(log: RunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    for wrong in ([Entry(2, b"{}"), Entry(4, b"{}")], [Entry(3, b"{}"), Entry(2, b"{}")]):
        with pytest.raises(StorageError, match="gap"):
            await log.append(summary_of("r", 4), wrong)


async def test_events_after_lost_ones_are_refused_with_where_the_log_ends(log: RunLog) -> None:
    with pytest.raises(EventsLost) as lost:
        await log.append(summary_of("r", 5), entries(1, first=5))
    assert lost.value.head == 0
    await log.append(summary_of("r", 2), entries(2))
    with pytest.raises(EventsLost) as lost:
        await log.append(summary_of("r", 5), entries(1, first=5))
    assert lost.value.head == 2


async def test_nothing_follows_the_end(log: RunLog) -> None:
    await log.append(summary_of("r", 2, "ok"), entries(2))
    with pytest.raises(StorageError):
        await log.append(summary_of("r", 3), entries(1, first=3))


async def test_only_its_writer_may_append(log: RunLog, other: RunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    for wrong in (entries(1, first=2), entries(1)):
        with pytest.raises(LeaseLost):
            await other.append(summary_of("r", 2), wrong)
    await log.append(summary_of("r", 2), entries(1, first=2))


async def test_many_runs_are_written_at_once_and_one_that_is_refused_harms_no_other(log: RunLog) -> None:
    await log.append(summary_of("bad", 1), entries(1))
    appends = [log.append(summary_of(f"r{n}", 3), entries(3)) for n in range(300)]
    appends.insert(150, log.append(summary_of("bad", 9), entries(1, first=9)))
    outcomes = await asyncio.gather(*appends, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [EventsLost]
    assert len(await log.runs(1000)) == 301
    assert numbers(await log.read("r299", 0, 100)) == [1, 2, 3]


# ---- keys


async def test_a_key_belongs_to_one_run(log: RunLog, other: RunLog) -> None:
    origin = Origin(claim=Claim("key", "body"))
    await log.append(summary_of("r", 1), entries(1), origin=origin)
    await log.append(summary_of("r", 1), entries(1), origin=origin)  # the answer to the first was lost
    for writer in (log, other):
        with pytest.raises(ClaimTaken) as taken:
            await writer.append(summary_of("s", 1), entries(1), origin=Origin(claim=Claim("key", "other")))
        assert (taken.value.run, taken.value.fingerprint) == ("r", "body")
        assert await writer.claimed("key") == ("r", "body")
        assert await writer.claimed("another") is None
        assert await writer.summary("s") is None


async def test_of_many_who_claim_a_key_at_once_one_gets_it(log: RunLog, other: RunLog) -> None:
    outcomes = await asyncio.gather(
        *(
            writer.append(summary_of(f"r{n}-{place}", 1), entries(1), origin=Origin(claim=Claim("key", "f")))
            for place, writer in enumerate((log, other))
            for n in range(10)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ClaimTaken"] * 19 + ["NoneType"]
    (run,) = await log.runs(100)
    assert {str(outcome) for outcome in outcomes if outcome} == {f"the key belongs to run {run.run}"}


# ---- history


async def test_the_newest_runs_come_first_and_before_pages_on(log: RunLog) -> None:
    for number in range(5):
        await log.append(summary_of(f"r{number}", 1), entries(1))
    await log.append(summary_of("r1", 2), entries(1, first=2))  # news of an old run doesn't make it new
    assert [run.run for run in await log.runs(3)] == ["r4", "r3", "r2"]
    assert [run.run for run in await log.runs(3, before="r2")] == ["r1", "r0"]
    assert await log.runs(3, before="r0") == []
    assert await log.runs(3, before="nobody") == []
    assert await log.runs(0) == []


async def test_a_finished_run_is_forgotten_with_its_key_and_one_under_way_is_not(log: RunLog, other: RunLog) -> None:
    await log.append(summary_of("r", 1), entries(1), origin=Origin(claim=Claim("key", "f")))
    assert await other.delete("r") is False
    await log.append(summary_of("r", 2, "ok"), entries(1, first=2))
    assert await other.delete("r") is True
    assert await other.delete("r") is False
    assert (await log.summary("r"), await log.read("r", 0, 100), await log.claimed("key")) == (None, [], None)
    assert await log.runs(10) == []
    await log.append(summary_of("r", 1), entries(1), origin=Origin(claim=Claim("key", "g")))


async def test_only_so_many_runs_are_kept_and_none_under_way_is_forgotten(log: RunLog) -> None:
    await log.append(summary_of("open", 1), entries(1))
    for number in range(120):
        await log.append(summary_of(f"r{number}", 1, "ok"), entries(1), origin=Origin(claim=Claim(f"k{number}", "f")))
    assert await log.retain(30, 1000) == 0
    assert await log.retain(30, 10) == 110
    assert [run.run for run in await log.runs(1000)] == [*(f"r{n}" for n in range(119, 109, -1)), "open"]
    assert await log.claimed("k5") is None
    assert await log.retain(30, 0) == 10
    assert [run.run for run in await log.runs(1000)] == ["open"]


async def test_what_is_old_is_forgotten(store: Store) -> None:
    log = await store.open(retain_days=0)
    await log.append(summary_of("open", 1), entries(1))
    await log.append(summary_of("r", 1, "ok"), entries(1), origin=Origin(claim=Claim("k", "f")))
    await asyncio.sleep(0.01)
    await log.retain(0, 1000)
    assert [run.run for run in await log.runs(10)] == ["open"]
    assert await log.claimed("k") is None
    await log.aclose()


# ---- processes that end


async def test_runs_of_a_process_that_ended_are_abandoned_and_one_other_gets_each(store: Store) -> None:
    dead, alive, late = await store.open(), await store.open(), await store.open()
    for number in range(10):
        origin = Origin(recipe=b"recipe", claim=Claim(f"k{number}", "f"))
        await dead.append(summary_of(f"r{number}", 2), entries(2), origin=origin, values={"a": b"1", "b": b"2"})
        await dead.append(summary_of(f"r{number}", 3), entries(1, first=3), values={"b": b"3"})
    await dead.append(summary_of("over", 1, "ok"), entries(1))
    await alive.append(summary_of("mine", 1), entries(1))
    assert await alive.abandoned() == []
    assert await alive.adopt("r0") is None, "its process lives"
    assert await alive.adopt("mine") is None
    await store.kill(dead)
    assert sorted(run.run for run in await late.abandoned()) == [f"r{number}" for number in range(10)]
    adopted = await asyncio.gather(*(log.adopt(f"r{n}") for n in range(10) for log in (alive, late)))
    got = [each for each in adopted if each is not None]
    assert sorted(each.summary.run for each in got) == [f"r{number}" for number in range(10)]
    for each in got:
        assert (each.recipe, each.values, each.cancelling) == (b"recipe", {"a": b"1", "b": b"3"}, False)
        assert each.summary == summary_of(each.summary.run, 3)
    assert await late.abandoned() == []
    run = got[0].summary.run
    writer, loser = (alive, late) if adopted[0] is not None else (late, alive)
    await writer.append(summary_of(run, 4, "interrupted"), entries(1, first=4))
    with pytest.raises(StorageError):
        await loser.append(summary_of(run, 4, "interrupted"), entries(1, first=4, size=9))
    assert await loser.adopt(run) is None, "it is over"
    assert await loser.adopt("nobody") is None
    await alive.aclose()
    await late.aclose()


async def test_a_process_that_was_only_thought_dead_can_write_no_more(store: Store) -> None:
    slow, other = await store.open(), await store.open()
    await slow.append(summary_of("r", 1), entries(1))
    await slow.hand_over("r")
    assert await other.adopt("r") is not None
    with pytest.raises(LeaseLost):
        await slow.append(summary_of("r", 2), entries(1, first=2))
    await slow.hand_over("r")
    assert await other.abandoned() == [], "what isn't its own it can't hand over"
    await other.append(summary_of("r", 2, "ok"), entries(1, first=2))
    await slow.aclose()
    await other.aclose()


async def test_processes_that_live_are_counted(store: Store) -> None:
    logs = [await store.open() for _ in range(3)]
    assert [await log.others() for log in logs] == [2, 2, 2]
    await logs[0].aclose()
    await store.kill(logs[1])
    assert await logs[2].others() == 0
    await logs[2].aclose()


# ---- what processes tell each other


async def test_news_of_runs_come_to_who_waits_for_them(log: RunLog, other: RunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    await log.append(summary_of("s", 1), entries(1))
    assert (await heard(other, {"r": 0, "s": 1})).entries == {"r": entries(1)}
    waiting = asyncio.create_task(heard(other, {"r": 1, "s": 1}))
    await log.append(summary_of("s", 3), entries(2, first=2))
    assert (await waiting).entries == {"s": entries(2, first=2)}


async def test_long_news_come_in_parts_and_without_a_gap(log: RunLog, other: RunLog) -> None:
    await log.append(summary_of("r", 1000), entries(1000))
    found: list[Entry] = []
    while len(found) < 1000:
        found += (await heard(other, {"r": len(found)})).entries["r"]
    assert found == entries(1000)


async def test_waiting_for_news_can_be_cut_short(log: RunLog) -> None:
    await log.news({})
    loop = asyncio.get_running_loop()
    fastest = 9.0
    for _ in range(5):
        waiting = asyncio.create_task(log.news({}))
        await asyncio.sleep(0.02)
        began = loop.time()
        log.wake()
        await waiting
        fastest = min(fastest, loop.time() - began)
    assert fastest < 0.2


async def test_a_wish_to_cancel_reaches_the_writer_and_outlives_it(store: Store) -> None:
    log, other = await store.open(), await store.open()
    await log.append(summary_of("r", 1), entries(1))
    await log.news({})
    assert await log.cancelling("r") is False
    assert await other.ask_cancel("r") is True
    assert await other.ask_cancel("r") is True
    assert set((await heard(log)).signals) == {Signal("cancel", "r")}
    assert await log.cancelling("r") is True
    await store.kill(log)
    adopted = await other.adopt("r")
    assert adopted is not None
    assert adopted.cancelling
    await other.append(summary_of("r", 2, "cancelled"), entries(1, first=2))
    assert await other.ask_cancel("r") is False
    assert await other.ask_cancel("nobody") is False
    assert await other.cancelling("r") is False
    await other.aclose()


async def test_viewers_elsewhere_are_known_until_they_leave_or_their_process_dies(store: Store) -> None:
    log, near, far = [await store.open() for _ in range(3)]
    await log.append(summary_of("r", 1), entries(1))
    await log.news({})
    assert await log.watched("r") is False
    await near.watch("r", present=True)
    await far.watch("r", present=True)
    assert (await heard(log)).signals[0] == Signal("viewers", "r")
    assert await log.watched("r") is True
    await near.watch("r", present=False)
    assert await log.watched("r") is True
    await store.kill(far)
    assert await log.watched("r") is False
    await near.watch("r", present=True)
    assert await near.watched("r") is False, "its own don't count"
    await log.aclose()
    await near.aclose()


async def test_nobody_hears_what_they_said_themselves_nor_what_was_said_before_they_came(store: Store) -> None:
    log = await store.open()
    await log.append(summary_of("r", 1), entries(1))
    await log.news({})
    await log.ask_cancel("r")
    late = await store.open()
    for each in (log, late):
        for _ in range(3):
            assert (await each.news({})).signals == []
        await each.aclose()


# ---- the store itself


async def test_a_closed_log_refuses(store: Store) -> None:
    log = await store.open()
    await log.append(summary_of("r", 1), entries(1))
    await log.check()
    await log.aclose()
    await log.aclose()
    for call in (log.append(summary_of("r", 2), entries(1, first=2)), log.read("r", 0, 9), log.runs(1), log.check()):
        with pytest.raises(StorageError, match="closed"):
            await call


async def test_appends_that_wait_when_it_closes_are_written(store: Store) -> None:
    log = await store.open()
    appends = [asyncio.create_task(log.append(summary_of(f"r{n}", 1), entries(1))) for n in range(20)]
    await asyncio.sleep(0)
    await log.aclose()
    await asyncio.gather(*appends)
    again = await store.open()
    assert len(await again.runs(100)) == 20
    await again.aclose()


async def test_a_caller_that_is_cancelled_harms_nobody(log: RunLog) -> None:
    tasks = [asyncio.create_task(log.append(summary_of(f"r{n}", 1), entries(1))) for n in range(10)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks[1::2]:
        assert task.exception() is None
    assert {f"r{n}" for n in range(1, 10, 2)} <= {run.run for run in await log.runs(100)}
