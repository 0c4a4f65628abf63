"""Selling, for programs: the same services as the till, the same refusals, the same journal."""

from sales.api import quotes, registers, sales, shifts

__all__ = ["quotes", "registers", "sales", "shifts"]
