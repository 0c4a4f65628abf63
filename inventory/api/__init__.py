"""The catalogue and the shelves, for programs."""

from inventory.api.products import products
from inventory.api.stock import stock

__all__ = ["products", "stock"]
