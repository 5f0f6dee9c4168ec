"""What is left, in two dialects."""

import pytest

from backend.pipelines.escape.sources.chat.quota import read_quota
from backend.upstream import Quota

GROQ = {
    "x-ratelimit-limit-requests": "1000", "x-ratelimit-remaining-requests": "998",
    "x-ratelimit-reset-requests": "2m52.5s", "x-ratelimit-limit-tokens": "8000",
    "x-ratelimit-remaining-tokens": "7927", "x-ratelimit-reset-tokens": "547ms",
}  # fmt: skip
CEREBRAS = {
    "x-ratelimit-limit-requests-day": "14400", "x-ratelimit-remaining-requests-day": "14399",
    "x-ratelimit-reset-requests-day": "33011.382867", "x-ratelimit-remaining-tokens-minute": "0",
}  # fmt: skip


def test_both_dialects_are_read() -> None:
    assert read_quota(200, GROQ, None) == Quota(left=998, limit=1000, resets_in_s=172.5, per="day")
    assert read_quota(200, CEREBRAS, None) == Quota(left=14399, limit=14400, resets_in_s=33011.382867, per="day")


@pytest.mark.parametrize("left", ["0", "", "-1", "many", "1e5", "9" * 50, "٣", "1.2.3"])
def test_what_says_nothing_of_use_says_nothing(left: str) -> None:
    assert read_quota(200, {"x-ratelimit-remaining-requests": left}, None) is None


def test_a_service_may_tell_the_number_alone() -> None:
    assert read_quota(200, {"x-ratelimit-remaining-requests": "5"}, None) == Quota(left=5, per="day")
    assert read_quota(200, {}, {"x": 1}) is None
