"""The catalogue and the shelves, for programs."""

from inventory.api import products, stock

__all__ = ["products", "stock"]
