"""Resources are opened once for each pipeline and closed in the reverse order, whatever happens."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from backend.resources import open_resources
from tests.asked_runs import pipeline_of


class Plain:
    pass


class Managed:
    pass


class ManagedAsync:
    pass


class Diary(list[str]):
    """What was opened and closed, and openers that write it down."""

    def plain(self, config: Any) -> Plain:
        self.append(f"open plain with {config}")
        return Plain()

    @contextlib.contextmanager
    def managed(self, config: Any) -> Iterator[Managed]:
        self.append("open managed")
        try:
            yield Managed()
        finally:
            self.append("close managed")

    @contextlib.asynccontextmanager
    async def managed_async(self, config: Any) -> AsyncIterator[ManagedAsync]:
        self.append("open async")
        try:
            yield ManagedAsync()
        finally:
            self.append("close async")

    def broken(self, config: Any) -> Plain:
        raise OSError("no such file")


async def test_each_pipeline_gets_its_own_by_type_and_the_last_opened_is_closed_first() -> None:
    diary = Diary()
    first = pipeline_of(name="first", resources={Plain: diary.plain, Managed: diary.managed})
    second = pipeline_of(name="second", resources={ManagedAsync: diary.managed_async})
    async with open_resources([first, second], "config") as opened:
        assert {name: {kind: type(value) for kind, value in kinds.items()} for name, kinds in opened.items()} == {
            "first": {Plain: Plain, Managed: Managed},
            "second": {ManagedAsync: ManagedAsync},
        }
        assert diary == ["open plain with config", "open managed", "open async"]
    assert diary[3:] == ["close async", "close managed"]


async def test_what_was_open_is_closed_when_another_cannot_be_opened() -> None:
    diary = Diary()
    pipeline = pipeline_of(resources={Managed: diary.managed, ManagedAsync: diary.managed_async, Plain: diary.broken})
    with pytest.raises(OSError, match="no such file"):
        async with open_resources([pipeline], None):
            raise AssertionError("not reached")
    assert diary == ["open managed", "open async", "close async", "close managed"]


async def test_everything_is_closed_when_the_server_fails() -> None:
    diary = Diary()
    with pytest.raises(ZeroDivisionError):
        async with open_resources([pipeline_of(resources={Managed: diary.managed})], None):
            raise ZeroDivisionError
    assert diary == ["open managed", "close managed"]


async def test_a_pipeline_without_resources_has_none() -> None:
    async with open_resources([pipeline_of(name="bare")], None) as opened:
        assert opened == {"bare": {}}
