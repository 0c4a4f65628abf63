"""What a sale may be refused for, in the order that callers rely on (docs: 4-contract)."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from inventory.models import StockHold
from inventory.services.stock import OutOfStock
from people.access import Actor
from people.models import StoreRules
from people.permissions import Role
from regalpos.errors import Invalid, Refusal
from sales.checkout_sql.claim import Claim
from sales.checkout_sql.locks import Drawer, lock_drawer
from sales.forms import SaleBody
from sales.models import Register, Tender
from sales.pricing import Settlement, Tendered, Unpriceable, discount_percent_of, settle
from sales.sealing import amount
from sales.services.answers import money
from sales.services.basket import Basket
from sales.services.shifts import ShiftClosed

NOTHING = Decimal(0)


class TotalChanged(Refusal):
    code = "total_changed"
    message = _("The total is now %(total)s, it was %(shown)s. Tell the customer, then pay again.")


class ApprovalNeeded(Refusal):
    code = "approval_needed"
    message = _("This is above your limit. A manager can do it.")


class Underpaid(Refusal):
    code = "underpaid"
    message = _("%(due)s still to pay. Nothing was taken.")


class Overpaid(Refusal):
    code = "overpaid"
    message = _("%(over)s too much. Only cash may be more than what is due.")


def refuse_changed_total(basket: Basket) -> None:
    """The customer pays what they were told, or hears what changed."""
    bill, shown = basket.bill, basket.body.shown_total
    if bill.total != shown:
        raise TotalChanged(
            total=money(bill.total, bill.currency), shown=money(shown, bill.currency)
        )


def refuse_beyond_limits(basket: Basket) -> None:
    """Discounts, prices and refunds beyond what the role may do alone need an approval."""
    role = basket.actor.role
    limit = basket.rules.discount_limit(role)
    for line in basket.bill.lines:
        given = NOTHING if line.number in basket.taken else discount_percent_of(line)
        if given > limit or (line.override_price is not None and not limit):
            raise ApprovalNeeded(action="discount", line=line.number, limit=amount(limit))
    refund_limit = basket.rules.refund_limit
    back = -sum((line.total for line in basket.bill.lines if line.number in basket.taken), NOTHING)
    if role == Role.CASHIER and refund_limit is not None and back > refund_limit:
        raise ApprovalNeeded(action="refund", limit=amount(refund_limit))


def refuse_unknown_names(body: SaleBody, claim: Claim) -> None:
    """Tenders, customer and salesman are people and ways to pay that we know. Raises Invalid."""
    for index, payment in enumerate(body.payments):
        tender = claim.tenders.get(payment.tender)
        if tender is None:
            words = _("There is no such way to pay.")
        elif payment.amount < 0 and not tender.refundable:
            words = _("Money cannot be paid back this way.")
        else:
            continue
        raise Invalid(fields={f"payments.{index}.tender": [str(words)]})
    nobody = [str(_("There is nobody by this id."))]
    if body.salesman and not claim.salesman:
        raise Invalid(fields={"salesman": nobody})
    if body.customer and not claim.customer:
        raise Invalid(fields={"customer": nobody})


def settle_payments(basket: Basket, tenders: Mapping[str, Tender]) -> Settlement:
    """Match what was handed over with what is due. Raises Invalid, Underpaid, Overpaid."""
    currency = basket.bill.currency
    tendered = [
        Tendered(
            tender=tenders[payment.tender].pk,
            amount=payment.amount,
            in_drawer=tenders[payment.tender].in_drawer,
            may_exceed=tenders[payment.tender].may_exceed,
            rounds=tenders[payment.tender].rounds,
        )
        for payment in basket.body.payments
    ]
    try:
        settlement = settle(basket.bill.total, tendered, currency, basket.rules.cash_step or None)
    except Unpriceable as wrong:
        words = _("Not an amount that pays this total.")
        raise Invalid(fields={"payments": [str(words)]}) from wrong
    if settlement.due:
        raise Underpaid(due=money(abs(settlement.due), currency))
    if settlement.over:
        raise Overpaid(over=money(abs(settlement.over), currency))
    return settlement


def refuse_short_shelves(basket: Basket) -> None:
    """Limited goods are sold only if they are there and not held for somebody who is paying.

    A quote holds them for one sale: presented again, it has nothing to take but what is free.
    """
    holder = basket.body.quote
    if holder and StockHold.objects.filter(holder=holder).exists():
        return
    wanted: dict[UUID, Decimal] = {}
    for line in basket.bill.lines:
        product = line.product_id
        if product and product in basket.levels and line.number not in basket.taken:
            wanted[product] = wanted.get(product, NOTHING) + line.quantity
    strict = {product for product in wanted if basket.levels[product].strict}
    if not strict:
        return
    held = StockHold.objects.held_by_others(
        store_id=basket.register.store_id, product_ids=strict, holder=None, at=basket.at
    )
    short = [
        {"product": str(product), "on_hand": amount(max(free, NOTHING))}
        for product in sorted(strict)
        if wanted[product] > (free := basket.levels[product].on_hand - held.get(product, NOTHING))
    ]
    if short:
        raise OutOfStock(products=short)


def open_drawer(register: Register, actor: Actor, rules: StoreRules) -> Drawer:
    """The register's open shift and journal head, locked. A close that came first is seen here."""
    drawer = lock_drawer(register.pk)
    if drawer is None:
        raise ShiftClosed
    if drawer.shift.cashier_id != actor.user_id and not rules.shared_drawers:
        raise ShiftClosed(_("Not sold: the open drawer is somebody else's."))
    return drawer
