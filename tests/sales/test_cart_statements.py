"""How often a step at the till asks the database: a cashier waits for each of these."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from people.access import Actor
from regalpos import ids
from regalpos.errors import Refusal
from sales.services.cart import add_to_cart, remove_line, set_quantity, undo_step
from sales.services.cart_states import freeze_cart, open_cart
from sales.services.cart_view import view_cart
from sales.services.checkout import check_out
from sales.services.till_view import read_tiles_of
from sales.views.payment import _outcome
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db

# In a test the transaction of a use case is a savepoint: made, and let go.
AROUND = 2
type Sends = Callable[[int], AbstractContextManager[CaptureQueriesContext]]


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    made = make_shop()
    made.on_shift()
    return made


@pytest.fixture
def cart(shop: Shop) -> UUID:
    """With three lines in it."""
    cart = shop.cart()
    for code in ("OM-1", "RS-1", "OB-1"):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor(), code=code)
    return cart


@pytest.fixture
def actor(shop: Shop) -> Actor:
    return shop.actor()


@pytest.fixture
def sends(django_assert_num_queries: DjangoAssertNumQueries) -> Sends:
    """Exactly so many statements, besides what begins and ends a transaction."""
    return lambda number: django_assert_num_queries(number + AROUND)


@pytest.mark.parametrize(
    "code", ["5390012340108", "OM-1", "13", "TM-1", "15390012340105", "5390012340139"]
)
def test_a_scan_is_three_statements(cart: UUID, actor: Actor, sends: Sends, code: str) -> None:
    for _time in range(2):
        with sends(3):
            add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code=code)


def test_the_label_of_a_scale_takes_one_more(cart: UUID, actor: Actor, sends: Sends) -> None:
    with sends(4):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code="2100417006409")
    with sends(4):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code="OM-1")


def test_a_scan_sent_again_writes_nothing(cart: UUID, actor: Actor, sends: Sends) -> None:
    step = ids.new()
    add_to_cart(step_id=step, cart_id=cart, actor=actor, code="OM-1")
    with sends(2):
        add_to_cart(step_id=step, cart_id=cart, actor=actor, code="OM-1")


def test_a_scan_that_is_refused_writes_nothing(cart: UUID, actor: Actor, sends: Sends) -> None:
    undone = 1  # the savepoint is gone back to
    with sends(2 + undone), pytest.raises(Refusal):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code="5012345678900")


def test_every_other_step_is_three_statements(cart: UUID, actor: Actor, sends: Sends) -> None:
    with sends(3):
        set_quantity(step_id=ids.new(), cart_id=cart, actor=actor, number=1, count=Decimal(5))
    with sends(3):
        remove_line(step_id=ids.new(), cart_id=cart, actor=actor, number=2)
    with sends(3):
        undo_step(step_id=ids.new(), cart_id=cart, actor=actor)


def test_looking_at_a_cart_is_one_statement(
    cart: UUID, actor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        view_cart(cart_id=cart, actor=actor)


def test_a_tab_of_tiles_is_two_statements(
    cart: UUID, actor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        read_tiles_of(cart_id=cart, tab="favourites", actor=actor)


def test_a_sale_of_three_is_short_from_the_first_scan_to_the_receipt(
    shop: Shop, actor: Actor, sends: Sends
) -> None:
    with sends(2):
        cart = open_cart(cart_id=ids.new(), register_id=shop.till.pk, actor=actor)
    for code in ("OM-1", "RS-1", "OB-1"):
        with sends(3):
            view = add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code=code)
    attempt, total = ids.new(), view.bill.total
    cash = [{"tender": "cash", "amount": str(total)}]
    with sends(3):
        body = freeze_cart(
            cart_id=cart, attempt_id=attempt, actor=actor, payments=cash, shown_total=total
        )
    assert body is not None
    with sends(5):
        answer = check_out(sale_id=attempt, body=body, actor=actor, source="till", cart_id=cart)
    with sends(8):  # the receipt's four, the tenders, and the next cart, opened and seen
        outcome = _outcome(attempt, answer, cart, actor)
    assert outcome.state == "posted"
    assert outcome.cart is not None
    assert outcome.cart.lines == ()
    assert not connection.needs_rollback
