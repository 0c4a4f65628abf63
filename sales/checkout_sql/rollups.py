"""The sums that reports read, computed from the ledgers: for books that were loaded, not sold."""

from regalpos import statements

_PRODUCT_DAYS = """
INSERT INTO sales_productday
    (store_id, product_id, business_day, sold, returned, net, tax, discount, total, cost)
SELECT sale.store_id, line.product_id, sale.business_day,
       coalesce(sum(line.quantity) FILTER (WHERE line.quantity > 0), 0),
       coalesce(-sum(line.quantity) FILTER (WHERE line.quantity < 0), 0),
       sum(line.net), sum(line.tax), sum(line.discount), sum(line.total),
       sum(line.cost * line.quantity)
FROM sales_saleline AS line JOIN sales_sale AS sale ON sale.id = line.sale_id
WHERE line.product_id IS NOT NULL
GROUP BY 1, 2, 3
"""
_REGISTER_DAYS = """
INSERT INTO sales_registerday
    (register_id, business_day, sales, returns, net, tax, discount, total, payable, refunded)
SELECT register_id, business_day,
       count(*) FILTER (WHERE kind <> 'return'), count(*) FILTER (WHERE kind = 'return'),
       sum(net), sum(tax), sum(discount), sum(total), sum(payable),
       coalesce(-sum(payable) FILTER (WHERE kind = 'return'), 0)
FROM sales_sale
GROUP BY 1, 2
"""


def fill() -> None:
    """Every day's sums are written, from nothing. A step: call it where no sale can come between.

    Raises IntegrityError if some are there already.
    """
    statements.rows(_PRODUCT_DAYS)
    statements.rows(_REGISTER_DAYS)
