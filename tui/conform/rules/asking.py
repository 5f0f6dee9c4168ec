"""One POST, repeated safely: what an Idempotency-Key promises."""

import asyncio

from tui.conform.rules.refusals import check_problem
from tui.conform.sample import Case, Sample, expect, new_key
from tui.conform.verdict import Broken

_AT_ONCE = 5


async def repeat(case: Case) -> str:
    """Raises Broken unless the same key and body bring the same run, byte for byte, also when the answer was lost."""
    headers = {"Idempotency-Key": new_key()}
    async with case.probe.open("POST", "/assist", body=case.body(), headers=headers):
        pass  # left before its first byte was read
    first = await case.ask(headers=headers)
    again = await case.ask(headers=headers)
    if again.run != first.run:
        raise Broken(f"the same key and body started two runs: {first.run} and {again.run}")
    expect(again.received, first.received, "a repeated question")
    return ""


async def repeat_after(case: Case) -> str:
    """Raises Broken unless a repeated question with Last-Event-ID brings what follows alone."""
    key = new_key()
    first = await case.ask(headers={"Idempotency-Key": key})
    for place in sorted({1, first.length // 2, first.length - 1} - {0}):
        headers = {"Idempotency-Key": key, "Last-Event-ID": f"{first.run}.{place}"}
        rest = await case.ask(headers=headers)
        expect(rest.received, first.received[place:], f"a repeated question with Last-Event-ID {place}")
    return ""


async def another_body(case: Case) -> str:
    """Raises Broken unless another body under a known key is a conflict."""
    headers = {"Idempotency-Key": new_key()}
    await case.ask(headers=headers)
    answer = await case.probe.call("POST", "/assist", body=case.body(case.question + " or so"), headers=headers)
    check_problem(answer, {409}, "another body under the same key")
    return ""


async def at_once(case: Case) -> str:
    """Raises Broken unless the same question that arrives several times at the same moment is one run."""
    headers = {"Idempotency-Key": new_key()}
    answers: list[Sample] = await asyncio.gather(*(case.ask(headers=headers) for _ in range(_AT_ONCE)))
    runs = {answer.run for answer in answers}
    if len(runs) != 1:
        raise Broken(f"{_AT_ONCE} equal questions under one key at once started {len(runs)} runs")
    for answer in answers:
        expect(answer.received, answers[0].received, "the same question at once")
    return ""


async def without_key(case: Case) -> str:
    """Raises Broken unless two questions without a key, or with two, are two runs."""
    answers = [
        case.sample,
        await case.ask(),
        await case.ask(headers={"Idempotency-Key": new_key()}),
        await case.ask(headers={"Idempotency-Key": new_key()}),
    ]
    if len({answer.run for answer in answers}) != len(answers):
        raise Broken("questions that share no key shared a run")
    return ""
