"""Who may change a cart, and when: the one lock every change takes, and the reasons for a no."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.models import StoreRules
from regalpos.errors import NotHere, Refusal
from regalpos.live import announce, till_topic
from sales.models import Cart, CartStep, Register, Shift
from sales.services.cart_view import CartView, read_cart, version_of
from sales.services.priced import rules_of
from sales.services.shifts import ShiftClosed, open_shift_of


class CartFrozen(Refusal):
    """Somebody pressed pay, and whether it went through is not known yet."""

    code = "cart_frozen"
    message = _("Asking whether the sale went through. Do not take the money again.")


class CartElsewhere(Refusal):
    """Open at a till that is not this person's."""

    code = "cart_elsewhere"
    message = _("This sale is open at %(register)s. Park it there with F4, then recall it here.")


class DrawerOfAnother(Refusal):
    """The register's shift is somebody else's, and the store does not share drawers."""

    code = "drawer_of_another"
    message = _("%(register)s is open in the name of %(cashier)s. Choose another till.")


class CartParked(Refusal):
    """Parked: it belongs to no till until one recalls it."""

    code = "cart_parked"
    message = _("This sale is parked. Recall it to go on.")


class CartSold(Refusal):
    """Sold already; `sale` says which one it became."""

    code = "cart_sold"
    message = _("This sale is finished. The next one is ready.")


class CartGivenUp(Refusal):
    """Closed empty, when another one was recalled in its place."""

    code = "cart_given_up"
    message = _("This sale was given up. The next one is ready.")


class StepOfAnother(Refusal):
    """The step's id belongs to something else."""

    code = "body_mismatch"
    status = 422
    message = _("This id was used for something else. Nothing has changed.")


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
    now = timezone.now()
    cart.changed_at = now if now > cart.changed_at else cart.changed_at
    cart.save()
    announce(
        till_topic(cart.register_id), "cart.changed", cart=str(cart.pk), version=version_of(cart)
    )
    return read_cart(cart, rules, notice=notice, notice_line=notice_line)
