"""A server that has lost the beginning of its logs, and says 410 to who asks for what followed it."""

from tests.plain_http import Asked, Problem
from tests.reference_server import ReferenceServer, Run


class Forgetful(ReferenceServer):
    """Has the events from ``oldest`` on; ``snapshots`` false: doesn't know snapshots and replays all it can make up."""

    oldest = 1
    snapshots = True

    def cursor(self, asked: Asked, run: Run) -> int:
        if "snapshot" in asked.query:
            return 0
        cursor = super().cursor(asked, run)
        if 0 < cursor < self.oldest - 1:
            raise Problem(410, "The log begins later.", oldest=self.oldest, head=len(run.lines))
        return cursor

    def snapshot(self, run: Run) -> tuple[bytes, int]:
        return super().snapshot(run) if self.snapshots else (b"", 0)
