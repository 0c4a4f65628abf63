"""What we hold: the catalogue, its prices and its stock."""

from inventory.models.pricing import Price
from inventory.models.product import (
    Barcode,
    Brand,
    Category,
    Product,
    TaxPercent,
    TaxRate,
)
from inventory.models.stock import LotLevel, StockHold, StockLevel, StockMove, StockRule

__all__ = [
    "Barcode",
    "Brand",
    "Category",
    "LotLevel",
    "Price",
    "Product",
    "StockHold",
    "StockLevel",
    "StockMove",
    "StockRule",
    "TaxPercent",
    "TaxRate",
]
