"""From the rows of a posted sale to its receipt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sales.models import Payment, Sale, SaleLine
from sales.pricing import TaxPart
from sales.receipts.bars import code128
from sales.receipts.receipt import Receipt, ReceiptLine, ReceiptTax, ReceiptTender, TaxShare
from sales.sealing import seal_mark

type Rate = tuple[str, Decimal]  # a tax code and its percent on the day

NOTHING = Decimal(0)
HUNDRED = Decimal(100)


def make_receipt(
    sale: Sale, lines: Sequence[SaleLine], payments: Sequence[Payment], record_hash: str = ""
) -> Receipt:
    """The receipt of a sale whose store, register and cashier are loaded.

    Lines come with the sale of what they return, payments with their tender. `record_hash` is the
    journal record's; without one the receipt carries no seal. Reads nothing.
    """
    store = sale.store
    letters = _letters(lines)
    return Receipt(
        id=sale.pk,
        number=sale.receipt_number,
        is_return=sale.kind == Sale.Kind.RETURN,
        language=store.language,
        currency=sale.currency,
        inclusive=sale.prices_include_tax,
        store=store.name,
        address=_rows(store.address),
        tax_number=store.tax_number,
        header=_rows(store.receipt_header),
        footer=_rows(store.receipt_footer),
        till=sale.register.name,
        cashier=sale.cashier.get_short_name(),
        at=store_clock(sale.occurred_at, store.time_zone),
        lines=tuple(_line(line, sale, letters) for line in lines),
        net=sale.net,
        tax=sale.tax,
        total=sale.total,
        rounding=sale.rounding,
        payable=sale.payable,
        tenders=tuple(
            ReceiptTender(row.tender.name, row.last4, row.handed_over) for row in payments
        ),
        change=sum((row.change for row in payments), NOTHING),
        taxes=tuple(_tax(rate, letters[rate], lines) for rate in letters),
        bars=code128(sale.receipt_number),
        seal=seal_mark(record_hash) if record_hash else "",
    )


def store_clock(at: datetime, time_zone: str) -> datetime:
    """What the clock on the shop's wall said, without a zone."""
    return at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def _rows(text: str) -> tuple[str, ...]:
    return tuple(row.strip() for row in text.splitlines() if row.strip())


def _letters(lines: Iterable[SaleLine]) -> dict[Rate, str]:
    """What marks each rate: the shop's own tax code, numbered where its percent has changed.

    A line that comes back keeps the percent of the day it was bought, so one code can stand for
    two rates on one receipt.
    """
    rates = sorted({_rate(line) for line in lines})
    codes = [code for code, _percent in rates]
    return {
        (code, percent): code if codes.count(code) == 1 else f"{code}{codes[:at].count(code) + 1}"
        for at, (code, percent) in enumerate(rates)
    }


def _rate(line: SaleLine) -> Rate:
    return line.tax_code, line.tax_percent


def _line(line: SaleLine, sale: Sale, letters: Mapping[Rate, str]) -> ReceiptLine:
    quantity = abs(line.quantity)
    each = line.unit_price if line.price_basis == SaleLine.Basis.UNIT else None
    origin = line.returns
    return ReceiptLine(
        name=line.description,
        quantity=quantity,
        unit=line.unit,
        by_piece=line.by_piece,
        unit_price=None if line.by_piece and quantity == 1 else each,
        amount=(line.total if sale.prices_include_tax else line.net) + line.discount,
        discount=-line.discount,
        letter=letters[_rate(line)],
        returned=line.quantity < 0,
        returned_from=origin.sale.receipt_number if origin else "",
    )


def _tax(rate: Rate, letter: str, lines: Iterable[SaleLine]) -> ReceiptTax:
    taxed = [line for line in lines if _rate(line) == rate]
    return ReceiptTax(
        letter=letter,
        rate=rate[1] / HUNDRED,
        net=sum((line.net for line in taxed), NOTHING),
        tax=sum((line.tax for line in taxed), NOTHING),
        gross=sum((line.total for line in taxed), NOTHING),
        parts=_parts(taxed),
    )


def _parts(taxed: Iterable[SaleLine]) -> tuple[TaxShare, ...]:
    """What each of a rate's taxes came to; nothing where the rate is one tax."""
    sums: dict[tuple[str, Decimal], Decimal] = {}
    for line in taxed:
        for part in map(TaxPart.from_json, line.tax_parts):
            key = part.name, part.percent
            sums[key] = sums.get(key, NOTHING) + part.tax
    return tuple(TaxShare(name, percent / HUNDRED, tax) for (name, percent), tax in sums.items())
