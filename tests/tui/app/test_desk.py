import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.tui.app.scripted import PLAN, ScriptedClient, finished, sample_run, started
from tui.connection import Connection, NotReachable, Refused, StreamCut
from tui.desk import Desk
from tui.watch import Link


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # gives way only: the condition may be any state of the desk
            await asyncio.sleep(0)


async def open_desk(client: ScriptedClient) -> Desk:
    desk = Desk(client.connect(), options={"tz": "Europe/Madrid"})
    await desk.open()
    return desk


async def test_the_plan_is_known_before_any_question() -> None:
    desk = await open_desk(ScriptedClient())
    assert desk.pipeline is not None
    assert desk.pipeline.plan == PLAN
    assert desk.link.state == "connected"


async def test_a_question_is_watched_to_its_end() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    client.say(*sample_run())
    await task
    assert desk.watch is not None
    assert desk.watch.view.state == "ok"
    assert client.asked == [("hot", {"tz": "Europe/Madrid"})]
    await desk.close()
    assert client.left


async def test_cancelling_before_the_run_has_an_id_is_sent_when_it_has_one() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    await desk.cancel()
    assert client.cancelled == []
    client.say(started())
    await until(lambda: client.cancelled)
    client.say(finished("cancelled"))
    await task
    assert client.cancelled == ["3f2a9c1d"]


async def test_cancelling_twice_sends_one_request() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    client.say(started())
    await until(lambda: desk.watch is not None and desk.watch.view.run)
    await asyncio.gather(desk.cancel(), desk.cancel())
    assert client.cancelled == ["3f2a9c1d"]
    client.say(finished("cancelled"))
    await task


async def test_a_new_question_cancels_the_run_before() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    first = asyncio.create_task(desk.ask("one"))
    await until(lambda: client.asked)
    client.say(started(run="first"))
    await until(lambda: desk.watch is not None and desk.watch.view.run)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert client.closed == 1, "the reader of the first run has left"
    second = asyncio.create_task(desk.ask("two"))
    await until(lambda: client.cancelled == ["first"] and len(client.asked) == 2)
    client.say(*sample_run())
    await second
    assert client.cancelled == ["first"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotReachable("no answer", hint="start it"), "unreachable"),
        (Refused(422, "Unprocessable", "no such pipeline"), "connected"),
        (StreamCut("cut", run=None), "interrupted"),
    ],
)
async def test_an_error_before_the_first_event_leaves_its_reason(error: Any, state: str) -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    client.break_off(error)
    await task
    assert desk.watch is not None
    assert desk.watch.trouble is not None
    assert desk.watch.trouble.message == str(error)
    assert desk.link.state == state


async def test_a_stream_that_is_lost_leaves_the_rows_and_says_interrupted() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    client.say(*sample_run()[:18])
    client.break_off(StreamCut("the run was cut off", run="3f2a9c1d", hint="show it"))
    await task
    assert desk.watch is not None
    assert not desk.watch.live
    assert len(desk.watch.view.shown_rows()) == 4
    assert desk.link.state == "interrupted"


async def test_a_server_that_is_not_there_is_told_and_not_asked() -> None:
    client = ScriptedClient()

    async def no_pipelines() -> Any:
        raise NotReachable("no answer from http://127.0.0.1:1", hint="is it running?")

    client.pipelines = no_pipelines  # type: ignore[method-assign]  # this server fails
    desk = Desk(client.connect())
    await desk.open()
    assert desk.link.state == "unreachable"
    assert desk.trouble is not None
    assert desk.trouble.hint == "is it running?"


async def test_reconnecting_is_told_with_its_attempt() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    before = desk.version
    client.listener(Connection("reconnecting", 2, 0.5, "the connection closed"))
    assert desk.link == Link("reconnecting", "attempt 2: the connection closed")
    assert desk.version != before
    client.listener(Connection("connected"))
    assert desk.link == Link("connected")


async def test_a_cancel_that_fails_is_told_and_can_be_tried_again() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    client.say(started())
    await until(lambda: desk.watch is not None and desk.watch.view.run)

    async def refuse(run: str) -> None:
        raise NotReachable("no answer")

    client.cancel, works = refuse, client.cancel  # type: ignore[method-assign]  # fails once
    await desk.cancel()
    assert desk.trouble is not None
    assert "could not be cancelled" in desk.trouble.message
    client.cancel = works  # type: ignore[method-assign]  # as above
    await desk.cancel()
    assert client.cancelled == ["3f2a9c1d"]
    client.say(finished("cancelled"))
    await task


async def test_closing_waits_for_the_reader_that_is_being_cancelled() -> None:
    client = ScriptedClient()
    desk = await open_desk(client)
    task = asyncio.create_task(desk.ask("hot"))
    await until(lambda: client.asked)
    task.cancel()
    await desk.close()
    assert client.closed == 1
    assert client.left
    with suppress(asyncio.CancelledError):
        await task
