"""One connection: who may come in, and that there is one session and nothing else to be had."""

import logging
from typing import Any

import asyncssh

from tui.ssh.house import House
from tui.ssh.session import ChannelSession
from tui.ssh.visitor import Visitor

log = logging.getLogger(__name__)

BROKE = "the connection broke"
WINDOW = 64 * 1024


class Door(asyncssh.SSHServer):
    """``number`` is what the front calls the connection. What isn't answered here asyncssh refuses."""

    def __init__(self, house: House, number: int) -> None:
        self.number = number
        self.visitor = Visitor(address="", name="")
        self._house = house
        self._connection: Any = None
        self._session: ChannelSession | None = None
        self._last_key = ""

    def connection_made(self, conn: "asyncssh.SSHServerConnection") -> None:
        self._connection = conn
        peer = conn.get_extra_info("peername") or ("",)
        self.visitor.address = str(peer[0]).partition("%")[0].removeprefix("::ffff:")
        self._house.doors[self.number] = self
        log.info("connection %d from %s", self.number, self.visitor.address)

    def connection_lost(self, exc: Exception | None) -> None:
        self._house.doors.pop(self.number, None)
        lost = ""
        if self._session is not None:
            lost = self._session.lost(BROKE)
        self._house.tell({"kind": "closed", "connection": self.number, "lost": lost})
        log.info("connection %d closed", self.number)
        self._connection = None

    # --- coming in --------------------------------------------------------------------------------------------------

    def begin_auth(self, username: str) -> bool:
        self.visitor.name = username[:64]
        return self._house.settings.access != "none"

    def public_key_auth_supported(self) -> bool:
        return self._house.settings.access == "keys"

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Called for each key offered, and last for the one whose signature is then checked."""
        path = self._house.settings.authorized_keys
        try:
            allowed = asyncssh.read_authorized_keys(str(path))
            options = allowed.validate(key, self.visitor.address, self.visitor.address)
        except (OSError, ValueError) as error:
            log.error("%s can't be used: %s", path, error)
            return False
        # A key with a command of its own is for that command.
        if options is None or "command" in options:
            return False
        self._last_key = key.get_fingerprint()
        return True

    def auth_completed(self) -> None:
        self.visitor.key = self._last_key if self._house.settings.access == "keys" else ""
        self.visitor.began = self._began
        self._house.tell({"kind": "authenticated", "connection": self.number, "who": self.visitor.who})

    def session_requested(self) -> Any:
        if self._session is not None:
            return False
        channel = self._connection.create_server_channel(encoding=None, window=WINDOW)
        self._session = ChannelSession(self._house, self.visitor)
        # asyncssh keeps every variable that a client sends, however many: ours are taken one by one.
        channel._process_env_request = self._session.env_requested
        return channel, self._session

    # --- while it lasts ---------------------------------------------------------------------------------------------

    def known(self, runs: list[str], open_run: str, lost: str) -> None:
        """What the front remembers of the visitor has come."""
        self.visitor.runs[:0] = runs
        self.visitor.open = self.visitor.open or open_run
        self.visitor.lost = lost
        self.visitor.is_known.set()

    def end(self, why: str) -> None:
        if self._session is not None:
            self._session.end(why)
        elif self._connection is not None:
            self._connection.abort()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def abort(self) -> None:
        if self._connection is not None:
            self._connection.abort()

    def _began(self, run: str, question: str) -> None:
        message: dict[str, Any] = {"kind": "run", "connection": self.number, "who": self.visitor.who, "run": run}
        if self._house.settings.audit is not None:
            visitor = self.visitor
            message |= {
                "address": visitor.address, "name": visitor.name, "key": visitor.key, "question": question,
            }  # fmt: skip
        self._house.tell(message)
