"""One service with language models: which of them to ask, in which form, and what to do when that fails."""

from __future__ import annotations

import asyncio
import datetime
import time
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

        ``deadline`` (``time.monotonic()``) is for all requests together; ``today`` the asker's day, where known. The
        model that was asked for is the first, then those known of the service, then those that it lists.
        """
        asking = _Asking(self, question, today, ctx, deadline)
        named = dict.fromkeys(one for one in (self.model, *self.preset.models) if one)
        found = await self._first_there(asking, [one for one in named if not self._is_gone(one)], ctx)
        if found is None:
            listed = [one for one in await self._listed(ctx, deadline) if not self._is_gone(one)]
            found = await self._first_there(asking, listed[:MAX_LISTED], ctx)
        if found is None:
            how = "Get one: ollama pull <model>." if self.preset.id == "ollama" else f"Name one by {self.preset.model}."
            raise Trouble(f"{self.name} has no model that can be asked", "none", code="no_model", hint=how)
        return found

    def form(self, model: str) -> Form:
        """In which form ``model`` is asked: the full one, without what its server has refused."""
        return self._forms.get(model, Form())

    def remember(self, model: str, form: Form) -> None:
        """``model`` answered to a request of this form."""
        self._forms[model] = form

    async def list_models(self, deadline: float, call: Call | None = None) -> list[str]:
        """The models to chat with that the service says it has; also a way to see whether it takes the key.

        Raises UpstreamError.
        """
        lifetime = Lifetime(LISTED_S, private=True)
        reply = await self.upstream.get_json("models", deadline=deadline, lifetime=lifetime, call=call)
        return chat_models(reply.data)

    async def _first_there(self, asking: _Asking, models: list[str], ctx: Context) -> Understood | None:
        """What the first of ``models`` understood that is there; those that aren't are remembered."""
        for model in models:
            try:
                return await asking.ask(model)
            except Trouble as trouble:
                if trouble.remedy != "other_model":
                    raise
                self._gone = {one: at for one, at in self._gone.items() if self._is_gone(one)}
                self._gone[model] = time.monotonic()
                ctx.log(f"{trouble}. {trouble.hint}", level="warning")
        return None

    async def _listed(self, ctx: Context, deadline: float) -> list[str]:
        async with ctx.call(self.name, "list models") as call:
            try:
                models = await self.list_models(deadline, call)
            except UpstreamError as error:
                call.text = str(error)
                trouble = judge(error, self.preset)
                raise Trouble(str(trouble), "none", code=trouble.code, hint=trouble.hint) from None
            shown = ", ".join(models[:6]) + (" …" if len(models) > 6 else "")
            call.text = f"{self.name} has {shown}" if models else f"{self.name} lists no model"
            return models

    def _is_gone(self, model: str) -> bool:
        return time.monotonic() - self._gone.get(model, -FORGET_S) < FORGET_S


class _Asking:
    """One question at one service: a retry where it helps, and no more."""

    def __init__(
        self, server: ChatServer, question: str, today: datetime.date | None, ctx: Context, deadline: float
    ) -> None:
        self._server, self._ctx, self._deadline = server, ctx, deadline
        self._conversation = messages(question, today)
        self._max_tokens = MAX_TOKENS
        self._form = Form()
        self._requests = self._tries = 0
        self._has_retried = False
        self._has_written = False

    async def ask(self, model: str) -> Understood:
        """What ``model`` understood. Raises Trouble when nothing (more) helps, ``other_model`` when it isn't there."""
        self._form, self._tries = self._server.form(model), 0
        while True:
            try:
                wrote = await self._request(model)
                answer, remarks = decode_answer(wrote)
            except NotAnAnswer as error:
                said = f"{self._server.name} wrote no answer: {error}"
                trouble = Trouble(said, "rephrase", code="no_answer", wrote=wrote)
                self._ctx.log(f"{trouble}.", level="warning")
            except Trouble as error:
                trouble = error
                if (salvaged := _salvaged(error.wrote)) is not None:
                    answer, remarks = salvaged
                    self._ctx.log(f"{error}; what had come by then is whole, and is used.", level="warning")
                    return Understood(answer, remarks, self._server.name, model)
            else:
                return Understood(answer, remarks, self._server.name, model)
            if self._requests >= MAX_REQUESTS or not await self._is_remedied(trouble):
                raise trouble

    async def _request(self, model: str) -> str:
        """The text of one answer, in full. Raises Trouble."""
        server = self._server
        body = request_body(server.preset, model, self._conversation, self._form, self._max_tokens)
        if self._has_written:
            self._ctx.token("\n")  # what is written now is another answer
        self._requests += 1
        async with self._ctx.call(server.name, "chat", model=model, json_mode=self._form.json_mode) as call:
            writing = Writing(self._ctx)
            try:
                await write(server.upstream, body, writing, call, first_s=server.first_s, deadline=self._deadline)
                _check(writing, server.name)
            except UpstreamError as error:
                trouble = judge(error, server.preset, model, writing.answer)
                call.status, call.text = error.code, str(trouble)
                raise trouble from None
            except Trouble as trouble:
                call.text = str(trouble)
                raise
            finally:
                call.retries, self._tries = self._tries, self._tries + 1
                self._has_written = self._has_written or bool(writing.answer)
            call.text = f"{model} wrote {len(writing.answer)} characters, the first after {writing.first_ms} ms"
            server.remember(model, self._form)
            return writing.answer

    async def _is_remedied(self, trouble: Trouble) -> bool:
        """Do what may help, and tell whether to ask again."""
        if trouble.remedy == "plainer":
            plainer = self._form.without(trouble.complaint, self._server.preset)
            self._form = plainer or self._form
            return plainer is not None
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
