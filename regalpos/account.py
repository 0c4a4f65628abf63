"""The operating-system account that an embedded server runs as, and what it may enter.

PostgreSQL refuses to run as root, so root lends it an account of its own; for anybody else it is
simply their own.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

from regalpos.embedded import NoDatabase

SERVER_ACCOUNT = "regal-postgres"


def server_account() -> pwd.struct_passwd | None:
    """The account that the server runs as, made if need be; None if it is simply ours."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        pass
    maker = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if maker is None:
        raise NoDatabase(
            f"PostgreSQL does not run as root, and there is no useradd to make {SERVER_ACCOUNT!r}: "
            "run as an ordinary user, or set DATABASE_URL"
        )
    command = [maker, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    said = subprocess.run([*command, SERVER_ACCOUNT], capture_output=True, text=True, check=False)  # noqa: S603
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)  # made by us, or by another who was quicker
    except KeyError:
        raise NoDatabase(f"no account {SERVER_ACCOUNT!r} could be made: {said.stderr}") from None


def as_server() -> dict[str, Any]:
    """What `subprocess` is told, to run a program as the server's account."""
    account = server_account()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def private_directory(path: Path, account: pwd.struct_passwd | None) -> None:
    """`path` is a real directory of ours, or of the server's account, closed to everybody else."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = path.lstat().st_uid
    # In the temp directory somebody else may have put one there first, to listen in.
    if path.is_symlink() or owner not in {os.geteuid(), account.pw_uid if account else -1}:
        raise NoDatabase(f"{path} belongs to somebody else: remove it, then start again")
    path.chmod(0o700)
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def let_pass(path: Path) -> list[str]:
    """The server's account may pass through to `path`: not list, not read. Says what it opened."""
    notes = []
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode | 0o001)
            notes.append(f"{directory} may now be passed through (not read) by {SERVER_ACCOUNT}.")
    return notes
