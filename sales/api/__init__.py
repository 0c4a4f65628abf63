"""Selling, for programs: the same services as the till, the same refusals, the same journal."""

from sales.api.quotes import quotes
from sales.api.registers import registers
from sales.api.sales import sales
from sales.api.shifts import shifts

__all__ = ["quotes", "registers", "sales", "shifts"]
