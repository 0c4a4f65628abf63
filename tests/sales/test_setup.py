"""The first hour of a shop, and that it comes only once."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from people.models import AuditEvent, Store, StoreRules, User
from people.services.stores import StoreFacts
from regalpos import ids
from regalpos.errors import Invalid
from sales.models import JournalHead, Register, Tender
from sales.services.setup import AlreadySetUp, Owner, set_up_shop

pytestmark = pytest.mark.django_db

SHOP = {"code": "HS", "name": "Harbour Street", "currency": "EUR", "time_zone": "Europe/Dublin"}
MARA = {"username": "mara", "full_name": "Mara Quinn", "password": "harbour-lantern-9"}
ENVIRONMENT = {
    "REGAL_STORE_CODE": "hs",
    "REGAL_STORE_NAME": "Harbour Street",
    "REGAL_CURRENCY": "eur",
    "REGAL_TIME_ZONE": "Europe/Dublin",
    "REGAL_CASH_STEP": "0.05",
    "REGAL_ADMIN_USERNAME": "mara",
    "REGAL_ADMIN_NAME": "Mara Quinn",
    "REGAL_ADMIN_PASSWORD": "harbour-lantern-9",
}


def set_up(**changes: object) -> tuple[Store, User]:
    shop = {name: changes.pop(name, value) for name, value in SHOP.items()}
    owner = {name: changes.pop(name, value) for name, value in MARA.items()}
    return set_up_shop(
        store_id=ids.new(),
        store=StoreFacts(**shop, **changes),  # type: ignore[arg-type]
        owner=Owner(**owner),  # type: ignore[arg-type]
    )


def nothing_is_there() -> bool:
    tables = (Store, StoreRules, User, Register, Tender, AuditEvent)
    return not any(table.objects.exists() for table in tables)


def test_a_shop_opens_with_a_till_an_office_two_tenders_and_an_admin() -> None:
    store, mara = set_up(cash_step=Decimal("0.05"))
    assert (store.code, store.currency, store.time_zone) == ("HS", "EUR", "Europe/Dublin")
    rules = StoreRules.objects.get()
    assert (rules.store, rules.version, rules.cash_step) == (store, 1, Decimal("0.05"))
    registers = Register.objects.order_by("number").values_list("number", "kind")
    assert list(registers) == [(1, "till"), (99, "office")]
    assert JournalHead.objects.filter(seq=0).count() == 2
    assert list(Tender.objects.values_list("code", "rounds")) == [("cash", True), ("card", False)]
    assert (mara.role, mara.is_active, mara.demo) == ("admin", True, False)
    assert mara.check_password("harbour-lantern-9")
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {
        "store.opened", "register.added", "staff.hired",
    }  # fmt: skip


def test_it_happens_once() -> None:
    set_up()
    with pytest.raises(AlreadySetUp):
        set_up(code="ML", username="other")
    assert (Store.objects.count(), User.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "qwertyuiop12"}, "password"),
        ({"password": "mara-quinn-mara"}, "password"),
        ({"username": "m"}, "username"),
        ({"code": "harbour"}, "code"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "QQQ"}, "currency"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"cash_step": Decimal("-1")}, "cash_step"),
        ({"cash_step": Decimal("NaN")}, "cash_step"),
    ],
)
def test_what_cannot_be_right_leaves_nothing_behind(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_up(**wrong)
    assert field in refused.value.fields
    assert nothing_is_there()


class TestCommand:
    @pytest.fixture
    def answers(self, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdin", StringIO())
        return monkeypatch

    def test_the_environment_answers_and_the_rest_is_usual(
        self, answers: pytest.MonkeyPatch
    ) -> None:
        said = StringIO()
        call_command("setup", stdout=said)
        store = Store.objects.get()
        assert (store.code, store.currency, store.language) == ("HS", "EUR", "en")
        assert StoreRules.objects.get().prices_include_tax
        assert said.getvalue() == "Harbour Street (HS) is set up. mara can sign in.\n"

    def test_there_is_no_default_password(self, answers: pytest.MonkeyPatch) -> None:
        answers.delenv("REGAL_ADMIN_PASSWORD")
        with pytest.raises(CommandError, match="REGAL_ADMIN_PASSWORD is not set"):
            call_command("setup")
        assert nothing_is_there()

    def test_every_reason_is_said_by_the_name_it_was_asked_by(
        self, answers: pytest.MonkeyPatch
    ) -> None:
        answers.setenv("REGAL_ADMIN_PASSWORD", "short")
        with pytest.raises(CommandError, match=r"REGAL_ADMIN_PASSWORD: .*too short"):
            call_command("setup")
        assert nothing_is_there()

    def test_a_second_time_is_refused(self, answers: pytest.MonkeyPatch) -> None:
        call_command("setup", stdout=StringIO())
        with pytest.raises(CommandError, match="set up already"):
            call_command("setup")
        assert User.objects.count() == 1

    def test_a_person_is_asked_and_the_password_is_not_shown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        typed = iter(["HS", "Harbour Street", "EUR", "", "", "no", "", "mara", "Mara Quinn", ""])
        passwords = iter(["harbour-lantern-9", "typo", "harbour-lantern-9", "harbour-lantern-9"])
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda _question: next(typed))
        monkeypatch.setattr(
            "regalpos.management.commands.setup.getpass", lambda _question: next(passwords)
        )
        call_command("setup", stdout=StringIO(), stderr=StringIO())
        assert not StoreRules.objects.get().prices_include_tax
        assert User.objects.get().check_password("harbour-lantern-9")
