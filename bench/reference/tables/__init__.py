"""The shop's tables as SQLAlchemy sees them, written by hand: only what the stack needs."""

from bench.reference.tables.declared import Base
from bench.reference.tables.inventory import (
    Barcode,
    Price,
    Product,
    StockHold,
    StockLevel,
    StockMove,
    TaxPercent,
    TaxRate,
)
from bench.reference.tables.journal import JournalHead, JournalRecord
from bench.reference.tables.people import (
    RefreshToken,
    SignIn,
    Store,
    StoreRules,
    User,
    UserSession,
)
from bench.reference.tables.sales import (
    CashMove,
    Payment,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
)
from bench.reference.tables.sums import ProductDay, RegisterDay, ShiftTender, ShiftTotals
from bench.reference.tables.till import Cart, CartLine, CartStep, Register, Shift, Tender

__all__ = [
    "Barcode",
    "Base",
    "Cart",
    "CartLine",
    "CartStep",
    "CashMove",
    "JournalHead",
    "JournalRecord",
    "Payment",
    "Price",
    "Product",
    "ProductDay",
    "RefreshToken",
    "Register",
    "RegisterDay",
    "ReturnedQuantity",
    "Sale",
    "SaleAttempt",
    "SaleLine",
    "Shift",
    "ShiftTender",
    "ShiftTotals",
    "SignIn",
    "StockHold",
    "StockLevel",
    "StockMove",
    "Store",
    "StoreRules",
    "TaxPercent",
    "TaxRate",
    "Tender",
    "User",
    "UserSession",
]
