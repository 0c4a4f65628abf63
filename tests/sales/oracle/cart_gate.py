"""Who may change a cart, and when, in plain ORM: a query for each thing that is asked."""

from uuid import UUID

from django.utils import timezone

from people.access import Actor
from people.models import StoreRules
from regalpos.errors import NotHere
from regalpos.live import announce, till_topic
from sales.models import Cart, CartStep, Register, Shift
from sales.services.cart_gate import (
    TICK,
    CartElsewhere,
    CartFrozen,
    CartGivenUp,
    CartParked,
    CartSold,
    DrawerOfAnother,
    StepOfAnother,
)
from sales.services.cart_view import CartView, version_of
from sales.services.priced import rules_of
from sales.services.shifts import ShiftClosed, open_shift_of
from tests.sales.oracle.cart_view import read_cart


def lock_cart(cart_id: UUID, actor: Actor) -> Cart:
    """The cart, locked, if it belongs to a store of the actor's. A step. Raises NotHere."""
    carts = Cart.objects.select_related("store", "register")
    cart = carts.select_for_update(of=("self",), no_key=True).filter(pk=cart_id).first()
    if cart is None or not actor.works_at(cart.store_id):
        raise NotHere
    return cart


def must_be_open(cart: Cart, actor: Actor) -> StoreRules:
    """The rules to change this cart by, or the reason why it cannot be changed now. A step."""
    if cart.state == Cart.State.SOLD:
        raise CartSold(None, sale=str(cart.attempt or ""))
    if cart.state == Cart.State.ABANDONED:
        raise CartGivenUp
    if cart.attempt is not None:
        raise CartFrozen(None, attempt=str(cart.attempt))
    if cart.state == Cart.State.PARKED:
        raise CartParked
    return must_sell_at(cart.register, actor)


def must_sell_at(register: Register, actor: Actor) -> StoreRules:
    """The rules of a register's store, if this person may sell there now. A step.

    Their own drawer is open there, or somebody's is and the store shares drawers. Raises
    ShiftClosed, CartElsewhere, DrawerOfAnother.
    """
    rules = rules_of(register.store, timezone.now())
    shift = open_shift_of(register.pk)
    if shift is not None and shift.cashier_id == actor.user_id:
        return rules
    own = Shift.objects.standing().filter(cashier_id=actor.user_id).exists()
    if own:
        raise CartElsewhere(register=register.name)
    if shift is None:
        raise ShiftClosed
    if not rules.shared_drawers:
        raise DrawerOfAnother(register=register.name, cashier=str(shift.cashier))
    return rules


def done_before(step_id: UUID, cart: Cart, *kinds: str) -> CartStep | None:
    """The step of this id, if it was taken before. Raises StepOfAnother for another one's id."""
    step = CartStep.objects.filter(pk=step_id).first()
    if step is not None and (step.cart_id != cart.pk or step.kind not in kinds):
        raise StepOfAnother
    return step


def changed(
    cart: Cart,
    rules: StoreRules,
    *,
    notice: str = "",
    notice_line: int | None = None,
) -> CartView:
    """The cart's change is dated and every tab that shows it is told. A step; the last one."""
    cart.changed_at = max(timezone.now(), cart.changed_at + TICK)
    cart.save()
    announce(
        till_topic(cart.register_id), "cart.changed", cart=str(cart.pk), version=version_of(cart)
    )
    return read_cart(cart, rules, notice=notice, notice_line=notice_line)
