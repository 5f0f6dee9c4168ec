"""What a client says, for an application that asks and for one that has it handed over: all of it, in order, and no
more at once than may wait."""

import asyncio
from typing import Any

from backend.http.inbox import ROOM, Inbox


def said(body: object) -> Any:
    return {"type": "http.request", "body": body}


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_hears_in_order_what_came_before_and_after() -> None:
    inbox = Inbox()
    await inbox.put(said("one"))
    asking = asyncio.ensure_future(heard(inbox, 3))
    await turns()
    await inbox.put(said("two"))
    await inbox.put(said("three"))
    assert await asyncio.wait_for(asking, 5) == ["one", "two", "three"]


async def heard(inbox: Inbox, count: int) -> list[Any]:
    return [(await inbox())["body"] for _ in range(count)]


async def test_what_is_not_asked_for_waits_with_the_client() -> None:
    inbox, put = Inbox(), 0

    async def flood() -> None:
        nonlocal put
        for number in range(3 * ROOM):
            await inbox.put(said(number))
            put += 1

    flooding = asyncio.ensure_future(flood())
    await turns()
    assert put == ROOM
    assert await asyncio.wait_for(heard(inbox, 3 * ROOM), 5) == list(range(3 * ROOM))
    await flooding


async def test_a_taker_gets_what_waited_and_then_each_message_as_it_comes() -> None:
    inbox = Inbox()
    taken: list[int] = []

    async def flood() -> None:
        for number in range(ROOM + 2):
            await inbox.put(said(number))

    flooding = asyncio.ensure_future(flood())
    await turns()
    inbox.hand_to(lambda message: taken.append(message["body"]))
    assert taken == list(range(ROOM))
    await asyncio.wait_for(flooding, 5)
    await inbox.put(said(ROOM + 2))
    assert taken == list(range(ROOM + 3))


async def test_one_that_gives_up_asking_takes_nothing_from_another() -> None:
    inbox = Inbox()
    first, second = (asyncio.ensure_future(heard(inbox, 1)) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    await inbox.put(said("one"))
    assert await asyncio.wait_for(second, 5) == ["one"]


async def test_one_that_has_left_is_heard_of_though_there_is_no_room() -> None:
    inbox = Inbox()
    for number in range(ROOM):
        await inbox.put(said(number))
    await asyncio.wait_for(inbox.put({"type": "http.disconnect"}), 5)
    assert await heard(inbox, ROOM) == list(range(ROOM))
    assert (await inbox())["type"] == "http.disconnect"


async def test_nobody_waits_for_an_application_that_has_ended() -> None:
    inbox = Inbox()
    for number in range(ROOM):
        await inbox.put(said(number))
    waiting = asyncio.ensure_future(inbox.put(said(ROOM)))
    await turns()
    assert not waiting.done()
    inbox.close()
    await asyncio.wait_for(waiting, 5)
