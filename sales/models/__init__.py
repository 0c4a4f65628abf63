"""What we sell: registers, shifts, carts, sales and the journal."""

from sales.models.cart import Cart, CartLine, CartStep
from sales.models.journal import JournalHead, JournalRecord
from sales.models.register import Favourite, Register, Tender
from sales.models.rollup import ProductDay, RegisterDay
from sales.models.sale import (
    Payment,
    Quote,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
)
from sales.models.shift import CashMove, DrawerOpening, Shift, ShiftTender, ShiftTotals

__all__ = [
    "Cart",
    "CartLine",
    "CartStep",
    "CashMove",
    "DrawerOpening",
    "Favourite",
    "JournalHead",
    "JournalRecord",
    "Payment",
    "ProductDay",
    "Quote",
    "Register",
    "RegisterDay",
    "ReturnedQuantity",
    "Sale",
    "SaleAttempt",
    "SaleLine",
    "Shift",
    "ShiftTender",
    "ShiftTotals",
    "Tender",
]
