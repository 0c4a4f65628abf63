"""What becomes of a cart: opened, parked, recalled, frozen for paying. Selling it is checkout's."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from regalpos.errors import BodyMismatch, NotHere, Refusal
from sales.checkout_sql.cart import Asked
from sales.checkout_sql.cart_steps import freeze
from sales.checkout_sql.desk import Desk, open_at, read_desk
from sales.forms import SaleBody, differing, parse_sale
from sales.models import Cart, CartStep, Register
from sales.services.cart_gate import (
    CartElsewhere,
    changed,
    done_before,
    must_be_open,
    must_sell_at,
)
from sales.services.cart_seen import lock_cart
from sales.services.cart_view import CartView, view_cart, view_of, wanted

LONGEST_NAME = 40
Kind = CartStep.Kind


class NothingToPark(Refusal):
    code = "nothing_to_park"
    message = _("There is nothing to park in this sale.")


class NothingToPay(Refusal):
    code = "nothing_to_pay"
    message = _("There is nothing to pay for yet.")


class FinishFirst(Refusal):
    code = "finish_first"
    message = _("Pay for this sale or park it first, then recall the other.")


@transaction.atomic(durable=True)
def open_cart(*, cart_id: UUID, register_id: UUID, actor: Actor) -> UUID:
    """The register has an open cart, and this is its id: the one that stood, else `cart_id`.

    Raises NotHere, and what `must_sell_at` raises.
    """
    now = timezone.now()
    desk, standing = _desk(register_id, actor, now)
    if not desk.register.active or desk.register.kind == Register.Kind.OFFICE:
        raise NotHere
    if standing is not None:
        return standing
    must_sell_at(desk, actor)
    if not open_at(desk, cart_id=cart_id, user_id=actor.user_id, at=now):
        # Another tab was quicker; the constraint had the last word.
        return Cart.objects.get(register=desk.register, state=Cart.State.OPEN).pk
    return cart_id


@transaction.atomic(durable=True)
def park_cart(*, step_id: UUID, cart_id: UUID, actor: Actor, name: str = "") -> CartView:
    """The cart waits under a name; any till of the store can recall it. Raises NothingToPark."""
    seen = lock_cart(cart_id, actor, Asked(step=step_id))
    if done_before(seen, Kind.PARK):
        return view_of(seen)
    must_be_open(seen, actor)
    if not seen.lines:
        raise NothingToPark
    cart = seen.cart
    cart.state = Cart.State.PARKED
    cart.name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    cart.name = cart.name[:LONGEST_NAME]
    _note(step_id, cart, Kind.PARK, actor)
    return view_cart(cart_id=cart.pk, actor=actor)


@transaction.atomic(durable=True)
def recall_cart(*, step_id: UUID, cart_id: UUID, register_id: UUID, actor: Actor) -> CartView:
    """A parked cart is open at this register, in place of the empty one that stood there.

    Raises FinishFirst if that one is not empty, CartElsewhere if another till was quicker.
    """
    seen = lock_cart(cart_id, actor, Asked(step=step_id))
    if done_before(seen, Kind.RECALL):
        return view_of(seen)
    cart = seen.cart
    desk, _standing = _desk(register_id, actor, seen.at)
    register = desk.register
    if register.store_id != cart.store_id:
        raise NotHere
    must_sell_at(desk, actor)
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
    return view_cart(cart_id=cart.pk, actor=actor)


@transaction.atomic(durable=True)
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
    seen = lock_cart(cart_id, actor, Asked(attempt=attempt_id))
    cart = seen.cart
    if seen.rows.attempt_known:
        return None
    if cart.attempt == attempt_id and cart.state == Cart.State.OPEN:
        return _as_frozen(cart, payments, shown_total)
    must_be_open(seen, actor)
    if payments is None:
        raise NotHere
    if not seen.lines:
        raise NothingToPay
    body = parse_sale(
        {
            "register": str(cart.register_id),
            "lines": [wanted(row).document() for row in seen.lines],
            "payments": list(payments),
            "shown_total": str(shown_total),
            "customer": cart.customer_id and str(cart.customer_id),
            "salesman": cart.salesman_id and str(cart.salesman_id),
        }
    )
    cart.attempt, cart.attempt_body = attempt_id, body.document()
    changed(cart)
    freeze(cart)
    return body


def attempt_cart(*, attempt_id: UUID, actor: Actor) -> Cart | None:
    """The cart that was frozen under this attempt, if it is one of the actor's stores'."""
    cart = Cart.objects.select_related("register").filter(attempt=attempt_id).first()
    return cart if cart is not None and actor.works_at(cart.store_id) else None


def standing_attempt(cart: Cart) -> UUID | None:
    """The attempt whose outcome is not known yet, if there is one."""
    return cart.attempt if cart.state == Cart.State.OPEN else None


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


def _desk(register_id: UUID, actor: Actor, at: datetime) -> tuple[Desk, UUID | None]:
    """A register of the actor's stores, and the cart that is open there. Raises NotHere."""
    found = read_desk(register_id, user_id=actor.user_id, at=at)
    if found is None or not actor.works_at(found[0].register.store_id):
        raise NotHere
    return found


def _note(step_id: UUID, cart: Cart, kind: CartStep.Kind, actor: Actor) -> None:
    """The cart is saved as it is now, and why."""
    changed(cart)
    cart.save()
    CartStep.objects.create(
        pk=step_id, cart=cart, kind=kind, who_id=actor.user_id, at=timezone.now()
    )
