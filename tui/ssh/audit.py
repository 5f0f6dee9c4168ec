"""Who asked what, as lines of JSON in a file that only its owner can read. Only where the operator wants it."""

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from tui.ssh.control import Message

FIELDS = ("address", "name", "key", "run", "question")

log = logging.getLogger(__name__)


class Audit:
    """``path`` None keeps nothing. Raises OSError where the file can't be opened."""

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)

    def asked(self, message: Message) -> None:
        if self._file is None:
            return
        line = {"at": datetime.now(UTC).isoformat(timespec="seconds")} | {name: message.get(name) for name in FIELDS}
        try:
            self._file.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            log.error("the audit can't be written: %s", error)

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
