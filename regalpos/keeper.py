"""The process that keeps an embedded server: starts it, starts it again, and stops it.

Run by `embedded.running()` as `python -m regalpos.keeper HOME durable|fast`. It says one line of
JSON when the server is ready or cannot be, goes into the background, and stays until nobody
holds the users' lock. If the keeper itself is killed, Linux tells the server to stop.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from regalpos.cluster import Cluster, stop
from regalpos.embedded import Home, NoDatabase

RESTARTS = 5  # in a row, before the keeper gives up on a server that keeps dying


class Keeper:
    """Runs one server for as long as somebody needs it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.leaving = threading.Event()

    def keep(self, server: subprocess.Popen[bytes]) -> None:
        """Until nobody needs the server: run it, and run it again if it dies."""
        try:
            self._keep(server)
        finally:
            stop(self._server)  # one that came back while the last user left

    def _keep(self, server: subprocess.Popen[bytes]) -> None:
        failures = 0
        while not self.leaving.is_set():
            began = time.monotonic()
            server.wait()
            if self.leaving.is_set():
                return
            failures = failures + 1 if time.monotonic() - began < 60 else 1
            while failures <= RESTARTS and not self.leaving.is_set():
                # Its orphaned backends may need a moment to notice, and hold the memory until then.
                self.leaving.wait(0.2 * failures)
                try:
                    server = self.cluster.start()
                    break
                except NoDatabase:
                    failures += 1
            else:
                return
            self.watch(server)

    def watch(self, server: subprocess.Popen[bytes]) -> None:
        """`server` is the one that is told to stop when everybody has left."""
        self._server = server

    def wait_for_leave(self, users: IO[str]) -> None:
        """Blocks until nobody holds the users' lock, then stops the server."""
        fcntl.flock(users, fcntl.LOCK_EX)
        self.stop()

    def stop(self) -> None:
        """The server that is being watched has stopped, and none is started again."""
        self.leaving.set()
        stop(self._server)


def main(arguments: list[str]) -> None:
    """Start, report on stdout, go into the background, and keep the server."""
    home, durable = Home(Path(arguments[0])), arguments[1] == "durable"
    if os.fork():
        # Whoever asked waits for the end of stdout, not for this process: leave it childless.
        os._exit(0)
    report = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    alone = home.lock("keeper")
    fcntl.flock(alone, fcntl.LOCK_EX)
    cluster = Cluster(home, durable)
    keeper = Keeper(cluster)
    try:
        server = cluster.start()
    except (NoDatabase, OSError) as problem:
        json.dump({"problem": str(problem), "notes": cluster.notes}, report)
        return
    keeper.watch(server)
    json.dump({"ready": True, "notes": cluster.notes}, report)
    report.close()
    os.dup2(quiet, 2)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=keeper.stop).start())
    users = home.lock("users")
    threading.Thread(target=keeper.wait_for_leave, args=[users], daemon=True).start()
    keeper.keep(server)
    alone.close()  # before the users' lock: whoever waits for that must find no keeper
    users.close()


if __name__ == "__main__":
    main(sys.argv[1:])
