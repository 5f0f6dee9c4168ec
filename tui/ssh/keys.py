"""The host key: made once, readable by its owner alone."""

import os
from contextlib import suppress
from pathlib import Path

import asyncssh


class HostKeyError(Exception):
    """The host key can't be read, made or trusted; the text says why and what to do."""


def host_key(path: Path) -> asyncssh.SSHKey:
    """The private key in ``path``, made there if there is none. Raises HostKeyError."""
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise HostKeyError(f"{path} can be read by others (mode {mode:03o}): chmod 600 it, or make a new one")
        return asyncssh.read_private_key(path)
    except OSError as error:
        raise HostKeyError(f"the host key {path} can't be used: {error.strerror or error}") from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise HostKeyError(f"{path} is no private key that we can read: {error}") from error


def fingerprint(key: asyncssh.SSHKey) -> str:
    """ "SHA256:…", as ``ssh`` shows it at the first connection."""
    return key.get_fingerprint()


def _make(path: Path) -> None:
    """Another process that makes one at the same time wins or loses as a whole: there is never half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(asyncssh.generate_private_key("ssh-ed25519", comment="windowseat").export_private_key())
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
