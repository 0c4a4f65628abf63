"""Who may change a cart, and when: the reasons for a no, and how a change is made known."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from regalpos.errors import Refusal
from regalpos.live import announce, till_topic
from sales.checkout_sql.desk import Desk
from sales.models import Cart, CartStep
from sales.services.cart_seen import Seen
from sales.services.cart_view import version_of
from sales.services.shifts import ShiftClosed

TICK = timedelta(microseconds=1)


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


def must_be_open(seen: Seen, actor: Actor) -> None:
    """Say why this cart cannot be changed now by this person, if it cannot. A step."""
    cart = seen.cart
    if cart.state == Cart.State.SOLD:
        raise CartSold(None, sale=str(cart.attempt or ""))
    if cart.state == Cart.State.ABANDONED:
        raise CartGivenUp
    if cart.attempt is not None:
        raise CartFrozen(None, attempt=str(cart.attempt))
    if cart.state == Cart.State.PARKED:
        raise CartParked
    must_sell_at(seen.rows.desk, actor)


def must_sell_at(desk: Desk, actor: Actor) -> None:
    """This person may sell at this register now: a step that only looks.

    Their own drawer is open there, or somebody's is and the store shares drawers. Raises
    ShiftClosed, CartElsewhere, DrawerOfAnother.
    """
    shift, name = desk.shift, desk.register.name
    if shift is not None and shift.cashier_id == actor.user_id:
        return
    if desk.on_shift:
        raise CartElsewhere(register=name)
    if shift is None:
        raise ShiftClosed
    if not desk.rules.shared_drawers:
        raise DrawerOfAnother(register=name, cashier=str(shift.cashier))


def done_before(seen: Seen, *kinds: str) -> CartStep | None:
    """The step of the id that was asked about, if it was taken before.

    Raises StepOfAnother for another cart's, or another kind's.
    """
    step = seen.rows.step
    if step is not None and (step.cart_id != seen.cart.pk or step.kind not in kinds):
        raise StepOfAnother
    return step


def changed(cart: Cart) -> None:
    """The cart, still to be written, is newer than it was, and every tab that shows it is told.

    A step. No two changes of a cart have one version, whatever the clock does.
    """
    cart.changed_at = max(timezone.now(), cart.changed_at + TICK)
    topic = till_topic(cart.register_id)
    announce(topic, "cart.changed", cart=str(cart.pk), version=version_of(cart))
