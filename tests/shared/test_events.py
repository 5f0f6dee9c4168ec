"""The events' JSON, exactly as PROTOCOL.md has it, and what a reader makes of other people's."""

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events as ev
from shared.errors import MalformedEvent
from shared.text import clean, clean_json
from tests.hostile_text import FORBIDDEN, HOSTILE

EVIDENCE = ev.Evidence(
    id="c1", source="Open-Meteo", operation="forecast", request={"lat": 39.5}, status=200, ms=81, cached=True,
    retries=1, bytes=512, as_of="2026-11-22", excerpt="{…}",
)  # fmt: skip
EVIDENCE_JSON = (
    '{"id":"c1","source":"Open-Meteo","operation":"forecast","request":{"lat":39.5},"status":200,"ms":81,'
    '"cached":true,"retries":1,"bytes":512,"as_of":"2026-11-22","excerpt":"{…}"}'
)
ERROR = ev.ErrorInfo(code="timeout", message="It took too long.", hint="Try again.", retryable=True)
ERROR_JSON = '{"code":"timeout","message":"It took too long.","hint":"Try again.","retryable":true}'

# Each event with all its fields, and with none that may be left out.
TABLE: list[tuple[Any, str]] = [
    (
        ev.RunStarted(
            seq=1, t=0, v=1, run="r", pipeline="escape", title="Where?", question="q?",
            started_at="2026-11-22T10:00:00Z",
            plan=(
                ev.PlanStep(id="a", title="A"),
                ev.PlanStep(id="b", title="B", needs=("a",), parent="a", optional=True),
            ),
            columns=(
                ev.Column(key="city", label="City", kind="text"),
                ev.Column(key="km", label="Distance", kind="integer", unit="km"),
            ),
        ),
        '{"type":"run.started","seq":1,"t":0,"v":1,"run":"r","pipeline":"escape","title":"Where?","question":"q?",'
        '"started_at":"2026-11-22T10:00:00Z","plan":[{"id":"a","title":"A"},'
        '{"id":"b","title":"B","needs":["a"],"parent":"a","optional":true}],'
        '"columns":[{"key":"city","label":"City","kind":"text"},'
        '{"key":"km","label":"Distance","kind":"integer","unit":"km"}]}',
    ),
    (
        ev.StepStarted(seq=2, t=5, step="a", attempt=1, say="Reading the sky…"),
        '{"type":"step.started","seq":2,"t":5,"step":"a","attempt":1,"say":"Reading the sky…"}',
    ),
    (
        ev.StepProgress(seq=3, t=5, step="a", attempt=1, done=0),
        '{"type":"step.progress","seq":3,"t":5,"step":"a","attempt":1,"done":0}',
    ),
    (
        ev.StepProgress(seq=3, t=5, step="a", attempt=1, done=3, total=21, unit="cities"),
        '{"type":"step.progress","seq":3,"t":5,"step":"a","attempt":1,"done":3,"total":21,"unit":"cities"}',
    ),
    (
        ev.StepLog(seq=4, t=5, step="a", attempt=1, level="warning", text="Slow."),
        '{"type":"step.log","seq":4,"t":5,"step":"a","attempt":1,"level":"warning","text":"Slow."}',
    ),
    (
        ev.StepLog(seq=4, t=5, step="a", attempt=1, level="info", text="Asked.", evidence=EVIDENCE),
        '{"type":"step.log","seq":4,"t":5,"step":"a","attempt":1,"level":"info","text":"Asked.","evidence":'
        + EVIDENCE_JSON + "}",
    ),
    (
        ev.StepToken(seq=5, t=6, step="a", attempt=1, text="hot "),
        '{"type":"step.token","seq":5,"t":6,"step":"a","attempt":1,"text":"hot "}',
    ),
    (
        ev.StepToken(seq=5, t=6, step="a", attempt=1, text="hot? ", kind="reasoning"),
        '{"type":"step.token","seq":5,"t":6,"step":"a","attempt":1,"text":"hot? ","kind":"reasoning"}',
    ),
    (
        ev.StepFinished(seq=6, t=7, step="a", attempt=1, status="ok", ms=2, say="Read."),
        '{"type":"step.finished","seq":6,"t":7,"step":"a","attempt":1,"status":"ok","ms":2,"say":"Read."}',
    ),
    (
        ev.StepFinished(
            seq=6, t=7, step="a", attempt=1, status="failed", ms=2, say="No.", detail={"n": 1}, error=ERROR,
            retry_in_ms=0,
        ),
        '{"type":"step.finished","seq":6,"t":7,"step":"a","attempt":1,"status":"failed","ms":2,"say":"No.",'
        '"detail":{"n":1},"error":' + ERROR_JSON + ',"retry_in_ms":0}',
    ),
    (
        ev.RowsChanged(seq=7, t=8, step="a", attempt=1),
        '{"type":"rows.changed","seq":7,"t":8,"step":"a","attempt":1}',
    ),
    (
        ev.RowsChanged(
            seq=7, t=8, step="a", attempt=1,
            upsert=(
                ev.RowUpsert(id="PMI", cells={"city": "Palma", "high": None}, state="provisional"),
                ev.RowUpsert(id="AGP", cells={}, state="confirmed", from_={"high": "c1"}),
            ),
            remove=(ev.RowRemoval(id="OSL", why="4 °C: not hot"),),
        ),
        '{"type":"rows.changed","seq":7,"t":8,"step":"a","attempt":1,'
        '"upsert":[{"id":"PMI","cells":{"city":"Palma","high":null},"state":"provisional"},'
        '{"id":"AGP","cells":{},"state":"confirmed","from":{"high":"c1"}}],'
        '"remove":[{"id":"OSL","why":"4 °C: not hot"}]}',
    ),
    (
        ev.RunNotice(seq=8, t=9, kind="cancelling", text="Finishing up."),
        '{"type":"run.notice","seq":8,"t":9,"kind":"cancelling","text":"Finishing up."}',
    ),
    (
        ev.RunFinished(seq=9, t=9, status="ok", say="Done.", ms=9, events=9),
        '{"type":"run.finished","seq":9,"t":9,"status":"ok","say":"Done.","ms":9,"events":9}',
    ),
    (
        ev.RunFinished(
            seq=9, t=9, status="partial", say="Done.", ms=9, events=9, degraded=("a",), error=ERROR,
            order=("AGP", "PMI"),
        ),
        '{"type":"run.finished","seq":9,"t":9,"status":"partial","say":"Done.","ms":9,"events":9,"degraded":["a"],'
        '"error":' + ERROR_JSON + ',"order":["AGP","PMI"]}',
    ),
    (
        ev.RunFinished(seq=9, t=9, status="ok", say="Nothing.", ms=9, events=9, order=()),
        '{"type":"run.finished","seq":9,"t":9,"status":"ok","say":"Nothing.","ms":9,"events":9,"order":[]}',
    ),
    (ev.StreamSnapshot(upto=12, view={"state": "ok"}), '{"type":"stream.snapshot","upto":12,"view":{"state":"ok"}}'),
    (
        ev.StreamBye(reason="too_old", retry_ms=2000),
        '{"type":"stream.bye","reason":"too_old","retry_ms":2000}',
    ),
]  # fmt: skip
IDS = [f"{number} {type(event).__name__}" for number, (event, _) in enumerate(TABLE)]


@pytest.mark.parametrize(("event", "line"), TABLE, ids=IDS)
def test_an_event_is_exactly_this_line(event: Any, line: str) -> None:
    assert ev.encode_event(event) == line.encode()


@pytest.mark.parametrize(("event", "line"), TABLE, ids=IDS)
@pytest.mark.parametrize("decode", [ev.decode_event, ev.decode_untrusted])
def test_the_line_is_read_as_the_event_from_bytes_and_text(decode: Any, event: Any, line: str) -> None:
    assert decode(line.encode()) == event
    assert decode(line) == event


def test_the_table_has_every_event() -> None:
    assert {type(event) for event, _ in TABLE} == {
        *get_args(ev.KnownEvent), ev.StreamSnapshot, ev.StreamBye
    }  # fmt: skip


@pytest.mark.parametrize(("event", "line"), TABLE, ids=IDS)
def test_unknown_fields_are_ignored_anywhere(event: Any, line: str) -> None:
    def with_news(value: Any) -> Any:
        if isinstance(value, dict):
            free = {"detail", "cells", "request", "view", "from"}
            return {k: v if k in free else with_news(v) for k, v in value.items()} | {"future": {"x": [1]}}
        return [with_news(item) for item in value] if isinstance(value, list) else value

    assert ev.decode_event(json.dumps(with_news(json.loads(line)))) == event


def test_an_event_of_the_future_is_kept_by_its_number() -> None:
    line = b'{"seq":7,"x":{"type":"run.finished"},"type":"step.painted","t":12,"step":"a"}'
    assert ev.decode_event(line) == ev.UnknownEvent(type="step.painted", seq=7, t=12)
    hostile = line.replace(b"painted", rb"pa\u0007inted")
    assert ev.decode_untrusted(hostile) == ev.UnknownEvent(type="step.painted", seq=7, t=12)


MALFORMED = {
    "nothing": "",
    "not JSON": "{nope}",
    "cut off": '{"type":"run.notice","seq":1,',
    "no object": "[1]",
    "null": "null",
    "number": "17",
    "no type": '{"seq":1,"t":0}',
    "type is a number": '{"type":5,"seq":1,"t":0}',
    "unknown without seq": '{"type":"x.y","t":0}',
    "unknown with a seq in words": '{"type":"x.y","seq":"one","t":0}',
    "field missing": '{"type":"run.notice","seq":1,"t":0,"kind":"queued"}',
    "field of another type": '{"type":"run.notice","seq":1,"t":0,"kind":"queued","text":7}',
    "unknown kind": '{"type":"run.notice","seq":1,"t":0,"kind":"sleepy","text":"x"}',
    "seq missing": '{"type":"step.token","t":0,"step":"a","attempt":1,"text":"x"}',
    "seq is null": '{"type":"step.token","seq":null,"t":0,"step":"a","attempt":1,"text":"x"}',
    "nested too deep": '{"type":"x.y","seq":1,"t":0,"z":' + "[" * 100_000 + "]" * 100_000 + "}",
    "half a surrogate pair": '{"type":"x.y\\ud83d","seq":1,"t":0}',
    "two values": '{"type":"x.y","seq":1,"t":0} {}',
    "not a number": '{"type":"step.progress","seq":1,"t":0,"step":"a","attempt":1,"done":NaN}',
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("decode", [ev.decode_event, ev.decode_untrusted])
def test_what_is_no_event_is_told_as_malformed(decode: Any, line: str) -> None:
    with pytest.raises(MalformedEvent) as told:
        decode(line)
    assert str(told.value).startswith("the server sent an event that can't be read: ")


def test_text_that_no_utf_8_can_hold_is_malformed_or_cleaned() -> None:
    line = '{"type":"x.y\ud83d","seq":1,"t":0}'
    with pytest.raises(MalformedEvent):
        ev.decode_event(line)
    assert ev.decode_untrusted(line) == ev.UnknownEvent(type="x.y?", seq=1, t=0)


@pytest.mark.parametrize("decode", [ev.decode_event, ev.decode_untrusted])
@pytest.mark.parametrize("bad", [b"\xff", b"\x80", b"\xed\xa0\x80", b"\xc3"])
def test_bytes_that_are_not_utf_8_are_malformed(decode: Any, bad: bytes) -> None:
    with pytest.raises(MalformedEvent):
        decode(b'{"type":"run.notice","seq":1,"t":0,"kind":"queued","text":"' + bad + b'"}')


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_whatever_arrives_is_an_event_or_malformed(data: bytes | str) -> None:
    for decode in (ev.decode_event, ev.decode_untrusted):
        try:
            decode(data)
        except MalformedEvent:
            continue


def test_line_separators_of_other_standards_are_never_sent_raw() -> None:
    nasty = "a\u2028b\u2029c\u0085d"
    event = ev.StepFinished(
        seq=1, t=0, step=nasty, attempt=1, status="ok", ms=1, say=nasty, detail={nasty: [nasty, msgspec.Raw(b"1")]}
    )
    line = ev.encode_event(event)
    assert len(line.decode().splitlines()) == 1
    assert rb"a\u2028b\u2029c\u0085d" in line
    assert json.loads(line)["detail"] == {nasty: [nasty, 1]}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_one_line_and_comes_back(text: str) -> None:
    event = ev.StepToken(seq=1, t=0, step="a", attempt=1, text=text)
    line = ev.encode_event(event)
    assert len(line.decode().splitlines()) == 1
    assert ev.decode_event(line) == event


def test_what_no_json_can_hold_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        ev.encode_event(ev.RunNotice(seq=1, t=0, kind="queued", text="\ud83d"))
    with pytest.raises(TypeError):
        ev.encode_event(ev.StepFinished(seq=1, t=0, step="a", attempt=1, status="ok", ms=1, say="", detail=object()))


def test_nan_is_not_json() -> None:
    line = ev.encode_event(ev.StreamSnapshot(upto=1, view=[float("nan"), float("inf")]))
    assert line == b'{"type":"stream.snapshot","upto":1,"view":[null,null]}'


# ---- somebody else's stream


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _strings(part)]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


def _poisoned(tree: Any, poison: str) -> Any:
    """``tree`` with ``poison`` behind each string whose value is free."""
    closed = {"type", "kind", "status", "level", "state", "reason"}
    if isinstance(tree, dict):
        return {
            key: item if key in closed else _poisoned(item, poison) for key, item in tree.items()
        }  # fmt: skip
    if isinstance(tree, list):
        return [_poisoned(item, poison) for item in tree]
    return tree + poison if isinstance(tree, str) else tree


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
@pytest.mark.parametrize("poison", HOSTILE, ids=repr)
@pytest.mark.parametrize(("event", "line"), TABLE, ids=IDS)
def test_every_string_of_every_untrusted_event_is_cleaned(event: Any, line: str, poison: str, escaped: bool) -> None:
    sent = json.dumps(_poisoned(json.loads(line), poison), ensure_ascii=escaped)
    for data in (sent, sent.encode()):
        decoded = ev.decode_untrusted(data)
        assert type(decoded) is type(event)
        got = json.loads(msgspec.json.encode(decoded))
        assert not [text for text in _strings(got) if FORBIDDEN.search(text)]
        assert got == clean_json(_poisoned(json.loads(line), poison))


def test_keys_are_cleaned_too() -> None:
    row = r'{"id":"r","cells":{"c\u001b[2J":1},"state":"confirmed"}'
    line = '{"type":"rows.changed","seq":1,"t":0,"step":"a","attempt":1,"upsert":[' + row + "]}"
    event = ev.decode_untrusted(line)
    assert isinstance(event, ev.RowsChanged)
    assert event.upsert[0].cells == {"c": 1}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(json_values, st.text(max_size=20), st.booleans())
def test_clean_text_is_read_alike_by_both(detail: Any, say: str, escaped: bool) -> None:
    tree = {"type": "step.finished", "seq": 1, "t": 0, "step": "a", "attempt": 1, "status": "ok", "ms": 1}
    line = json.dumps({**tree, "say": clean(say), "detail": clean_json(detail)}, ensure_ascii=escaped)
    assert ev.decode_untrusted(line) == ev.decode_event(line)
    assert ev.decode_untrusted(line.encode()) == ev.decode_event(line.encode())


@given(json_values, st.text(max_size=20))
def test_nothing_suspect_takes_the_short_way(detail: Any, say: str) -> None:
    line = json.dumps(
        {"type": "step.finished", "seq": 1, "t": 0, "step": "a", "attempt": 1, "status": "ok", "ms": 1, "say": say,
         "detail": detail}, ensure_ascii=False,
    )  # fmt: skip
    try:
        event = ev.decode_untrusted(line)
    except MalformedEvent:
        return
    assert not [text for text in _strings(msgspec.to_builtins(event)) if FORBIDDEN.search(text)]
