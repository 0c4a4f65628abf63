"""Bills that stand for five minutes: what they hold, for how long and for whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from inventory.models import Product
from people.access import Actor
from regalpos import ids
from regalpos.errors import Invalid
from sales.forms import parse_quote, parse_sale
from sales.models import Quote, Register
from sales.services.checkout import Answer, check_out
from sales.services.quotes import QuoteMismatch, make_quote
from sales.services.shifts import OtherContent, open_shift
from tests.databases import Database
from tests.factories import (
    a_cashier,
    a_product,
    a_register,
    a_shift,
    a_store,
    on_hand,
    set_price,
    some_rules,
    some_tenders,
)


def quote(
    register: Register, actor: Actor, product: Product, quantity: str, quote_id: UUID | None = None
) -> Quote:
    raw = {
        "register": str(register.pk),
        "lines": [{"product": str(product.pk), "quantity": quantity}],
    }
    made, _bill = make_quote(quote_id=quote_id or ids.new(), body=parse_quote(raw), actor=actor)
    return made


def sell(register: Register, actor: Actor, product: Product, quantity: str, shown: Quote) -> Answer:
    raw = {
        "register": str(register.pk),
        "lines": [{"product": str(product.pk), "quantity": quantity}],
        "payments": [{"tender": "card", "amount": str(shown.total)}],
        "shown_total": str(shown.total),
        "quote": str(shown.pk),
    }
    return check_out(sale_id=ids.new(), body=parse_sale(raw), actor=actor, source="api")


@pytest.mark.django_db
def test_a_quote_that_sold_already_takes_nothing_that_others_hold() -> None:
    store = a_store()
    register, ana = a_register(store), a_cashier(store)
    a_shift(register, ana)
    lamp = a_product(price="12.00", limited=True, on_hand="3", store=store)
    first, second = quote(register, ana, lamp, "1"), quote(register, ana, lamp, "2")

    assert sell(register, ana, lamp, "1", first).status == 201
    again = sell(register, ana, lamp, "1", first)

    assert (again.status, again.content["code"]) == (409, "out_of_stock")
    assert on_hand(lamp, store) == 2
    assert sell(register, ana, lamp, "2", second).status == 201
    assert on_hand(lamp, store) == 0


@pytest.mark.django_db
def test_a_quote_keeps_the_rules_of_its_moment() -> None:
    store = a_store()
    register, ana = a_register(store), a_cashier(store)
    a_shift(register, ana)
    lamp = a_product(price="12.00", on_hand="3", store=store)
    promised = quote(register, ana, lamp, "1")
    some_rules(store, prices_include_tax=False)

    sold = sell(register, ana, lamp, "1", promised)

    assert (sold.status, sold.content["totals"]["total"]) == (201, "12.00")
    assert quote(register, ana, lamp, "1", promised.pk).total == Decimal("12.00")


@pytest.mark.django_db
def test_a_bill_beyond_every_ledger_is_refused_by_the_name_of_its_lines() -> None:
    store = a_store()
    register, ana = a_register(store), a_cashier(store)
    lines = []
    for _number in range(3):
        boat = a_product()
        set_price(boat, "15000000.00")
        lines.append({"product": str(boat.pk), "quantity": "30000"})
    raw = {"register": str(register.pk), "lines": lines}

    with pytest.raises(Invalid) as refused:
        make_quote(quote_id=ids.new(), body=parse_quote(raw), actor=ana)

    assert set(refused.value.fields) == {"lines"}
    assert not Quote.objects.exists()


def at_once(unit: Callable[[], Any], times: int = 6) -> list[Any]:
    """What became of so many at the same time."""

    def one(_number: int) -> Any:
        try:
            return unit()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


@pytest.mark.race
def test_a_quote_asked_for_many_times_at_once_is_made_once(committed_db: Database) -> None:
    store = a_store()
    register, ana = a_register(store), a_cashier(store)
    tea = a_product(price="2.00", stocked=False)

    for _round in range(4):
        quote_id = ids.new()
        made = at_once(partial(quote, register, ana, tea, "1", quote_id))
        assert [one.pk if isinstance(one, Quote) else one for one in made] == [quote_id] * 6
    assert Quote.objects.count() == 4
    with pytest.raises(QuoteMismatch):
        quote(register, ana, tea, "2", quote_id)


@pytest.mark.race
def test_one_shift_id_sent_with_two_floats_at_once_opens_one_and_refuses_the_other(
    committed_db: Database,
) -> None:
    store = a_store()
    some_tenders()
    for _round in range(4):
        register, ana = a_register(store), a_cashier(store)
        shift_id, floats = ids.new(), iter(["100", "200"] * 3)

        def unit(
            register: Register = register,
            ana: Actor = ana,
            shift_id: UUID = shift_id,
            floats: Any = floats,
        ) -> Decimal:
            wanted = Decimal(next(floats))
            shift = open_shift(
                shift_id=shift_id, register_id=register.pk, float_amount=wanted, actor=ana
            )
            assert shift.float_amount == wanted
            return wanted

        heard = at_once(unit)
        assert sum(isinstance(one, OtherContent) for one in heard) == 3, heard
        assert sum(isinstance(one, Decimal) for one in heard) == 3, heard
