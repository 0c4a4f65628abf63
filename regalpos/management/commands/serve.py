"""`manage.py serve`: the shop is open, until Ctrl-C or SIGTERM."""

import fcntl
import os
import socket
from argparse import SUPPRESS
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection, connections

from people.checks import demo_people
from regalpos import embedded, lanes, serve
from regalpos.checks import broken_promises, most_connections
from regalpos.environment import VAR, Env, is_loopback
from regalpos.loads import Loads
from regalpos.master import Plan

APPLICATION = settings.ASGI_APPLICATION.replace(".application", ":application")
# Known to everybody who reads the README; people's demo makes them, DEMO=1 lets them in.
DEMO_PASSWORD = "regal-demo"  # noqa: S105
DEMO_NAMES = ("admin", "manager", "cashier", "cashier2", "staff")


FOR_OTHERS = 12  # connections that commands, backups and people with psql find free


class Command(BaseCommand):
    """One daphne process, or a master and its workers; they finish their requests before they stop.

    A worker is this command, too, with `--master`: it makes the same checks, and serves.
    """

    requires_system_checks = ()  # `make check` asks them; every start would pay for them
    help = "Serve the shop. BIND, PORT and PUBLIC_URL say where; see docs/operations.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where and how."""
        env = settings.ENV
        parser.add_argument("--bind", default=env.BIND, help="address to listen on")
        parser.add_argument("--port", type=int, default=env.PORT, help="port to listen on")
        parser.add_argument("--fd", type=int, help="serve on this inherited, listening socket")
        parser.add_argument("--workers", type=int, default=1, help="processes for requests")
        parser.add_argument(
            "--socket-workers", type=int, default=0, help="processes for live screens alone"
        )
        parser.add_argument("--prepare", action="store_true", help="run `prepare` first")
        for name in ("master", "gives", "takes"):  # what a worker inherits; see regalpos/serve.py
            parser.add_argument(f"--{name}", type=int, help=SUPPRESS)
        parser.add_argument("--loads", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Blocks while the shop is open."""
        processes = options["workers"] + options["socket_workers"]
        self._refuse_numbers(options["workers"], options["socket_workers"])
        if settings.DEMO and not is_loopback(options["bind"]):
            raise CommandError(
                "DEMO: its passwords are public, so it is served to this machine only"
            )
        if options["master"] is not None:
            with _database():
                self._work(options)
            return
        with self._alone(), self._listener(options) as listener, _database() as users:
            if options["prepare"]:
                call_command("prepare", stdout=self.stdout)
            self._refuse_to_forget()
            self._refuse_strangers()
            greeting = self._greeting(options["port"]) if options["fd"] is None else ""
            if processes > 1:
                self._share_connections(processes)
                connections["default"].close_pool()  # type: ignore[attr-defined]
                _plan(options, listener, greeting, users).become()
            connections.close_all()
            self.stdout.write(greeting)
            serve.serve(listener, APPLICATION)
            lanes.close()

    def _work(self, options: dict[str, Any]) -> None:
        """One of a master's workers, until the master or a signal says that it is enough."""
        self._refuse_to_forget()
        self._refuse_strangers()
        connections.close_all()
        inherited = {name: options[name] for name in ("fd", "master", "gives", "takes")}
        sockets: dict[str, Any] = {
            name: None if number is None else socket.socket(fileno=number)
            for name, number in inherited.items()
        }
        listener = sockets.pop("fd")
        sheet = [int(number) for number in (options["loads"] or "").split(":") if number]
        serve.serve(
            listener, APPLICATION, serve.Duty(**sockets, loads=Loads(*sheet) if sheet else None)
        )
        lanes.close()

    def _refuse_numbers(self, workers: int, socket_workers: int) -> None:
        """Two processes hear each other by Redis, or not at all."""
        if workers < 1 or socket_workers < 0:
            raise CommandError("--workers: at least 1; --socket-workers: 0 or more")
        if workers + socket_workers > 1 and not settings.ENV.REDIS_URL:
            raise CommandError(
                "more than one process needs REDIS_URL (docs/operations.md): without it a sale in "
                "one would not be seen on the screens of another"
            )

    def _share_connections(self, processes: int) -> None:
        """Every worker, and one that is being replaced, finds its connections; or a refusal."""
        if settings.ENV.DATABASE_DIRECT_URL:
            return  # the pooler sees to it
        room = most_connections(connection) - FOR_OTHERS
        fair, least = room // (processes + 1), _least_pool()
        if fair < least:
            raise CommandError(
                f"{processes} processes, and one more while they are replaced, need {least} "
                f"database connections each; max_connections leaves {max(room, 0)}"
            )
        os.environ["DATABASE_POOL_MAX"] = str(min(settings.ENV.DATABASE_POOL_MAX, fair))

    def _refuse_strangers(self) -> None:
        """Demo people are let in nowhere but in a demo; a shop that has them is no real shop."""
        try:
            strangers = [] if settings.DEMO else demo_people()
        except ProgrammingError:  # No tables yet: /health/ready says so, and nobody can sign in.
            strangers = []
        if strangers:
            raise CommandError(
                f"demo people are in this database: {', '.join(strangers)}. "
                "Set DEMO=1 to try things out, or set up a shop in an empty database"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Without Redis, two processes on our database would not hear each other's sales."""
        if not settings.ENV.embedded or settings.ENV.REDIS_URL:
            yield
            return
        VAR.mkdir(exist_ok=True)
        with (VAR / "serve.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise CommandError(
                    f"this shop is already open at {lock.read() or 'another port'}; "
                    "a second process needs REDIS_URL"
                ) from None
            lock.truncate(0)
            lock.write(settings.PUBLIC_URL)
            lock.flush()
            yield

    def _listener(self, options: dict[str, Any]) -> socket.socket:
        if options["fd"] is not None:
            return socket.socket(fileno=os.dup(options["fd"]))
        try:
            return serve.listen(options["bind"], options["port"])
        except serve.PortTaken as taken:
            port = options["port"]
            raise CommandError(
                f"port {port} cannot be had ({taken}); choose another: make run PORT={port + 1}"
            ) from None

    def _refuse_to_forget(self) -> None:
        """A server of ours, or on this machine, must keep a sale through a power cut."""
        broken = broken_promises(connection)
        if not broken or getattr(settings, "SALES_MAY_BE_LOST", False):
            return
        text = f"the database may lose confirmed sales: {', '.join(broken)}"
        host = connection.settings_dict["HOST"]
        if not host or host.startswith("/") or is_loopback(host):
            raise CommandError(f"{text}; set them to on")
        self.stderr.write(f"Warning: {text}")

    def _greeting(self, port: int) -> str:
        address = settings.PUBLIC_URL if port == settings.ENV.PORT else f"http://localhost:{port}"
        words = f"\nRegalPOS is open at {address}  (Ctrl-C closes it)"
        if settings.DEMO:
            names = ", ".join(DEMO_NAMES)
            words += f"\nDemo sign-ins: {names}; password {DEMO_PASSWORD}\n"
        return words


def _plan(
    options: dict[str, Any], listener: socket.socket, greeting: str, users: IO[str] | None
) -> Plan:
    """What the master needs to know, of all that was found out here."""
    plan = Plan(listener.fileno(), options["workers"], options["socket_workers"], greeting)
    return replace(plan, home=str(embedded.HOME.path), users=users.fileno()) if users else plan


def _database() -> AbstractContextManager[IO[str] | None]:
    return embedded.running() if settings.ENV.embedded else nullcontext()


def _least_pool() -> int:
    """The fewest connections that one process can work with."""
    field = Env.model_fields["DATABASE_POOL_MAX"]
    return next(int(rule.ge) for rule in field.metadata if hasattr(rule, "ge"))
