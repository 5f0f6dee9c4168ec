import pytest

from tui.moments import moment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-08-19", "19 August 2026"),
        ("2026-11-28T22:05:09Z", "28 Nov 2026, 22:05 UTC"),
        ("2026-11-28T22:05:09.123+00:00", "28 Nov 2026, 22:05 UTC"),
        ("2026-11-29T07:05+09:00", "28 Nov 2026, 22:05 UTC"),
        ("2026-13-28", "2026-13-28"),
        ("2026-11-28T25:00:00Z", "2026-11-28T25:00:00Z"),
        ("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00+01:00"),
        ("2026-11-28T22:05:09", "2026-11-28T22:05:09"),  # of which zone, nobody knows
        ("last\nweek", "last week"),
        ("", ""),
    ],
)
def test_days_and_moments_are_words_and_anything_else_stays(text: str, said: str) -> None:
    assert moment(text) == said
