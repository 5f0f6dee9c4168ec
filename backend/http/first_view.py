"""What the page shows before its modules have loaded, or where they never do: the form, the plan, who to thank.

Drawn as the modules draw it, so that nothing moves when they take over.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from backend.pipeline import Option, Pipeline
from shared.events import PlanStep
from shared.text import clean
from shared.view import step_numbers

KEY_FIELD = "Idempotency-Key"
"""The hidden field that makes a repeat of the form safe: another one each time that the page is drawn."""
_SENT_BY_ITSELF = ("tz", "previous")
_INPUTS = {"text": 'type="text"', "number": 'type="number" step="any"', "flag": 'type="checkbox" value="true"'}


def fill(template: str, pipelines: Sequence[Pipeline], chosen: Pipeline | None, run: str | None = None) -> str:
    """The page for ``chosen``, or of ``run``: each ``<!-- name -->`` of the template becomes what it stands for."""
    parts: Mapping[str, str] = {
        "phase": "asked" if run else "idle",
        "title": _text(chosen.title) if chosen else "Ask something that takes a while",
        "picker": "" if len(pipelines) > 1 else " hidden",
        "pipelines": "".join(_choice(one, one is chosen) for one in pipelines),
        "examples": "".join(map(_chip, chosen.examples)) if chosen else "",
        "placeholder": _text(next(iter(chosen.examples), "")) if chosen else "",
        "options": "" if chosen and _offered(chosen) else " hidden",
        "fields": "".join(map(_field, _offered(chosen))) if chosen else "",
        "key": f'<input type="hidden" name="{KEY_FIELD}" value="{secrets.token_urlsafe(16)}">' if chosen else "",
        "steps": "".join(_steps(chosen.plan())) if chosen else "",
        "attributions": "".join(_attribution(one) for one in chosen.attributions()) if chosen else "",
        "plain": f' <a href="/plain/{_text(run)}">Read this run line by line.</a>' if run else "",
    }
    page: list[str] = []
    for piece in template.split("<!-- "):
        name, end, rest = piece.partition(" -->")
        page.append(parts[name] + rest if end and name in parts else piece)
    return "".join(page)


def _text(text: str) -> str:
    return escape(clean(text))


def _choice(pipeline: Pipeline, chosen: bool) -> str:
    return f'<option value="{_text(pipeline.name)}"{" selected" * chosen}>{_text(pipeline.title)}</option>'


def _chip(example: str) -> str:
    """Without the modules it sends itself, whatever is written in the field above."""
    text = _text(example)
    return f'<li><button name="example" value="{text}" formnovalidate class="chip" dir="auto">{text}</button></li>'


def _offered(pipeline: Pipeline) -> list[Option]:
    return [option for option in pipeline.options if option.key not in _SENT_BY_ITSELF]


def _field(option: Option) -> str:
    given = f'name="{_text(option.key)}" autocomplete="off" {_INPUTS[option.kind]}'
    return f"<label><span>{_text(option.label)}</span><input {given}></label>"


def _steps(plan: Sequence[PlanStep]) -> Iterable[str]:
    titles = {step.id: step.title for step in plan}
    for step, number in zip(plan, step_numbers(plan), strict=True):
        needs = ", ".join(titles[need] for need in step.needs)
        note = f"It begins after: {needs}." if needs else "It begins at once."
        yield (
            f'<li class="{"step child" if step.parent else "step"}" data-state="waiting"><details><summary>'
            f'<span class="mark" aria-hidden="true"></span><span class="number">{number}</span>'
            f'<span class="title" dir="auto">{_text(step.title)}</span>'
            '<span class="visually-hidden"> (waiting) </span><span class="say"></span><span class="time"></span>'
            f'<span class="bar"></span></summary><div class="body"><p class="note">{_text(note)}</p></div>'
            "</details></li>"
        )


def _attribution(one: Mapping[str, Any]) -> str:
    text, url = _text(one.get("text") or ""), one.get("url") or ""
    if urlsplit(url).scheme not in ("http", "https"):
        return f"<li><span>{text}</span></li>"
    return f'<li><a href="{_text(url)}" rel="noopener noreferrer external">{text}</a></li>'
