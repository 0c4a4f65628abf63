"""What becomes of a cart, in plain ORM."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from people.access import Actor
from regalpos.errors import BodyMismatch, NotHere
from sales.forms import SaleBody, differing, parse_sale
from sales.models import Cart, CartStep, Register, SaleAttempt
from sales.services.cart_gate import (
    CartElsewhere,
)
from sales.services.cart_states import LONGEST_NAME, FinishFirst, NothingToPark, NothingToPay
from sales.services.cart_view import CartView, wanted
from tests.sales.oracle.cart_gate import changed, done_before, lock_cart, must_be_open, must_sell_at
from tests.sales.oracle.cart_view import read_cart

Kind = CartStep.Kind


def open_cart(*, cart_id: UUID, register_id: UUID, actor: Actor) -> UUID:
    """The register has an open cart, and this is its id: the one that stood, else `cart_id`.

    Raises NotHere, and what `must_sell_at` raises.
    """
    registers = Register.objects.select_related("store").filter(pk=register_id, active=True)
    register = registers.exclude(kind=Register.Kind.OFFICE).first()
    if register is None or not actor.works_at(register.store_id):
        raise NotHere
    standing = Cart.objects.filter(register=register, state=Cart.State.OPEN)
    if open_already := standing.first():
        return open_already.pk
    must_sell_at(register, actor)
    now = timezone.now()
    try:
        with transaction.atomic():
            cart = Cart.objects.create(
                pk=cart_id,
                store_id=register.store_id,
                register=register,
                cashier_id=actor.user_id,
                opened_at=now,
                changed_at=now,
            )
    except IntegrityError:  # Another tab was quicker; the constraint had the last word.
        return standing.get().pk
    return cart.pk


def park_cart(*, step_id: UUID, cart_id: UUID, actor: Actor, name: str = "") -> CartView:
    """The cart waits under a name; any till of the store can recall it. Raises NothingToPark."""
    cart = lock_cart(cart_id, actor)
    if done_before(step_id, cart, Kind.PARK):
        return read_cart(cart)
    rules = must_be_open(cart, actor)
    if not cart.lines.exists():
        raise NothingToPark
    cart.state = Cart.State.PARKED
    cart.name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    cart.name = cart.name[:LONGEST_NAME]
    _note(step_id, cart, Kind.PARK, actor)
    return changed(cart, rules)


def recall_cart(*, step_id: UUID, cart_id: UUID, register_id: UUID, actor: Actor) -> CartView:
    """A parked cart is open at this register, in place of the empty one that stood there.

    Raises FinishFirst if that one is not empty, CartElsewhere if another till was quicker.
    """
    cart = lock_cart(cart_id, actor)
    if done_before(step_id, cart, Kind.RECALL):
        return read_cart(cart)
    register = Register.objects.select_related("store").filter(pk=register_id).first()
    if register is None or register.store_id != cart.store_id:
        raise NotHere
    rules = must_sell_at(register, actor)
    if cart.state != Cart.State.PARKED:
        raise CartElsewhere(register=cart.register.name)
    here = Cart.objects.select_for_update(no_key=True).filter(
        register=register, state=Cart.State.OPEN
    )
    for standing in here:
        if standing.attempt is not None or standing.lines.exists():
            raise FinishFirst
        standing.state = Cart.State.ABANDONED
        standing.save()
    cart.state, cart.register = Cart.State.OPEN, register
    _note(step_id, cart, Kind.RECALL, actor)
    return changed(cart, rules)


def freeze_cart(
    *,
    cart_id: UUID,
    attempt_id: UUID,
    actor: Actor,
    payments: Sequence[dict[str, Any]] | None = None,
    shown_total: str | Decimal = "",
) -> SaleBody | None:
    """The cart stands still under this attempt, and this is the checkout to send for it.

    Until the attempt's outcome is known nothing in the cart can change. The same attempt again
    answers with what was frozen then; without `payments` that is all that is asked for. None: this
    attempt is settled already, ask for its answer. Raises CartFrozen while another attempt stands,
    BodyMismatch if the same one is sent with other payments, NothingToPay, Invalid, and what
    `must_be_open` raises.
    """
    cart = lock_cart(cart_id, actor)
    if SaleAttempt.objects.filter(pk=attempt_id).exists():
        return None
    if cart.attempt == attempt_id and cart.state == Cart.State.OPEN:
        return _as_frozen(cart, payments, shown_total)
    must_be_open(cart, actor)
    if payments is None:
        raise NotHere
    rows = list(cart.lines.all())
    if not rows:
        raise NothingToPay
    body = parse_sale(
        {
            "register": str(cart.register_id),
            "lines": [wanted(row).document() for row in rows],
            "payments": list(payments),
            "shown_total": str(shown_total),
            "customer": cart.customer_id and str(cart.customer_id),
            "salesman": cart.salesman_id and str(cart.salesman_id),
        }
    )
    cart.attempt, cart.attempt_body = attempt_id, body.document()
    changed(cart, must_sell_at(cart.register, actor))
    return body


def _as_frozen(
    cart: Cart, payments: Sequence[dict[str, Any]] | None, shown_total: str | Decimal
) -> SaleBody:
    kept = parse_sale(cart.attempt_body)
    if payments is None:
        return kept
    document = kept.document()
    sent = parse_sale(
        {**document, "payments": list(payments), "shown_total": str(shown_total)}
    ).document()
    if fields := differing(document, sent):
        raise BodyMismatch(fields=fields)
    return kept


def _note(step_id: UUID, cart: Cart, kind: CartStep.Kind, actor: Actor) -> None:
    CartStep.objects.create(
        pk=step_id, cart=cart, kind=kind, who_id=actor.user_id, at=timezone.now()
    )
