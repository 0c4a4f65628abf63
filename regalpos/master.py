"""The thin master of a shop that runs in several processes.

`serve --workers 2` does what has to be done once, and then becomes this program, which knows
nothing of Django: it makes the workers, on one listening socket that all inherit, and watches them.
A worker that dies is replaced. SIGHUP replaces all, one after the other, each only when its
successor has said that it is ready: new code and settings, and no request fails. SIGTERM and SIGINT
let all of them finish what they began. Workers hold the other end of a socket of ours, by which
they say `ready`, and learn if we are gone.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from regalpos import embedded, loads
from regalpos.loads import Loads
from regalpos.places import BASE_DIR

READY_WITHIN = 60.0  # seconds for a new worker to let people in
GONE_WITHIN = 30.0  # seconds to finish (serve.py gives requests 20), before it is killed
GREW_OLD = 10.0  # seconds; a worker that dies younger is replaced later and later
PAUSE = (0.5, 30.0)  # seconds, first and longest, before a replacement of one that died young
# Linux lets ten datagrams wait, and of these as many as its buffer holds; macOS has only the first.
WHOLE_MESSAGES = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
TICK = 0.1  # seconds between looks at the clock, while something is due


@dataclass(frozen=True)
class Plan:
    """What the first process has prepared. Numbers are those of inherited descriptors."""

    listener: int
    workers: int
    socket_workers: int
    greeting: str = ""
    home: str = ""  # of the embedded database, and the lock that keeps it up
    users: int = -1

    def become(self) -> None:
        """This process is the master from now on; does not return."""
        for number in (self.listener, self.users):
            if number >= 0:
                os.set_inheritable(number, True)
        sys.stdout.flush()
        sys.stderr.flush()
        os.chdir(BASE_DIR)
        command = [sys.executable, "-m", "regalpos.master", json.dumps(vars(self))]
        os.execv(sys.executable, command)  # noqa: S606  (our own module, no shell)


@dataclass
class Worker:
    """One process, and where it is in its life."""

    kind: str
    process: subprocess.Popen[bytes]
    channel: socket.socket
    slot: int  # its line on the sheet (loads.py)
    began: float = field(default_factory=time.monotonic)
    ready: bool = False
    leaving: float = 0.0  # since when; 0 if it stays

    def leave(self) -> None:
        """It is told to finish what it began, once."""
        if not self.leaving:
            self.leaving = time.monotonic()
            self.process.terminate()

    def age(self) -> float:
        return time.monotonic() - self.began


class Master:
    """The workers of one shop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.wanted = {"web": plan.workers, "socket": plan.socket_workers}
        self.staff: list[Worker] = []
        self.outgoing: deque[Worker] = deque()  # to be replaced, in this order
        self.successor: Worker | None = None  # of the first of them
        self.stopping = self.opened = self.failed = False
        self.pause = dict.fromkeys(self.wanted, 0.0)
        self.not_before = dict.fromkeys(self.wanted, 0.0)
        self.selector = selectors.DefaultSelector()
        self.sockets: tuple[socket.socket, socket.socket] | None = None
        self.sheet = loads.sheet()
        if plan.socket_workers:
            self.sockets = socket.socketpair(socket.AF_UNIX, WHOLE_MESSAGES)
            for end in self.sockets:
                end.setblocking(False)

    def run(self) -> int:
        """Until told to stop, and all have left. The exit status."""
        self._listen_to_signals()
        while self.staff or not self.stopping:
            self._hire()
            for key, _events in self.selector.select(TICK if self._something_is_due() else None):
                key.data()
            self._notice_deaths()
            self._notice_delays()
            self._relieve()
        return int(self.failed)

    def stop(self, *_signal: Any) -> None:
        """Everybody finishes, and then we do."""
        self.stopping = True
        for worker in self.staff:
            worker.leave()

    def renew(self, *_signal: Any) -> None:
        """Everybody who is here now is replaced by somebody new."""
        say("workers_renewed", processes=len(self.staff))
        self.outgoing = deque(one for one in self.staff if not one.leaving)

    def _hire(self) -> None:
        """As many as wanted are here, or will be when it is time."""
        for kind, number in self.wanted.items():
            here = sum(one.kind == kind and not one.leaving for one in self.staff)
            late = self.not_before[kind] > time.monotonic()
            for _missing in range(0 if self.stopping or late else number - here):
                self._start(kind)

    def _start(self, kind: str) -> Worker:
        ours, theirs = socket.socketpair()
        options = {"--master": theirs}
        numbers = []
        slot = self._free_slot()
        if kind == "web":
            numbers = [self.plan.listener, self.sheet.fileno()]
        if self.sockets:
            options["--gives" if kind == "web" else "--takes"] = self.sockets[kind == "socket"]
        command = [sys.executable, "manage.py", "serve"]
        if kind == "web":
            command += [f"--fd={self.plan.listener}", f"--loads={self.sheet.fileno()}:{slot}"]
        for option, end in options.items():
            end.setblocking(False)
            command.append(f"{option}={end.fileno()}")
            numbers.append(end.fileno())
        process = subprocess.Popen(  # noqa: S603  (our own arguments, no shell)
            command,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            pass_fds=numbers,
            process_group=0,  # Ctrl-C is for us; they leave when we say so
        )
        theirs.close()
        worker = Worker(kind, process, ours, slot)
        self.selector.register(ours, selectors.EVENT_READ, lambda: self._hear(worker))
        self.staff.append(worker)
        return worker

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.channel.recv(16)
        except OSError:
            said = b""
        if not said:  # it is dying: the signal says so, too
            self.selector.unregister(worker.channel)
            return
        worker.ready = True
        say("worker_ready", kind=worker.kind, worker=worker.process.pid)
        if not self.opened and all(one.ready for one in self.staff):
            self.opened = True
            print(self.plan.greeting, flush=True)  # noqa: T201

    def _notice_deaths(self) -> None:
        for worker in [one for one in self.staff if one.process.poll() is not None]:
            self.staff.remove(worker)
            if worker.channel in self.selector.get_map():
                self.selector.unregister(worker.channel)
            worker.channel.close()
            Loads(self.sheet.fileno(), worker.slot).go()
            if not worker.leaving:
                self._mourn(worker)

    def _mourn(self, worker: Worker) -> None:
        """It died on its own account."""
        facts = {"kind": worker.kind, "worker": worker.process.pid}
        say("worker_died", "warning", **facts, status=worker.process.returncode)
        if not (self.opened or worker.ready or self.stopping):
            # It has said why, and its successors would say the same.
            self.failed = True
            self.stop()
        if worker is self.successor:
            self._give_up_renewing()
        kind = worker.kind
        young = worker.age() < GREW_OLD
        self.pause[kind] = min(max(2 * self.pause[kind], PAUSE[0]), PAUSE[1]) if young else 0.0
        self.not_before[kind] = time.monotonic() + self.pause[kind]

    def _notice_delays(self) -> None:
        for worker in self.staff:
            if worker.leaving and time.monotonic() - worker.leaving > GONE_WITHIN:
                say("worker_killed", "warning", kind=worker.kind, worker=worker.process.pid)
                worker.process.kill()
            elif not (worker.ready or worker.leaving) and worker.age() > READY_WITHIN:
                say("worker_not_ready", "warning", kind=worker.kind, worker=worker.process.pid)
                worker.leave()
                if worker is self.successor:
                    self._give_up_renewing()

    def _relieve(self) -> None:
        """One at a time: a successor is ready, the old one leaves, the next is looked after."""
        while self.outgoing and self.outgoing[0].process.returncode is not None:
            self.outgoing.popleft()  # died meanwhile; a new one is here already
        if self.stopping or not self.outgoing:
            return
        if self.successor is None:
            # Nobody else is in between: one more process than planned, and its connections.
            if not any(one.leaving for one in self.staff):
                self.successor = self._start(self.outgoing[0].kind)
        elif self.successor.ready:
            self.outgoing.popleft().leave()
            self.successor = None

    def _give_up_renewing(self) -> None:
        """Those who are here stay: they can do what their successor could not."""
        say("renewal_given_up", "warning", left=len(self.outgoing))
        self.outgoing.clear()
        self.successor = None

    def _free_slot(self) -> int:
        return min(set(range(loads.SLOTS)) - {one.slot for one in self.staff})

    def _something_is_due(self) -> bool:
        missing = sum(self.wanted.values()) > sum(not one.leaving for one in self.staff)
        waiting = any(one.leaving or not one.ready for one in self.staff)
        return bool(waiting or self.outgoing or (missing and not self.stopping))

    def _listen_to_signals(self) -> None:
        reader, writer = socket.socketpair()
        for end in (reader, writer):
            end.setblocking(False)
        self.selector.register(reader, selectors.EVENT_READ, lambda: reader.recv(64))
        self._signals = writer
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, self.renew)
        for end_of_work in (signal.SIGTERM, signal.SIGINT):
            signal.signal(end_of_work, self.stop)


def say(event: str, level: str = "info", **facts: object) -> None:
    """One JSON line on standard error, as all of ours (`observe.py`)."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {**facts, "event": event, "level": level, "logger": "regalpos.master", "timestamp": now}
    print(json.dumps(line), file=sys.stderr, flush=True)  # noqa: T201


def main(arguments: list[str]) -> int:
    """Keep the shop of this plan, and at the end its database, if it is our own."""
    plan = Plan(**json.loads(arguments[0]))
    for number in (plan.listener, plan.users):
        if number >= 0:
            os.set_inheritable(number, False)  # a worker is given what it needs
    try:
        return Master(plan).run()
    finally:
        if plan.home:
            embedded.leave(embedded.Home(Path(plan.home)), os.fdopen(plan.users, "w"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
