"""A cart as a step or a screen sees it: itself, what surrounds it, and the goods it may speak of.

One statement reads it, two where a scale's label is in it. Looking locks nothing; a step first
takes the cart's lock, and looks then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from people.access import Actor
from people.models import Store, StoreRules
from regalpos.barcodes import WeighedLabel, lookup_key
from regalpos.errors import NotHere
from sales.checkout_sql import cart as sql
from sales.checkout_sql import cart_steps
from sales.checkout_sql.cart import Asked, CartRows
from sales.forms import LineBody
from sales.models import Cart, CartLine
from sales.services.priced import Found, find_on, labels_of, references

NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was read `at` one instant."""

    rows: CartRows
    labels: Mapping[str, WeighedLabel]
    at: datetime

    @property
    def cart(self) -> Cart:
        return self.rows.cart

    @property
    def store(self) -> Store:
        return self.rows.cart.store

    @property
    def rules(self) -> StoreRules:
        return self.rows.desk.rules

    @property
    def lines(self) -> list[CartLine]:
        return self.rows.lines

    def find(self, lines: Sequence[LineBody]) -> list[Found]:
        """The product behind every line, as `find_products`."""
        return find_on(self.rows.shelf, lines, labels=self.labels, currency=self.store.currency)

    def available(self, product_id: UUID) -> Decimal:
        """What can be taken off the shelf now: on hand less what quotes hold."""
        on_hand = self.rows.shelf.by_id[product_id].on_hand
        return (NOTHING if on_hand is None else on_hand) - self.rows.held[product_id]


def see_cart(cart_id: UUID, actor: Actor, asked: Asked | None = None) -> Seen:
    """The cart, if it belongs to a store of the actor's. Raises NotHere."""
    at = timezone.now()
    rows = sql.read(cart_id, user_id=actor.user_id, at=at, asked=asked)
    if rows is None or not actor.works_at(rows.cart.store_id):
        raise NotHere
    codes = {line.barcode for line in rows.lines if line.barcode}
    codes |= {asked.code} if asked and asked.code else set()
    codes |= {rows.last.code} if rows.last and rows.last.code else set()
    labels = labels_of(codes, rows.desk.rules)
    return Seen(rows=_completed(rows, labels, at), labels=labels, at=at)


def lock_cart(cart_id: UUID, actor: Actor, asked: Asked | None = None) -> Seen:
    """The cart, locked, as `see_cart` sees it under the lock. A step. Raises NotHere."""
    cart_steps.lock(cart_id)
    return see_cart(cart_id, actor, asked)


def _completed(rows: CartRows, labels: Mapping[str, WeighedLabel], at: datetime) -> CartRows:
    """With what labels refer to; and all anew if the database reckons another business day."""
    day = rows.cart.store.business_day(at)
    if day == rows.day and not labels:
        return rows
    wanted = references(labels)
    return sql.read_more(
        rows,
        at=at,
        day=day,
        ids=rows.shelf.by_id if day != rows.day else (),
        skus=wanted,
        lookups={lookup_key(code) for code in wanted},
    )
