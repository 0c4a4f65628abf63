"""Ways to end what PostgreSQL runs, as power cuts and administrators do."""

import os
import random
import signal
from collections.abc import Sequence

import psutil
import psycopg

from regalpos.embedded import Home

PATIENCE = 60  # seconds


def postgres(home: Home) -> int:
    """Every process of the server in `home` is gone, at once and unasked; how many there were."""
    postmaster = psutil.Process(postmaster_of(home))
    # Stopped first, so that none of them learns of the end of another and tidies up.
    _signal([postmaster, *postmaster.children(recursive=True)], signal.SIGSTOP)
    family = [postmaster, *postmaster.children(recursive=True)]
    _signal(family, signal.SIGKILL)
    _gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive, alive
    return len(family)


def sessions(owner: psycopg.Connection, share: float = 1.0, spared: Sequence[int] = ()) -> int:
    """The other sessions on the owner's database are ended, or a random share; how many."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND pid <> ALL (%s::int[])"
    )
    pids = [pid for (pid,) in owner.execute(query, [list(spared)])]
    chosen = [pid for pid in pids if random.random() < share]
    for pid in chosen:
        owner.execute("SELECT pg_terminate_backend(%s)", [pid])
    return len(chosen)


def reread_settings(home: Home) -> None:
    """The server has been told that its configuration has changed."""
    os.kill(postmaster_of(home), signal.SIGHUP)


def postmaster_of(home: Home) -> int:
    """The process that all of the server's others come from."""
    return int((home.data / "postmaster.pid").read_text().split("\n", 1)[0])


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
