"""Secrets that RegalPOS makes for itself on a machine that brings none, one file each in var/."""

import os
import secrets
from pathlib import Path


def kept(path: Path, *, length: int = 64) -> str:
    """The secret in `path`, made on first use; only the file's owner can read it.

    Two processes that both come first agree on one secret: the file is written aside and
    linked into place, which only one of them can do.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(length) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # somebody else was first: theirs is the one that counts
        finally:
            draft.unlink()
    return path.read_text().strip()
