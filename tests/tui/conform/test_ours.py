"""Our own server passes the kit."""

from pathlib import Path

import pytest

from backend.registry import PIPELINES
from tests.served import running_server
from tests.tiny import tiny_pipeline
from tui.conform import Asked, Limits, judge, to_table

TINY = Asked(pipeline="tiny", question="two words", long_question="wait for me")
LIMITS = Limits(silence_s=5.0)


@pytest.mark.parametrize("kept", [True, False], ids=["SQLite", "memory"])
async def test_every_rule_holds_of_a_small_pipeline(tmp_path: Path, kept: bool) -> None:
    data_dir = tmp_path if kept else ":memory:"
    async with running_server([tiny_pipeline()], heartbeat_s=0.2, grace_s=30, data_dir=data_dir) as url:
        report = await judge(url, TINY, LIMITS)
    assert report.holds, to_table(report)


async def test_every_rule_holds_of_the_pipeline_that_we_ship(tmp_path: Path) -> None:
    async with running_server(PIPELINES, offline=True, grace_s=30, data_dir=tmp_path) as url:
        report = await judge(url, Asked(), LIMITS)
    assert report.holds, to_table(report)
