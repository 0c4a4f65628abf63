"""Several client processes at work on a server at once, and the history of what they heard."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from regalpos import ids
from regalpos.environment import BASE_DIR

PATIENCE = 90  # seconds for anything to happen, on a machine that has much else to do
HEARD, TOLD, SENT = "heard", "told", "sent"
ENDS = {HEARD, "broken", "hung_up", "too_late"}  # what ends the flight of something sent


@dataclass(frozen=True)
class Task:
    """One thing to send, until it is answered. `hang_up`: first leave before the answer comes."""

    path: str
    body: Mapping[str, Any] | None
    method: str = "PUT"
    hang_up: float | None = None  # of the time that an answer takes
    name: str = field(default_factory=lambda: str(ids.new()))

    def order(self) -> dict[str, Any]:
        """As the client's process reads it."""
        order = {"name": self.name, "method": self.method, "path": self.path, "body": self.body}
        return order if self.hang_up is None else {**order, "hang_up": self.hang_up}


@dataclass(frozen=True)
class Person:
    """Somebody's sign-in, and their queues of tasks: all at once, each in its order."""

    url: str
    username: str
    password: str
    queues: Sequence[Sequence[Task]]
    careless: bool = False

    def order(self) -> dict[str, Any]:
        """As the client's process reads it."""
        queues = [[task.order() for task in queue] for queue in self.queues]
        return {**vars(self), "queues": queues}


@dataclass(frozen=True)
class Event:
    """Something that a client did or heard, and when, on the clock that all processes share."""

    event: str
    task: str
    at: float
    status: int = 0
    body: Any = None
    replayed: bool = False
    retry_after: str | None = None
    half: bool = False
    why: str = ""

    @property
    def code(self) -> str:
        """The code of a refusal."""
        error = self.body.get("error", {}) if isinstance(self.body, dict) else {}
        return str(error.get("code", ""))


class History:
    """Every event of every client, as it comes in."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.tally: Counter[tuple[str, int]] = Counter()
        self.in_flight: set[tuple[int, str]] = set()
        self.ended = 0  # clients
        self.news = threading.Condition()

    def add(self, source: int, line: str) -> None:
        """One line of one client."""
        event = Event(**json.loads(line))
        with self.news:
            self.events.append(event)
            self.tally[event.event, event.status] += 1
            if event.event == SENT:
                self.in_flight.add((source, event.task))
            elif event.event in ENDS:
                self.in_flight.discard((source, event.task))
            self.news.notify_all()

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        """It has happened; or the test fails, naming it."""
        with self.news:
            self.news.wait_for(lambda: happened() or self._one_died(), PATIENCE)
            assert happened(), f"waited in vain for {what}: {self}"

    def has_more_than(self, seen: int) -> bool:
        """Something has happened since."""
        return len(self.events) > seen

    def _one_died(self) -> bool:
        return self.ended > self.count("done")

    def count(self, event: str, *statuses: int) -> int:
        """How often."""
        return sum(
            number
            for (what, status), number in self.tally.items()
            if what == event and (not statuses or status in statuses)
        )

    def heard(self) -> dict[str, list[Event]]:
        """What was heard of each task, in order, save what only said to come again."""
        heard: dict[str, list[Event]] = {}
        for event in self.events:
            if event.event == HEARD and event.status != 503 and event.code != "in_progress":
                heard.setdefault(event.task, []).append(event)
        return heard

    def final(self) -> dict[str, Event]:
        """The last word on each task that was settled."""
        settled = {event.task for event in self.events if event.event == "settled"}
        return {task: events[-1] for task, events in self.heard().items() if task in settled}

    def posted(self) -> dict[UUID, list[Event]]:
        """Every acknowledgement of every sale, whichever task brought it."""
        posted: dict[UUID, list[Event]] = {}
        for event in self.events:
            acknowledged = event.event == HEARD and event.status in {200, 201}
            found = event.event == TOLD and (event.body or {}).get("state") == "posted"
            if (acknowledged or found) and "receipt_number" in (event.body or {}):
                posted.setdefault(UUID(event.body["id"]), []).append(event)
        return posted

    def told_to_wait(self) -> Counter[str]:
        """How often the server said to come again; each time it said when."""
        waits = [e for e in self.events if e.status == 503 or e.code == "in_progress"]
        assert all(event.retry_after for event in waits), waits
        return Counter(f"{event.status} {event.code}" for event in waits)

    def sent(self, tasks: Iterable[Task]) -> list[Task]:
        """Those of the tasks that somebody came to."""
        names = {event.task for event in self.events if event.event == SENT}
        return [task for task in tasks if task.name in names]

    def unknowns(self) -> dict[str, int]:
        """Of the tasks that once had no answer: how many were found done, how many were not."""
        broken = {event.task for event in self.events if event.event == "broken"}
        found = Counter(self.final()[task].replayed for task in broken if task in self.final())
        return {"done": found[True], "not done": found[False]}

    def faults(self) -> list[Event]:
        """Answers that no client should ever see."""
        return [event for event in self.events if event.status >= 500 and event.status != 503]

    def __str__(self) -> str:
        seen = Counter(f"{e.event} {e.status} {e.code}".strip(" 0") for e in self.events)
        return ", ".join(f"{count} {name}" for name, count in sorted(seen.items()))


class Crowd:
    """Client processes that are signed in and wait for `go`."""

    def __init__(self, clients: list[subprocess.Popen[str]]) -> None:
        self.history = History()
        self.clients = clients
        self.ears = [
            threading.Thread(target=self._listen, args=pair) for pair in enumerate(clients)
        ]
        for ear in self.ears:
            ear.start()

    def order(self, orders: list[dict[str, Any]]) -> None:
        """Everybody knows what to do, and is signed in."""
        for client, order in zip(self.clients, orders, strict=True):
            self._say(client, json.dumps(order))
        ready = len(self.clients)
        self.history.wait_until(lambda: self.history.count("ready") == ready, "clients to sign in")

    def go(self) -> None:
        """All at once."""
        for client in self.clients:
            self._say(client, "go")

    def stop(self) -> None:
        """Everybody finishes what they are at."""
        for client in self.clients:
            self._say(client, "stop")

    def finish(self) -> History:
        """Everything has been settled; this is what happened."""
        while self.history.count("done") < len(self.clients):
            seen = len(self.history.events)
            self.history.wait_until(partial(self.history.has_more_than, seen), "clients to finish")
        return self.history

    def leave(self) -> None:
        """No process is left, whatever it was doing."""
        for client in self.clients:
            client.kill()
            client.wait()
        for ear in self.ears:
            ear.join()
        for client in self.clients:
            for pipe in (client.stdin, client.stdout):
                if pipe is not None:
                    pipe.close()

    def _listen(self, number: int, client: subprocess.Popen[str]) -> None:
        for line in client.stdout or ():
            self.history.add(number, line)
        with self.history.news:
            self.history.ended += 1
            self.history.news.notify_all()

    def _say(self, client: subprocess.Popen[str], line: str) -> None:
        assert client.stdin is not None
        client.stdin.write(line + "\n")
        client.stdin.flush()


@contextmanager
def crowd(people: Sequence[Person], *, processes: int = 2, seed: int = 1) -> Iterator[Crowd]:
    """These people, dealt out to several processes, signed in and ready to go."""
    command = [sys.executable, "-m", "tests.client"]
    clients = [
        subprocess.Popen(
            command, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _number in range(processes)
    ]
    waiting = Crowd(clients)
    try:
        waiting.order(
            [
                {"seed": seed + n, "people": [one.order() for one in people[n::processes]]}
                for n in range(processes)
            ]
        )
        yield waiting
    finally:
        waiting.leave()


def send_all(people: Sequence[Person], *, processes: int = 2, seed: int = 1) -> History:
    """Everybody sends everything at once; this is what happened."""
    with crowd(people, processes=processes, seed=seed) as waiting:
        waiting.go()
        return waiting.finish()
