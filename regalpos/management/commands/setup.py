"""`manage.py setup`: the first store, till and admin of a real shop."""

import os
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from people.services.stores import StoreFacts
from regalpos import ids, lanes
from regalpos.errors import Invalid, Refusal
from sales.services.setup import Owner, set_up_shop

# What is asked for: the environment's name for it, the question, and the answer to just Enter.
QUESTIONS = (
    ("REGAL_STORE_CODE", "Short code of the store, on every receipt (2 to 6 capitals, digits)", ""),
    ("REGAL_STORE_NAME", "Name of the store", ""),
    ("REGAL_CURRENCY", "Currency (three letters, as EUR)", ""),
    ("REGAL_TIME_ZONE", "Time zone", "UTC"),
    ("REGAL_LANGUAGE", "Language", "en"),
    ("REGAL_PRICES_INCLUDE_TAX", "Do shelf prices include tax? (yes, no)", "yes"),
    ("REGAL_CASH_STEP", "Smallest coin that cash is rounded to, 0 for none", "0"),
    ("REGAL_ADMIN_USERNAME", "Username of the first admin", ""),
    ("REGAL_ADMIN_NAME", "Full name of the first admin", ""),
    ("REGAL_ADMIN_EMAIL", "E-mail of the first admin (may stay empty)", ""),
)
MAY_BE_EMPTY = {"REGAL_ADMIN_EMAIL"}
PASSWORD = "REGAL_ADMIN_PASSWORD"  # noqa: S105  (the name of a variable)
YES_NO = {"yes": True, "y": True, "1": True, "no": False, "n": False, "0": False}

# What the use case calls a fact, by what it is asked for here.
FIELDS = {
    "code": "REGAL_STORE_CODE",
    "name": "REGAL_STORE_NAME",
    "currency": "REGAL_CURRENCY",
    "time_zone": "REGAL_TIME_ZONE",
    "language": "REGAL_LANGUAGE",
    "cash_step": "REGAL_CASH_STEP",
    "username": "REGAL_ADMIN_USERNAME",
    "full_name": "REGAL_ADMIN_NAME",
    "email": "REGAL_ADMIN_EMAIL",
    "password": PASSWORD,
}


class Command(BaseCommand):
    """Asks, or reads the environment; the password never stands on the command line."""

    help = (
        "Make the first store, till and admin of a real shop. Asks for what the environment does "
        f"not say: {', '.join(name for name, _question, _usual in QUESTIONS)}, {PASSWORD}."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """The shop is set up, or nothing is and every reason was said."""
        said = {name: self._ask(name, question, usual) for name, question, usual in QUESTIONS}
        password = os.environ.get(PASSWORD) or self._ask_password()
        store_id = ids.new()

        def unit() -> Any:
            return set_up_shop(store_id=store_id, store=_store(said), owner=_owner(said, password))

        try:
            store, admin = lanes.retrying(unit)
        except Invalid as refusal:
            raise CommandError(_reasons(refusal)) from refusal
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{store.name} ({store.code}) is set up. {admin.username} can sign in.")

    def _ask(self, name: str, question: str, usual: str) -> str:
        """The environment's answer, else the operator's; asked again while it is empty."""
        if (said := os.environ.get(name)) is not None:
            return said.strip()
        if not sys.stdin.isatty():
            if usual or name in MAY_BE_EMPTY:
                return usual
            raise CommandError(f"{name} is not set, and there is nobody to ask.")
        hint = f" [{usual}]" if usual else ""
        return _until(lambda: input(f"{question}{hint}: ").strip() or usual, name in MAY_BE_EMPTY)

    def _ask_password(self) -> str:
        if not sys.stdin.isatty():
            raise CommandError(f"{PASSWORD} is not set, and there is nobody to ask.")
        while True:
            password = getpass("Password of the first admin (12 characters or more): ")
            if password == getpass("Once more: "):
                return password
            self.stderr.write("The two are not the same.")


def _until(ask: Callable[[], str], may_be_empty: bool) -> str:
    said = ask()
    while not said and not may_be_empty:
        said = ask()
    return said


def _store(said: dict[str, str]) -> StoreFacts:
    includes = said["REGAL_PRICES_INCLUDE_TAX"].lower()
    if includes not in YES_NO:
        raise CommandError("REGAL_PRICES_INCLUDE_TAX: yes or no")
    try:
        cash_step = Decimal(said["REGAL_CASH_STEP"])
    except InvalidOperation:
        raise CommandError("REGAL_CASH_STEP: a number such as 0.05") from None
    return StoreFacts(
        code=said["REGAL_STORE_CODE"].upper(),
        name=said["REGAL_STORE_NAME"],
        currency=said["REGAL_CURRENCY"].upper(),
        time_zone=said["REGAL_TIME_ZONE"],
        language=said["REGAL_LANGUAGE"],
        prices_include_tax=YES_NO[includes],
        cash_step=cash_step,
    )


def _owner(said: dict[str, str], password: str) -> Owner:
    return Owner(
        username=said["REGAL_ADMIN_USERNAME"],
        full_name=said["REGAL_ADMIN_NAME"],
        email=said["REGAL_ADMIN_EMAIL"],
        password=password,
    )


def _reasons(refusal: Invalid) -> str:
    """Every reason on a line of its own, by the name under which it was asked."""
    lines = [
        f"  {FIELDS.get(name, name)}: {' '.join(words)}"
        for name, words in sorted(refusal.fields.items())
    ]
    return "\n".join(["Nothing is set up yet. These answers need a look:", *lines])
