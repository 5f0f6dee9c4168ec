"""The conformance kit judged: it passes what is right, and notices each rule that is broken."""

import asyncio
import json
import subprocess
import sys

import msgspec
import pytest

from shared import events as ev
from tests.reference_server import ReferenceServer, Run
from tests.tui.command_line import run
from tests.tui.conform.mutants import MUTANTS, Mutant
from tui.conform import RULES, Asked, Limits, Report, judge, to_json, to_table

ASKED = Asked(question="somewhere hot", long_question="wait for it")
LIMITS = Limits(silence_s=1.0, run_s=10)
_HEARTBEAT_S = 0.05


async def judged(server: ReferenceServer, *rules: str, asked: Asked = ASKED) -> Report:
    async with server:
        return await judge(server.url, asked, LIMITS, rules=[rule for rule in RULES if rule.name in rules or not rules])


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_server_that_keeps_every_rule_passes(chunked: bool) -> None:
    report = await judged(ReferenceServer(heartbeat_s=_HEARTBEAT_S, chunked=chunked))
    assert [verdict for verdict in report.verdicts if not verdict.holds] == []
    assert len(report.verdicts) == len(RULES)


async def test_without_a_question_that_lasts_the_rules_hold_too_and_say_what_was_not_seen() -> None:
    report = await judged(ReferenceServer(), asked=Asked())
    assert report.holds, to_table(report)
    (cancel,) = [verdict for verdict in report.verdicts if verdict.rule == "cancel"]
    assert "every run was over before" in cancel.detail


async def test_a_run_too_large_for_a_snapshot_is_replayed_and_that_is_well() -> None:
    class Large(ReferenceServer):
        def events(self, run: str, question: str) -> list[ev.KnownEvent]:
            events = super().events(run, question)
            details = [ev.StepLog(seq=0, t=400, step="sky", attempt=1, level="info", text="x" * 100_000)] * 3
            again = [
                msgspec.structs.replace(event, seq=seq)
                for seq, event in enumerate([*events[:6], *details, *events[6:]], start=1)
            ]
            return [*again[:-1], msgspec.structs.replace(again[-1], events=len(again))]

        def snapshot(self, run: Run) -> tuple[bytes, int]:
            return b"", 0

    report = await judged(Large(), "snapshot", "size", asked=Asked())
    assert report.holds, to_table(report)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
async def test_a_rule_that_is_broken_is_noticed(mutant: Mutant) -> None:
    report = await judged(mutant.make(heartbeat_s=_HEARTBEAT_S), *mutant.rules)
    assert {verdict.rule: verdict.holds for verdict in report.verdicts} == dict.fromkeys(mutant.rules, False)
    assert all(verdict.detail for verdict in report.verdicts)


def test_each_rule_has_been_seen_to_fail() -> None:
    assert {rule.name for rule in RULES} == {name for mutant in MUTANTS for name in mutant.rules}


async def test_a_server_that_answers_nothing_well_is_judged_all_the_same() -> None:
    class Down(ReferenceServer):
        def read_question(self, asked: object) -> str:
            raise ConnectionError

    report = await judged(Down())
    assert not any(verdict.holds for verdict in report.verdicts)
    assert "the question could not be asked" in report.verdicts[0].detail


async def test_the_table_and_the_json_say_the_same() -> None:
    report = await judged(ReferenceServer(), "headers", "size")
    assert to_table(report).splitlines()[-1] == "all 2 rules hold"
    tree = json.loads(to_json(report))
    assert (tree["holds"], [rule["rule"] for rule in tree["rules"]]) == (True, ["headers", "size"])
    broken = await judged(next(one.make() for one in MUTANTS if one.name == "HeadersOfPlainText"), "headers", "size")
    assert to_table(broken).splitlines()[-1] == "2 rules: 1 hold, 1 is broken"
    assert "BROKEN  headers" in to_table(broken)
    assert not json.loads(to_json(broken))["holds"]


async def test_the_command_exits_0_only_if_all_rules_hold() -> None:
    async with ReferenceServer() as server:
        good = await run("conform", server.url, "--question", "hot")
        as_json = await run("conform", server.url, "--json", "--question", "hot", "--pipeline", "escape")
        unknown = await run("conform", server.url, "--pipeline", "nothing")
    async with next(one.make() for one in MUTANTS if one.name == "KeysUnheard") as server:
        bad = await run("conform", server.url)
    gone = await run("conform", server.url)
    assert (good.code, good.err, good.out.splitlines()[-1]) == (0, "", f"all {len(RULES)} rules hold")
    assert json.loads(as_json.out)["holds"]
    assert bad.code == 1
    assert "BROKEN  repeat" in bad.out
    assert (unknown.code, gone.code) == (2, 3)
    assert "no answer from" in gone.err


def test_the_kit_starts_without_a_screen() -> None:
    code = "import sys, tui.conform; print(sorted({'textual', 'rich', 'quart', 'backend'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_judging_can_be_left() -> None:
    async with ReferenceServer() as server:
        task = asyncio.create_task(judge(server.url, ASKED, LIMITS))
        while not server.runs:  # noqa: ASYNC110  # the server has no event for it
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
