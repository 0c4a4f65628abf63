"""What can come back of a sale, what is paid back for it, and the checkout that says so.

A return is posted by `check_out` like every sale: under an attempt's id, once. These steps only
read and compute; the amounts are worked out as posting works them out, so that the customer hears
before what the drawer gives after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from people.access import Actor
from people.models import StoreRules
from regalpos.errors import Invalid, NotHere
from regalpos.money import round_to
from regalpos.shapes import plain
from sales.forms import SaleBody, parse_sale
from sales.models import Register, ReturnedQuantity, Sale, SaleLine, Shift, Tender
from sales.pricing import Bill, add_up, return_line
from sales.services.basket import as_priced
from sales.services.priced import rules_of
from sales.services.shifts import open_shift_of


@dataclass(frozen=True, slots=True)
class Returnable:
    """A sold line, how much of it came back already and how much still can."""

    sold: SaleLine
    returned: Decimal

    @property
    def id(self) -> UUID:
        return self.sold.pk

    @property
    def left(self) -> Decimal:
        return self.sold.quantity - self.returned


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSheet:
    """A sale as it can come back now. Without a `register` nobody can pay for it yet."""

    sale: Sale
    rules: StoreRules
    lines: tuple[Returnable, ...]
    register: Register | None  # whose drawer pays
    elsewhere: Register | None  # the actor's own drawer, if it is another store's
    tender: Tender | None  # cash

    @property
    def done(self) -> bool:
        """Everything came back already, or nothing ever could."""
        return not any(line.left for line in self.lines)


@dataclass(frozen=True, slots=True)
class GoodsBack:
    """So much of a sold line, and where it goes: back to stock, damaged or written off."""

    line_id: UUID
    quantity: Decimal
    disposition: str


def read_return(sale_id: UUID, actor: Actor) -> ReturnSheet:
    """What can come back of a sale of the actor's stores. A step. Raises NotHere."""
    sale = Sale.objects.select_related("store", "register").filter(pk=sale_id).first()
    if sale is None or not actor.works_at(sale.store_id):
        raise NotHere
    rules = rules_of(sale.store, timezone.now())
    sold = sale.lines.filter(quantity__gt=0).select_related("sale").order_by("number")
    back = ReturnedQuantity.objects.filter(line__sale=sale).values_list("line_id", "returned")
    returned = dict(back)
    drawer = _drawer(sale, rules, actor)
    here = drawer is not None and drawer.store_id == sale.store_id
    tenders = Tender.objects.filter(active=True, in_drawer=True, refundable=True)
    return ReturnSheet(
        sale=sale,
        rules=rules,
        lines=tuple(Returnable(line, returned.get(line.pk, Decimal(0))) for line in sold),
        register=drawer if here else None,
        elsewhere=None if here else drawer,
        tender=tenders.order_by("position", "code").first(),
    )


def preview_return(sheet: ReturnSheet, wanted: Mapping[UUID, Decimal]) -> Bill:
    """What would be paid back for these quantities: `total` to the cent, `cash_payable` in coins.

    Both are negative. A step. Raises Invalid, naming a line by its id.
    """
    lines = {line.id: line for line in sheet.lines}
    refuse_impossible(sheet, wanted)
    priced = [
        return_line(
            as_priced(lines[line_id].sold),
            number=number,
            returned_before=lines[line_id].returned,
            returned_now=quantity,
            currency=sheet.sale.currency,
            inclusive=sheet.sale.prices_include_tax,
        )
        for number, (line_id, quantity) in enumerate(wanted.items(), start=1)
    ]
    rules = sheet.rules
    step = rules.cash_step or None
    return add_up(priced, sheet.sale.currency, rules.prices_include_tax, step)


def refuse_impossible(sheet: ReturnSheet, wanted: Mapping[UUID, Decimal]) -> None:
    """Raise Invalid for quantities that cannot come back, each named by its line's id."""
    lines = {line.id: line for line in sheet.lines}
    problems: dict[str, list[str]] = {}
    for line_id, quantity in wanted.items():
        line = lines.get(line_id)
        if line is None:
            raise NotHere
        if quantity <= 0:
            words = _("More than nothing, or leave it at 0.")
        elif line.sold.by_piece and quantity != quantity.to_integral_value():
            words = _("Sold by the piece: whole numbers only.")
        elif quantity != round_to(quantity, 3):
            words = _("At most three decimals.")
        elif quantity > line.left:
            words = _("Only %(left)s of these can still come back.") % {"left": plain(line.left)}
        else:
            continue
        problems[str(line_id)] = [words]
    if problems:
        raise Invalid(fields=problems)


def return_body(
    goods: Sequence[GoodsBack],
    *,
    register_id: str,
    tender: str,
    reason: str,
    total: str,
    cash: str,
) -> SaleBody:
    """The checkout that takes these goods back. The same answers always make the same body.

    `total` and `cash` are what the customer was told, both negative. Raises Invalid.
    """
    raw: dict[str, Any] = {
        "register": register_id,
        "lines": [
            {
                "quantity": plain(-item.quantity),
                "returns": str(item.line_id),
                "reason": reason,
                "disposition": item.disposition,
            }
            for item in goods
        ],
        "payments": [{"tender": tender, "amount": cash}] if cash.strip("-0.") else [],
        "shown_total": total,
    }
    return parse_sale(raw)


def _drawer(sale: Sale, rules: StoreRules, actor: Actor) -> Register | None:
    """The register that pays: one's own, or in a shared store the one that sold it."""
    own = Shift.objects.standing().filter(cashier_id=actor.user_id)
    shift = own.select_related("register__store").first()
    if shift is not None:
        return shift.register
    if rules.shared_drawers and open_shift_of(sale.register_id) is not None:
        return sale.register
    return None
