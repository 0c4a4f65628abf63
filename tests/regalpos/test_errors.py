"""Refusals: the fact, in words, with what one needs to go on."""

from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from regalpos.errors import Busy, Invalid, NotAllowed, NotHere, Refusal


class TotalChanged(Refusal):
    code = "total_changed"
    message = _("The total is now %(total)s.")


def test_a_refusal_names_its_facts() -> None:
    refusal = TotalChanged(total=Decimal("43.15"))

    assert f"{refusal.message}" == "The total is now 43.15."
    assert refusal.facts == {"total": Decimal("43.15")}
    assert (refusal.code, refusal.status) == ("total_changed", 409)
    assert str(refusal) == "The total is now 43.15."


def test_words_of_its_own_are_said_as_they_stand() -> None:
    assert Refusal("100% wool is sold out.", product="scarf").message == "100% wool is sold out."


def test_a_refusal_speaks_the_language_of_who_asked() -> None:
    class Closed(Refusal):
        message = _("Yes")

    with translation.override("de"):
        refusal = Closed()

    assert f"{refusal.message}" == "Ja"


def test_what_was_said_about_one_refusal_is_not_said_about_the_next() -> None:
    TotalChanged("Something else.", total=1)

    assert str(TotalChanged(total=2)) == "The total is now 2."


@pytest.mark.parametrize(
    ("refusal", "code", "status"),
    [
        (Refusal, "refused", 409),
        (Invalid, "invalid", 422),
        (NotHere, "not_found", 404),
        (NotAllowed, "forbidden", 403),
        (Busy, "busy", 503),
    ],
)
def test_each_has_its_code_and_status(refusal: type[Refusal], code: str, status: int) -> None:
    assert (refusal().code, refusal().status) == (code, status)
    assert refusal().message


def test_invalid_says_which_fields() -> None:
    refusal = Invalid(fields={"quantity": ["Must not be 0."]})

    assert refusal.fields == {"quantity": ["Must not be 0."]}
    assert Invalid().fields == {}


def test_busy_says_when_to_come_again() -> None:
    assert Busy().retry_after == 1
    assert Busy(retry_after=30).retry_after == 30
