"""The receipt: what a posted sale says on paper and on screen. Pure: loaded rows in, words out."""

from sales.receipts.bars import Bars, code128
from sales.receipts.making import make_receipt
from sales.receipts.receipt import Receipt, ReceiptLine, ReceiptTax, ReceiptTender, TaxShare

__all__ = [
    "Bars",
    "Receipt",
    "ReceiptLine",
    "ReceiptTax",
    "ReceiptTender",
    "TaxShare",
    "code128",
    "make_receipt",
]
