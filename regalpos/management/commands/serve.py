"""`manage.py serve`: the shop is open, until Ctrl-C or SIGTERM."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection, connections

from people.checks import demo_people
from regalpos import embedded, lanes, serve
from regalpos.checks import broken_promises
from regalpos.environment import VAR, is_loopback

# Known to everybody who reads the README; people's demo makes them, DEMO=1 lets them in.
DEMO_PASSWORD = "regal-demo"  # noqa: S105
DEMO_NAMES = ("admin", "manager", "cashier", "cashier2", "staff")


class Command(BaseCommand):
    """One daphne process that finishes its requests before it stops."""

    requires_system_checks = ()  # `make check` asks them; every start would pay for them
    help = "Serve the shop. BIND, PORT and PUBLIC_URL say where; see docs/operations.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where and how."""
        env = settings.ENV
        parser.add_argument("--bind", default=env.BIND, help="address to listen on")
        parser.add_argument("--port", type=int, default=env.PORT, help="port to listen on")
        parser.add_argument("--fd", type=int, help="serve on this inherited, listening socket")
        parser.add_argument("--workers", type=int, default=1, help="processes (one, for now)")
        parser.add_argument("--prepare", action="store_true", help="run `prepare` first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Blocks while the shop is open."""
        if options["workers"] != 1:
            raise CommandError("--workers: one process only in this version")
        if settings.DEMO and not is_loopback(options["bind"]):
            raise CommandError(
                "DEMO: its passwords are public, so it is served to this machine only"
            )
        with self._alone(), self._listener(options) as listener, _database():
            if options["prepare"]:
                call_command("prepare", stdout=self.stdout)
            self._refuse_to_forget()
            self._refuse_strangers()
            connections.close_all()
            if options["fd"] is None:
                self._greet(options["port"])
            serve.serve(listener, settings.ASGI_APPLICATION.replace(".application", ":application"))
            lanes.close()

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

    def _greet(self, port: int) -> None:
        address = settings.PUBLIC_URL if port == settings.ENV.PORT else f"http://localhost:{port}"
        self.stdout.write(f"\nRegalPOS is open at {address}  (Ctrl-C closes it)")
        if settings.DEMO:
            names = ", ".join(DEMO_NAMES)
            self.stdout.write(f"Demo sign-ins: {names}; password {DEMO_PASSWORD}\n")


def _database() -> Any:
    return embedded.running() if settings.ENV.embedded else nullcontext()
