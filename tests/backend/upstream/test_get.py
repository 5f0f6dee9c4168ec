"""What a call sends, what comes back, and what is told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.upstream import Reply, Upstream, UpstreamError, Upstreams
from backend.upstream.request import Request
from shared.secret import Secret
from tests.backend.upstream.service import KEY, FakeCall, Service, soon, spec_of


async def test_a_call_asks_for_what_it_was_told_and_adds_the_key(service: Service, upstream: Upstream) -> None:
    reply = await upstream.get_json(
        "/things", params=[("codes", "VLC,LPA"), ("limit", 5), ("lat", -0.5)], headers={"X-More": "x"}, deadline=soon()
    )
    [seen] = service.requests
    assert (seen.method, seen.path) == ("GET", "/things")
    assert seen.query == {"codes": "VLC,LPA", "limit": "5", "lat": "-0.5", "api_key": KEY}
    assert seen.headers["x-more"] == "x"
    assert seen.headers["accept-encoding"] == "gzip"
    assert (reply.status, reply.data, reply.cached, reply.retries) == (200, {"good": True}, False, 0)
    assert reply.bytes == len(b'{"good":true}')
    assert abs(reply.fetched_at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_key_may_go_into_a_header_and_further_secrets_into_the_query(
    service: Service, upstreams: Upstreams
) -> None:
    spec = spec_of(
        service, key_param=None, key_header="Authorization", key_prefix="Bearer ", headers={"User-Agent": "W"}
    )
    service.body = {"echo": f"it was {KEY}, and sign%2Bature-1 too"}
    reply = await upstreams.open(spec).get_json(
        "/x", secret_params=[("signature", Secret("sign+ature-1"))], deadline=soon()
    )
    [seen] = service.requests
    assert seen.bearer == KEY
    assert seen.query == {"signature": "sign+ature-1"}
    assert seen.headers["user-agent"] == "W"
    assert reply.data == {"echo": "it was (secret), and (secret) too"}


async def test_the_evidence_of_a_call_is_filled_in(service: Service, upstream: Upstream) -> None:
    call = FakeCall()
    service.faults.next(status=503)
    reply = await upstream.get_json("/x", deadline=soon(), call=call)
    assert (call.status, call.cached, call.retries, call.bytes) == (200, False, 1, reply.bytes)
    assert call.as_of is not None
    assert datetime.fromisoformat(call.as_of) <= datetime.now(UTC)
    service.faults.next(status=404)
    with pytest.raises(UpstreamError):
        await upstream.get_json("/y", deadline=soon(), call=call)
    assert call.status == 404


async def test_only_headers_of_use_are_passed_on_and_cleaned(service: Service, upstream: Upstream) -> None:
    service.headers = {"X-Rl": "44", "ETag": '"a"', "Set-Cookie": "x=1", "X-RateLimit-Left": f"{KEY}\x1b[2J"}
    headers = (await upstream.get_json("/x", deadline=soon())).headers
    assert set(headers) == {"content-type", "etag", "x-rl", "x-ratelimit-left"}
    assert headers["x-ratelimit-left"] == "(secret)"


STATUSES: list[tuple[int, str, str]] = [
    (301, "bad_payload", "redirect"), (302, "bad_payload", "redirect"), (307, "bad_payload", "redirect"),
    (400, "http_4xx", "400"), (401, "refused_key", "refuses access"), (403, "refused_key", "refuses access"),
    (404, "http_4xx", "404"), (418, "http_4xx", "418"), (429, "rate_limited", "too many calls"),
    (500, "http_5xx", "500"), (502, "http_5xx", "502"), (507, "http_5xx", "507"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind", "said"), STATUSES)
async def test_every_status_that_is_no_success_is_an_error_of_its_kind(
    status: int, kind: str, said: str, service: Service, upstream: Upstream
) -> None:
    elsewhere = {"Location": "http://169.254.169.254/"}
    service.faults.always(status=status, body='{"why": "so"}', headers=elsewhere)
    with pytest.raises(UpstreamError) as told:
        await upstream.get_json("/x", deadline=soon())
    error = told.value
    assert (error.kind, error.status, error.code) == (kind, status, status if status >= 400 else kind)
    assert said in str(error)
    assert "Thing" in str(error)
    assert KEY not in str(error)
    assert {seen.path for seen in service.requests} == {"/x"}


async def test_the_body_of_an_error_is_kept_without_secrets(service: Service, upstream: Upstream) -> None:
    service.faults.next(status=400, body=f'{{"error": {{"message": "bad {KEY}\\u001b[31m"}}}}')
    with pytest.raises(UpstreamError) as told:
        await upstream.get_json("/x", deadline=soon())
    assert told.value.detail == {"error": {"message": "bad (secret)"}}
    service.faults.next(status=400, body=f"<h1>bad {KEY}</h1>", content_type="text/html")
    with pytest.raises(UpstreamError) as told:
        await upstream.get_json("/x", deadline=soon())
    assert told.value.detail == "<h1>bad (secret)</h1>"


async def test_an_error_in_a_good_status_is_told_by_who_knows_the_service(service: Service, upstream: Upstream) -> None:
    def classify(status: int, body: Any) -> UpstreamError | None:
        if "error" in body:
            return UpstreamError("Thing", "quota", "used up", retry_after_s=60.0)
        return None

    service.faults.next(body='{"error": "month_limit_exceeded"}')
    with pytest.raises(UpstreamError, match="used up"):
        await upstream.get_json("/x", deadline=soon(), classify=classify)
    with pytest.raises(UpstreamError, match="used up; it is left alone for 60 s") as told:
        await upstream.get_json("/x", deadline=soon(), classify=classify)
    assert told.value.unasked
    assert len(service.requests) == 1


async def test_what_must_not_be_kept_is_scrubbed_and_a_strange_shape_refused(
    service: Service, upstream: Upstream
) -> None:
    def scrub(body: Any) -> Any:
        if "rows" not in body:
            raise UpstreamError("Thing", "bad_payload", "no rows")
        return body["rows"]

    service.body = {"client": {"ip": "1.2.3.4"}, "rows": [1]}
    reply: Reply = await upstream.get_json("/x", deadline=soon(), scrub=scrub)
    assert reply.data == [1]
    service.body = {"client": {"ip": "1.2.3.4"}}
    with pytest.raises(UpstreamError, match="no rows"):
        await upstream.get_json("/x", deadline=soon(), scrub=scrub)


async def test_without_a_key_or_offline_nobody_is_asked(service: Service, upstreams: Upstreams) -> None:
    keyless = upstreams.open(spec_of(service, key=None, needs_key=True))
    assert not keyless.configured
    with pytest.raises(UpstreamError, match="Thing has no key") as told:
        await keyless.get_json("/x", deadline=soon())
    assert told.value.kind == "refused_key"
    upstreams.offline = True
    apart = upstreams.open(spec_of(service, id="apart"))
    for ask in (apart.get_json("/x", deadline=soon()), apart.post_stream("/x", json={}, deadline=soon()).__aenter__()):
        with pytest.raises(UpstreamError, match="stay offline") as told:
            await ask
        assert told.value.kind == "offline"
    assert service.requests == []


async def test_one_service_is_one_upstream(service: Service, upstreams: Upstreams) -> None:
    assert upstreams.open(spec_of(service)) is upstreams.open(spec_of(service))


async def test_the_state_of_an_upstream_tells_no_secret(service: Service, upstream: Upstream) -> None:
    assert upstream.state().last_ok_at is None
    await upstream.get_json("/x", deadline=soon())
    service.faults.next(status=404)
    with pytest.raises(UpstreamError):
        await upstream.get_json("/x", deadline=soon())
    state = upstream.state()
    assert (state.id, state.name, state.configured, state.circuit) == ("thing", "Thing", True, "closed")
    assert state.calls == {"today": 2.0, "this month": 2.0}
    assert state.last_error == "Thing answered with an error (404)"
    assert state.host in service.origin
    assert KEY not in repr(state)
    assert KEY not in repr(upstream.spec)


@pytest.mark.parametrize("hook", ["scrub", "classify"])
async def test_a_body_that_its_reader_stumbles_over_is_one_that_cannot_be_read(
    hook: str, service: Service, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*given: Any) -> Any:
        return given[-1]["rows"][0]

    service.body = {"key": KEY}
    hooks: dict[str, Any] = {hook: stumble}
    with pytest.raises(UpstreamError, match="another shape than expected") as told:
        await upstream.get_json("/x", deadline=soon(), **hooks)
    assert told.value.kind == "bad_payload"
    assert "KeyError" in caplog.text
    assert KEY not in caplog.text


def test_a_request_shows_none_of_what_goes_with_it() -> None:
    nothing: dict[str, Any] = dict.fromkeys(("lifetime", "classify", "scrub"))
    request = Request(
        key=b"", path="/airports", query=[("key", KEY)], headers={"Authorization": KEY}, weight=1.0, **nothing
    )
    assert "/airports" in repr(request)
    assert KEY not in repr(request)
