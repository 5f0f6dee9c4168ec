"""What a command can fail with, and the exit codes. Standard library alone: ``--help`` must not wait for more.

ClientError                 ``str()`` is a sentence for a person, ``hint`` what to try
├─ NotReachable             nobody answers at the URL, or not in time
├─ Refused                  the server answered with an error (RFC 9457 where it can)
├─ StreamCut                the stream ended before the run did and could not be resumed
├─ UnclearRun               several runs are meant, or none
└─ ProtocolViolation        what was received can't be trusted: a gap, a malformed event, not a Windowseat server
LocalServerError            a server of one's own could not start
RecordingError              a file is no recording of a run, or can't be read or written
"""

ANSWERED, FAILED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes of the command line: answered (also in part), the run failed, wrong usage, no server, Ctrl+C."""


class ClientError(Exception):
    """The root of what a client call raises."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class NotReachable(ClientError):
    """Nobody answers at the URL, or not in time."""


class Refused(ClientError):
    """The server answered with an error; ``status`` is the HTTP status, the rest is its problem document."""

    def __init__(
        self, status: int, title: str, detail: str = "", *, hint: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"the server refused ({status} {title}){': ' + detail if detail else ''}", hint=hint)
        self.status = status
        self.title = title
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def passing(self) -> bool:
        """Whether the same request may be answered later: overload, restart, a proxy without its server."""
        return self.status >= 500 or self.status in (408, 425, 429)


class StreamCut(ClientError):
    """The stream ended without ``run.finished`` and could not be resumed. ``run`` is None if it never began."""

    def __init__(self, message: str, *, run: str | None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.run = run


class ProtocolViolation(ClientError):
    """What was received breaks the protocol; nothing after it can be trusted."""


class UnclearRun(ClientError):
    """The beginning of an id means several runs, or there is none yet."""


class RecordingError(Exception):
    """A file that can't be used as a recording; ``str()`` names the file and the line, ``hint`` what to try."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class LocalServerError(Exception):
    """The local server could not start. ``usage``: a setting was wrong, which the person can mend."""

    def __init__(self, message: str, *, usage: bool = False) -> None:
        super().__init__(message)
        self.usage = usage


def exit_code_of(error: ClientError | LocalServerError) -> int:
    """2 when what was asked or set is at fault, so that asking again won't help; else 3: nobody there, or able."""
    if isinstance(error, LocalServerError):
        return USAGE if error.usage else UNREACHABLE
    at_fault = isinstance(error, UnclearRun) or (isinstance(error, Refused) and not error.passing)
    return USAGE if at_fault else UNREACHABLE
