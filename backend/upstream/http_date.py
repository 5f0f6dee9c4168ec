"""Dates of HTTP headers (RFC 9110, 5.6.7)."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def read_http_date(text: str | None) -> float | None:
    """Seconds since the epoch; None for what is no date."""
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
