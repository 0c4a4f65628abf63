"""A cart locked, and one step of it written: a statement each."""

from uuid import UUID

from regalpos import statements
from sales.models import Cart, CartLine, CartStep

_LOCK = "SELECT store_id FROM sales_cart WHERE id = %(cart)s FOR NO KEY UPDATE"
_STEP = """
WITH line AS (
    INSERT INTO sales_cartline (cart_id, number, product_id, quantity, barcode, discount_reason)
    SELECT %(cart)s, %(number)s, %(product)s, %(after)s, %(barcode)s, ''
    WHERE %(after)s <> 0
    ON CONFLICT (cart_id, number) DO UPDATE SET quantity = excluded.quantity
), gone AS (
    DELETE FROM sales_cartline
    WHERE cart_id = %(cart)s AND number = %(number)s AND %(after)s = 0
), step AS (
    INSERT INTO sales_cartstep
        (id, cart_id, kind, line, product_id, code, before, after, who_id, at, undoes_id)
    VALUES (%(step)s, %(cart)s, %(kind)s, %(number)s, %(product)s, %(code)s, %(before)s, %(after)s,
            %(who)s, %(at)s, %(undoes)s)
)
UPDATE sales_cart SET changed_at = %(changed)s WHERE id = %(cart)s
"""
_TOUCH = "UPDATE sales_cart SET changed_at = %(changed)s WHERE id = %(cart)s"
_FREEZE = """
UPDATE sales_cart
SET changed_at = %(changed)s, attempt = %(attempt)s, attempt_body = %(body)s::jsonb
WHERE id = %(cart)s
"""


def lock(cart_id: UUID) -> None:
    """The cart is locked, if there is one. What is read under the lock is read after it. A step."""
    statements.rows(_LOCK, cart=cart_id)


def write_step(cart: Cart, line: CartLine, step: CartStep) -> None:
    """The line counts what the step leaves, or is gone at 0; the cart is as new as it says.

    A step, with the cart locked.
    """
    statements.rows(
        _STEP,
        cart=cart.pk,
        changed=cart.changed_at,
        number=line.number,
        product=line.product_id,
        barcode=line.barcode,
        step=step.pk,
        kind=str(step.kind),
        code=step.code,
        before=step.before,
        after=step.after,
        who=step.who_id,
        at=step.at,
        undoes=step.undoes_id,
    )


def touch(cart: Cart) -> None:
    """The cart is as new as it says. A step."""
    statements.rows(_TOUCH, cart=cart.pk, changed=cart.changed_at)


def freeze(cart: Cart) -> None:
    """The cart stands still under its attempt. A step, with the cart locked."""
    statements.rows(
        _FREEZE,
        cart=cart.pk,
        changed=cart.changed_at,
        attempt=cart.attempt,
        body=statements.as_json(cart.attempt_body),
    )
