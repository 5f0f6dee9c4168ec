"""Cancelling a run: from anywhere, twice, and too late."""

from shared import events as ev
from tui.conform.probe import Answer
from tui.conform.rules.log import first_broken
from tui.conform.sample import Case, Sample, expect, received_in, sampled
from tui.conform.verdict import Broken


async def cancel(case: Case) -> str:
    """Raises Broken unless a run that is cancelled says so, keeps what it has and ends as cancelled; asked again,
    nothing changes."""
    for tried in range(case.limits.tries):
        first, second, seen = await _cancel_one(case)
        log = seen.log()
        finished = log[-1]
        if not isinstance(finished, ev.RunFinished):
            raise Broken("the stream of a cancelled run ended without run.finished")
        if (broken := first_broken(log)) is not None:
            raise Broken(f"the log of a cancelled run: {broken}")
        if first.status not in (200, 202):
            raise Broken(f"POST …/cancel was answered with {first.status}")
        if first.status == 202 and second.status not in (200, 202):
            raise Broken(f"cancelling twice was answered with {second.status}: it must be idempotent")
        if finished.status == "cancelled":
            tries = "1 try" if tried == 0 else f"{tried + 1} tries"
            return f"caught under way after {tries}: ended after event {len(log)}"
        if case.lasts:
            raise Broken(f"cancelling was answered with {first.status}; the run ended as {finished.status}")
    return "every run was over before it could be cancelled (--long gives a question whose run lasts)"


async def _cancel_one(case: Case) -> tuple[Answer, Answer, Sample]:
    async with case.probe.open("POST", "/assist", body=case.body(case.long_question)) as reading:
        await reading.until(lambda data: bool(received_in(data)))
        path = f"/runs/{sampled(reading).run}/cancel"
        first = await case.probe.call("POST", path)
        second = await case.probe.call("POST", path)
        await reading.to_end()
    return first, second, case.sampled(reading)


async def cancel_again(case: Case) -> str:
    """Raises Broken unless cancelling a run that is over says how it ended, and changes nothing."""
    run = case.sample.run
    finished = case.sample.log()[-1]
    assert isinstance(finished, ev.RunFinished)
    for _ in range(2):
        answer = await case.probe.call("POST", f"/runs/{run}/cancel")
        if answer.status != 200:
            raise Broken(f"cancelling a run that is over was answered with {answer.status}, not 200")
        said = answer.json()
        state = said.get("status") or said.get("state") if isinstance(said, dict) else None
        if state != finished.status:
            raise Broken(f"cancelling a run that ended as {finished.status} says {state!r}")
    expect((await case.replay(run)).received, case.sample.received, "the log of a run that was cancelled too late")
    return ""
