from datetime import UTC, datetime

import pytest

from tests.escape_runs import PIPELINE, Asker


@pytest.mark.parametrize("month", range(1, 13))
async def test_every_example_finds_something_in_every_month(asker: Asker, month: int) -> None:
    asker.now = datetime(2026, month, 10, 12, tzinfo=UTC)
    for example in PIPELINE.examples:
        answer = await asker.ask(example)
        assert answer.view.shown_rows(), example
        assert answer.end.status == "ok", example
