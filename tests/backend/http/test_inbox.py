"""What a client says, for an application that asks and for one that has it handed over: all of it, in order, and no
more at once than may wait."""

import asyncio
from typing import Any

from backend.http.inbox import ROOM, Inbox


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_hears_in_order_what_came_before_and_after() -> None:
    inbox = Inbox()
    await inbox.put("one")
    asking = asyncio.ensure_future(heard(inbox, 3))
    await turns()
    await inbox.put("two")
    await inbox.put("three")
    assert await asyncio.wait_for(asking, 5) == ["one", "two", "three"]


async def heard(inbox: Inbox, count: int) -> list[Any]:
    return [await inbox() for _ in range(count)]


async def test_what_is_not_asked_for_waits_with_the_client() -> None:
    inbox, put = Inbox(), 0

    async def flood() -> None:
        nonlocal put
        for number in range(3 * ROOM):
            await inbox.put(number)
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
            await inbox.put(number)

    flooding = asyncio.ensure_future(flood())
    await turns()
    inbox.hand_to(taken.append)
    assert taken == list(range(ROOM))
    await asyncio.wait_for(flooding, 5)
    await inbox.put(ROOM + 2)
    assert taken == list(range(ROOM + 3))


async def test_one_that_gives_up_asking_takes_nothing_from_another() -> None:
    inbox = Inbox()
    first, second = (asyncio.ensure_future(heard(inbox, 1)) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    await inbox.put("one")
    assert await asyncio.wait_for(second, 5) == ["one"]
