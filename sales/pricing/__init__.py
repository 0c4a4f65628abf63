"""What a basket costs, what a return gives back, what a payment settles. Pure arithmetic.

Amounts are in one currency; quantities are signed, in the product's unit, to three places;
percents are 0 to 100. A figure is rounded once, here, and copied from here ever after. A line
with a negative quantity is the exact mirror of the same line sold.
"""

from sales.pricing.figures import Ask, Bill, PricedLine, TaxPart, TaxTotal, Unpriceable
from sales.pricing.lines import (
    add_up,
    discount_percent_of,
    marked_down,
    price,
    price_line,
    quantity_of_label,
)
from sales.pricing.returns import return_line, return_share
from sales.pricing.settlement import Kept, Settlement, Tendered, settle

__all__ = [
    "Ask",
    "Bill",
    "Kept",
    "PricedLine",
    "Settlement",
    "TaxPart",
    "TaxTotal",
    "Tendered",
    "Unpriceable",
    "add_up",
    "discount_percent_of",
    "marked_down",
    "price",
    "price_line",
    "quantity_of_label",
    "return_line",
    "return_share",
    "settle",
]
