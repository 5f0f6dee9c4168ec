"""Where the log of a run may go on differently from what somebody has read of it.

A store can lose what it acknowledged: a failover to a replica that lagged, a restart without the newest second. Who
takes a run over from a store that isn't the one that the run began in, or from a writer that has shown what it couldn't
write, marks a **fork**: ``<first>.<token>``, the number of the first event behind it and something that no other fork
has. An event carries the forks of all its log up to it, oldest first, between spaces; of nearly every run that is "".

Whoever has read events 1 … k under some forks has what the log has, if those are the log's forks up to k. The frame of
an event (PROTOCOL.md) has no place for them: a reader that comes back with a number at or behind a fork is one of
whom nobody can know, and is told to begin anew.
"""


def forks_upto(forks: str, seq: int) -> str:
    """Those that begin at event ``seq`` or before it."""
    if not forks:
        return ""
    return " ".join(fork for fork in forks.split(" ") if int(fork.partition(".")[0]) <= seq)


def agree(read: str, seq: int, forks: str) -> bool:
    """Whether who has read events 1 … ``seq``, under the forks ``read``, has what a log with ``forks`` has."""
    return read == forks_upto(forks, seq)
