"""One service with language models: which of them to ask, in which form, and what to do when that fails."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

from backend.pipeline import Call, Context
from backend.pipelines.escape.sources.chat.answer import Answer, NotAnAnswer, decode_answer
from backend.pipelines.escape.sources.chat.presets import MAX_TOKENS, Form, Preset, chat_models, request_body
from backend.pipelines.escape.sources.chat.prompt import corrected, messages
from backend.pipelines.escape.sources.chat.trouble import Trouble, judge
from backend.pipelines.escape.sources.chat.writing import Writing, write
from backend.upstream import Lifetime, Upstream, UpstreamError

MAX_REQUESTS = 5
"""For one question at one service: the first, a retry, and what dead models and refused fields cost the first time."""
MAX_LISTED = 3
"""How many of the models that a server lists are tried where none that was named is there."""
LISTED_S = 60.0
FORGET_S = 3600.0
"""After so long a model that was gone is tried again: models are pulled and keys get permissions."""


class Understood(NamedTuple):
    """What ``model`` of ``service`` understood, and sentences about what in its answer was not used."""

    answer: Answer
    remarks: tuple[str, ...]
    service: str
    model: str


class ChatServer:
    """One upstream that speaks the chat-completions dialect. It remembers what its models refused.

    ``model`` is the one that was asked for, if any. ``first_s`` limits the time until a model's first text, in seconds.
    """

    def __init__(self, preset: Preset, upstream: Upstream, model: str | None, *, first_s: float) -> None:
        self.preset, self.upstream, self.model, self.first_s = preset, upstream, model, first_s
        self.name = upstream.name
        self._gone: dict[str, float] = {}
        self._forms: dict[str, Form] = {}

    async def ask(self, question: str, today: datetime.date | None, ctx: Context, deadline: float) -> Understood:
        """What the question means to the first model that is there. Raises Trouble.

        ``deadline`` (``time.monotonic()``) is for all requests together; ``today`` the asker's day, where known.
        """
        asking = _Asking(self, question, today, ctx, deadline)
        last: Trouble | None = None
        async for model in self._models(ctx, deadline):
            try:
                understood = await asking.ask(model)
            except Trouble as trouble:
                if trouble.remedy != "other_model":
                    raise
                self._gone[model] = time.monotonic()
                last = trouble
                ctx.log(_sentence(trouble), level="warning")
            else:
                return understood
        raise last or Trouble(f"{self.name} has no model to ask", "none", code="no_model", hint=self._how_to_choose())

    def form(self, model: str) -> Form:
        """In which form ``model`` is asked: the full one, without what its server has refused."""
        return self._forms.get(model, Form())

    def make_plainer(self, model: str, complaint: str) -> bool:
        """Leave out what the complaint is about, from now on; whether there was anything to leave out."""
        plainer = self.form(model).without(complaint, self.preset)
        if plainer is None:
            return False
        self._forms[model] = plainer
        return True

    async def list_models(self, deadline: float, call: Call | None = None) -> list[str]:
        """The models to chat with that the service says it has; also a way to see whether it takes the key.

        Raises UpstreamError.
        """
        lifetime = Lifetime(LISTED_S, private=True)
        reply = await self.upstream.get_json("models", deadline=deadline, lifetime=lifetime, call=call)
        return chat_models(reply.data)

    async def _models(self, ctx: Context, deadline: float) -> AsyncIterator[str]:
        """The models to try, each once: the one that was asked for, those known of the service, those it lists."""
        named = dict.fromkeys(one for one in (self.model, *self.preset.models) if one)
        alive = [one for one in named if not self._is_gone(one)]
        for model in alive:
            yield model
        listed = [one for one in await self._listed(ctx, deadline) if one not in alive and not self._is_gone(one)]
        for model in listed[:MAX_LISTED]:
            yield model

    async def _listed(self, ctx: Context, deadline: float) -> list[str]:
        async with ctx.call(self.name, "list models") as call:
            try:
                models = await self.list_models(deadline, call)
            except UpstreamError as error:
                call.text = str(error)
                trouble = judge(error, key=self.preset.key, model="", setting=self.preset.model)
                raise Trouble(str(trouble), "none", code=trouble.code, hint=trouble.hint) from None
            shown = ", ".join(models[:6]) + (" …" if len(models) > 6 else "")
            call.text = f"{self.name} has {shown}" if models else f"{self.name} lists no model"
            return models

    def _is_gone(self, model: str) -> bool:
        return time.monotonic() - self._gone.get(model, -FORGET_S) < FORGET_S

    def _how_to_choose(self) -> str:
        if self.preset.id == "ollama":
            return "Get one: ollama pull <model>."
        return f"Name one by {self.preset.model}."


class _Asking:
    """One question at one service: a retry where it helps, and no more."""

    def __init__(
        self, server: ChatServer, question: str, today: datetime.date | None, ctx: Context, deadline: float
    ) -> None:
        self._server, self._ctx, self._deadline = server, ctx, deadline
        self._conversation = messages(question, today)
        self._max_tokens = MAX_TOKENS
        self._requests = 0
        self._has_retried = False
        self._has_written = False

    async def ask(self, model: str) -> Understood:
        """What ``model`` understood. Raises Trouble when nothing (more) helps, ``other_model`` when it isn't there."""
        while True:
            try:
                wrote = await self._request(model)
                answer, remarks = decode_answer(wrote)
            except NotAnAnswer as error:
                trouble = Trouble(f"{self._server.name} wrote no answer: {error}", "rephrase", wrote=wrote)
            except Trouble as error:
                trouble = error
                if (salvaged := _salvaged(error.wrote)) is not None:
                    answer, remarks = salvaged
                    self._ctx.log(f"{error}; what had come by then is whole, and is used.", level="warning")
                    return Understood(answer, remarks, self._server.name, model)
            else:
                return Understood(answer, remarks, self._server.name, model)
            if self._requests >= MAX_REQUESTS or not await self._is_remedied(trouble, model):
                raise trouble

    async def _request(self, model: str) -> str:
        """The text of one answer, in full. Raises Trouble."""
        server, preset = self._server, self._server.preset
        form = server.form(model)
        body = request_body(preset, model, self._conversation, form, self._max_tokens)
        if self._has_written:
            self._ctx.token("\n")  # what is written now is another answer
        self._requests += 1
        async with self._ctx.call(server.name, "chat", model=model, json_mode=form.json_mode) as call:
            writing = Writing(self._ctx)
            try:
                await write(server.upstream, body, writing, call, first_s=server.first_s, deadline=self._deadline)
                _check(writing, server.name)
            except UpstreamError as error:
                setting = preset.model
                trouble = judge(error, key=preset.key, model=model, setting=setting, wrote=writing.answer)
                call.status, call.text = error.code, str(trouble)
                raise trouble from None
            except Trouble as trouble:
                call.text = str(trouble)
                raise
            finally:
                call.retries = int(self._has_retried)
                self._has_written = self._has_written or bool(writing.answer)
            call.text = f"{model} wrote {len(writing.answer)} characters, the first after {writing.first_ms} ms"
            return writing.answer

    async def _is_remedied(self, trouble: Trouble, model: str) -> bool:
        """Do what may help, and tell whether to ask again."""
        if trouble.remedy == "plainer":
            return self._server.make_plainer(model, trouble.complaint)
        if trouble.remedy in ("none", "other_model") or self._has_retried:
            return False
        if time.monotonic() + trouble.wait_s >= self._deadline:
            return False
        self._has_retried = True
        if trouble.remedy == "larger":
            self._max_tokens *= 2
        elif trouble.remedy == "rephrase":
            self._conversation = corrected(self._conversation, trouble.wrote)
        await asyncio.sleep(trouble.wait_s)
        return True


def _check(writing: Writing, name: str) -> None:
    """Raises Trouble for what ended well as a stream and is no whole answer."""
    wrote = writing.answer
    if writing.refusal or writing.end == "content_filter":
        raise Trouble(f"{name} declined to answer", "none", code="refused", wrote=wrote)
    if writing.is_endless:
        raise Trouble(f"{name} wrote on and on, and was cut off", "none", code="endless", wrote=wrote)
    if not writing.frames:
        said = f"{name} answered with something that is no event stream"
        raise Trouble(said, "none", code="bad_payload", hint="Check its URL in the settings.")
    if writing.end == "length":
        raise Trouble(f"{name} ran out of tokens before its answer was whole", "larger", code="length", wrote=wrote)
    if not writing.is_done and writing.end is None:
        raise Trouble(f"The answer of {name} broke off", "again", code="truncated", wrote=wrote)
    if not wrote.strip():
        raise Trouble(f"{name} wrote nothing", "again", code="empty")


def _salvaged(wrote: str) -> tuple[Answer, tuple[str, ...]] | None:
    try:
        return decode_answer(wrote) if wrote else None
    except NotAnAnswer:
        return None


def _sentence(trouble: Trouble) -> str:
    return f"{trouble}. {trouble.hint}" if trouble.hint else f"{trouble}."
