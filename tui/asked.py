"""The questions asked before, on this machine: JSON lines in a file that only its owner can read, or in memory alone.

Also by which runs they were answered, so that a session can begin with its own and not with somebody else's.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from shared.text import clean

KEPT = 500
"""Questions remembered; the file is rewritten when it holds twice as many."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question, the server that was asked and the run that answered ("" where there is none)."""

    q: str
    server: str = ""
    run: str = ""


class AskedBefore:
    """``path`` None remembers for the session alone. A file that can't be read or written is no reason to fail."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._asked: list[Asked] = []
        self.is_new = path is not None and not path.exists()
        """Whether nothing was ever asked here before."""
        lines = self._read_lines()
        for line in lines:
            try:
                one = msgspec.json.decode(line, type=Asked)
            except msgspec.MsgspecError:
                continue
            self._asked.append(msgspec.structs.replace(one, q=clean(one.q)))
        if len(lines) > 2 * KEPT:
            self._rewrite()

    @property
    def questions(self) -> list[str]:
        """Each question once, the newest last."""
        newest_first = dict.fromkeys(one.q for one in reversed(self._asked))
        return list(newest_first)[:KEPT][::-1]

    def runs(self, server: str = "") -> frozenset[str]:
        """The runs that answered questions asked here (at this server, if given)."""
        return frozenset(one.run for one in self._asked if one.run and server in ("", one.server))

    def add(self, question: str, *, server: str = "", run: str = "") -> None:
        one = Asked(q=question, server=server, run=run)
        self._asked.append(one)
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
                file.write(msgspec.json.encode(one) + b"\n")
        except OSError:
            self._path = None

    def _read_lines(self) -> list[bytes]:
        try:
            return self._path.read_bytes().splitlines() if self._path is not None else []
        except OSError:
            return []

    def _rewrite(self) -> None:
        if self._path is None:
            return
        self._asked = self._asked[-KEPT:]
        fresh = self._path.with_suffix(".new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.writelines(_lines(self._asked))
            fresh.replace(self._path)
        except OSError:
            self._path = None


def _lines(asked: Iterable[Asked]) -> Iterable[bytes]:
    return (msgspec.json.encode(one) + b"\n" for one in asked)
