"""A text that must never be shown: an API key, a token."""

from typing import Final

SHOWN: Final = "(secret)"


class Secret:
    """Holds a secret text. It prints as ``(secret)`` in every form; ``reveal`` is the one way to the text itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text: for the request that needs it, never for a message."""
        return self._text

    def __repr__(self) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret can't be pickled")
