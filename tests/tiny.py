"""A second domain, as small as can be: it counts the letters of the words in a question."""

import asyncio
from dataclasses import dataclass

from backend.errors import StepError
from backend.pipeline import Context, Later, Pipeline, Question, Step
from shared.events import Column, RowRemoval, RowUpsert


@dataclass(frozen=True)
class Words:
    words: list[str]


@dataclass(frozen=True)
class Longest:
    length: int


@dataclass(frozen=True)
class Counted:
    total: int


class Gate:
    """Lets a test hold a run: a question with the word ``wait`` stops until the gate opens."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self.cancelled = asyncio.Event()


async def split(question: Question, ctx: Context) -> Words:
    words = question.text.split()
    if "fail" in words:
        raise StepError("A word is forbidden", code="forbidden", hint="Leave out “fail”.")
    ctx.say(f"{len(words)} words")
    return Words(words)


async def measure(words: Words, ctx: Context) -> Longest:
    if "think" in words.words:
        ctx.token("Which is the longest? ", kind="reasoning")
    for word in words.words:
        ctx.token(word + " ")
    if "degrade" in words.words:
        ctx.degraded("only some words are known")
    return Longest(max(map(len, words.words)))


async def count(words: Words, longest: Later[Longest], gate: Gate, ctx: Context) -> Counted:
    async with ctx.call("counter", "count", words=len(words.words)) as call:
        if "wait" in words.words:
            gate.reached.set()
            try:
                await gate.opened.wait()
            except asyncio.CancelledError:
                gate.cancelled.set()
                if "stubborn" in words.words:  # what no step should do
                    await asyncio.Event().wait()
                raise
        call.bytes = sum(map(len, words.words))
    limit = (await longest).length
    rows = [
        RowUpsert(id=f"w{index}", cells={"word": word, "letters": len(word)}, state="confirmed")
        for index, word in enumerate(words.words)
    ]
    ctx.rows(rows, [RowRemoval(id=row.id, why="too short") for row in rows if row.cells["letters"] * 3 < limit])
    ctx.progress(len(rows), len(rows), "words")
    ctx.order([row.id for row in sorted(rows, key=lambda row: -row.cells["letters"])])
    ctx.say(f"{sum(map(len, words.words))} letters")
    return Counted(sum(map(len, words.words)))


def tiny_pipeline(gate: Gate | None = None) -> Pipeline:
    return Pipeline(
        name="tiny",
        title="How many letters?",
        columns=[Column(key="word", label="Word", kind="text"), Column(key="letters", label="Letters", kind="integer")],
        steps=[
            Step("split", "Split into words", split),
            Step("measure", "Find the longest", measure),
            Step("count", "Count the letters", count),
        ],
        examples=["how many letters are here"],
        resources={Gate: lambda config: gate or Gate()},
    )
