"""Secrets out of everything: whatever text comes from or is said about an upstream goes through here once."""

from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from shared.secret import SHOWN, Secret

MIN_CHARS = 6
"""A shorter "key" would turn ordinary words into ``(secret)``; no service has one."""


class Redactor:
    """Replaces known secrets, also as they look in a URL, by ``(secret)``."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._texts: tuple[str, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Hide this one too."""
        text = secret.reveal()
        if len(text) >= MIN_CHARS:
            forms = {text, quote(text, safe=""), quote_plus(text)}
            self._texts = tuple(sorted({*self._texts, *forms}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """``text`` without the secrets."""
        for secret in self._texts:
            if secret in text:
                text = text.replace(secret, SHOWN)
        return text
