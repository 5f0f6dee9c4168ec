"""The processes that share a folder of runs. Each holds a lock on a file of its own for as long as it lives: the kernel
gives it back however the process ends, and that is how the others know."""

import contextlib
import fcntl
import functools
import os
import secrets
from pathlib import Path
from typing import IO

from backend.errors import StorageError

BOOT = Path("/proc/sys/kernel/random/boot_id")


@functools.cache
def boot_id() -> str:
    """What this machine's kernel calls the time since it was started; "" where it has no word for it."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


class Peers:
    """This process and the others in ``folder/owners``. Raises StorageError when the folder can't be written."""

    def __init__(self, folder: Path) -> None:
        self.me = secrets.token_hex(8)
        self._folder = folder / "owners"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds what people asked
            self._folder.mkdir(exist_ok=True, mode=0o700)
            self._lock: IO[str] = _locked(self._folder, self.me)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise StorageError(f"can't write to the data folder {folder}: {error}") from error

    def alive(self, peer: str) -> bool:
        """Whether the process called ``peer`` still runs. Tidies its file away if not."""
        if peer == self.me:
            return True
        lock = self._folder / peer
        try:
            with lock.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                lock.unlink(missing_ok=True)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def others(self) -> list[str]:
        """The other live processes."""
        names = [name for name in os.listdir(self._folder) if name != self.me and not name.startswith(".")]
        return [name for name in names if self.alive(name)]

    def close(self) -> None:
        if not self._lock.closed:
            (self._folder / self.me).unlink(missing_ok=True)
            self._lock.close()


def _locked(folder: Path, name: str) -> IO[str]:
    """A file under its name only once it is locked: nobody may see it before and take its process for dead."""
    hidden = folder / f".{name}"
    lock = hidden.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hidden.rename(folder / name)
    except BaseException:
        lock.close()
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise
    return lock
