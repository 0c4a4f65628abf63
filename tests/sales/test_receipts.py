"""Receipts: what stands on them, who finds which, and how they page."""

import re
from decimal import Decimal
from uuid import UUID

import pytest
import zxingcpp
from django.test import Client
from pytest_django import Settings

from people.models import User
from regalpos import ids
from sales.forms import parse_sale
from sales.models import JournalRecord, Sale
from sales.receipts import Receipt, code128
from sales.reports.receipts import read_receipt
from sales.sealing import seal_mark
from sales.services.checkout import check_out
from sales.services.shifts import close_shift
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


def at(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def sell(
    shop: Shop, *wanted: tuple[str, str], total: str, cash: str = "", user: User | None = None,
    till: object = None, **line: object,
) -> UUID:  # fmt: skip
    """A posted sale of these products, paid in cash."""
    register = till or shop.till
    raw = {
        "register": str(register.pk),  # type: ignore[attr-defined]
        "lines": [
            {"product": str(shop.product(name).pk), "quantity": quantity, **line}
            for name, quantity in wanted
        ],
        "payments": [{"tender": "cash", "amount": cash or total}],
        "shown_total": total,
    }
    answer = check_out(
        sale_id=ids.new(), body=parse_sale(raw), actor=shop.actor(user), source="till"
    )
    assert answer.state == "posted", answer.content
    return UUID(answer.content["id"])


def receipt_of(shop: Shop, sale_id: UUID) -> Receipt:
    return read_receipt(sale_id, shop.actor())


# ---- what stands on it --------------------------------------------------------------------------


def test_a_receipt_says_what_was_bought_and_how_it_was_paid(shop: Shop) -> None:
    shop.on_shift()
    sale_id = sell(shop, ("Oat milk 1 l", "2"), ("Rye sourdough", "1"), total="9.65", cash="20.00")
    receipt = receipt_of(shop, sale_id)
    assert receipt.number == "HS-1-1-000001"
    assert (receipt.store, receipt.address, receipt.till) == (
        "Harbour Street",
        ("1 Quay",),
        "Till 1",
    )
    assert receipt.cashier == "Ana"
    milk, bread = receipt.lines
    assert (milk.name, milk.quantity, milk.unit_price) == ("Oat milk 1 l", D(2), D("2.35"))
    assert (milk.amount, milk.discount, milk.letter) == (D("4.70"), D(0), "B")
    assert (bread.quantity, bread.unit_price, bread.amount) == (D(1), None, D("4.95"))
    assert [(row.letter, row.rate, row.net, row.tax, row.gross) for row in receipt.taxes] == [
        ("A", D("0"), D("4.95"), D("0.00"), D("4.95")),
        ("B", D("0.23"), D("3.82"), D("0.88"), D("4.70")),
    ]
    assert [(row.name, row.handed_over) for row in receipt.tenders] == [("Cash", D("20.00"))]
    assert (receipt.total, receipt.change, receipt.paid_back) == (D("9.65"), D("10.35"), None)


def test_a_receipt_carries_the_mark_of_its_journal_record(shop: Shop) -> None:
    shop.on_shift()
    sale_id = sell(shop, ("Rye sourdough", "1"), total="4.95")
    record = JournalRecord.objects.get(business_id=sale_id)
    assert receipt_of(shop, sale_id).seal == seal_mark(record.hash)


def test_a_receipt_tells_the_time_of_its_own_store(shop: Shop) -> None:
    shop.store.time_zone = "Asia/Karachi"
    shop.store.save()
    shop.on_shift()
    sale_id = sell(shop, ("Rye sourdough", "1"), total="4.95")
    at = Sale.objects.get(pk=sale_id).occurred_at
    told = receipt_of(shop, sale_id).at
    assert told.tzinfo is None
    assert (told - at.replace(tzinfo=None)).total_seconds() == 5 * 3600


def test_weighed_goods_show_weight_and_price(shop: Shop) -> None:
    shop.on_shift()
    sale_id = sell(shop, ("Tomatoes on the vine", "0.640"), total="2.50")
    line = receipt_of(shop, sale_id).lines[0]
    assert (line.by_piece, line.quantity, line.unit_price) == (False, D("0.640"), D("3.90"))
    page = at(shop.cashier).get(f"/till/receipts/{sale_id}/").content.decode()
    assert "0.64\N{NO-BREAK SPACE}kg × 3.90" in page


def test_a_discount_stands_on_a_row_of_its_own(shop: Shop) -> None:
    shop.on_shift(user=shop.manager)
    limits = {"manager": "50"}
    shop.store.rules.create(
        version=2, valid_from="2021-01-01T00:00Z", prices_include_tax=True, discount_limits=limits
    )
    cut = {"percent": "10", "reason": "scratched"}
    sale_id = sell(shop, ("Oak board", "1"), total="30.60", user=shop.manager, discount=cut)
    line = receipt_of(shop, sale_id).lines[0]
    assert (line.amount, line.discount) == (D("34.00"), D("-3.40"))


def test_where_prices_go_without_tax_the_lines_do_too(shop: Shop) -> None:
    shop.on_shift(shop.far_till, shop.stranger)
    sale_id = sell(
        shop, ("Oat milk 1 l", "2"), total="5.78", user=shop.stranger, till=shop.far_till
    )
    receipt = read_receipt(sale_id, shop.actor(shop.stranger))
    assert receipt.inclusive is False
    assert (receipt.lines[0].amount, receipt.net, receipt.tax) == (D("4.70"), D("4.70"), D("1.08"))
    page = at(shop.stranger).get(f"/till/receipts/{sale_id}/").content.decode()
    assert re.search(r"<td>Net</td><td[^>]*>4\.70</td>", page)


def test_the_bars_read_back_as_the_number() -> None:
    bars = code128("HS-2-1-004519")
    row = bytearray(b"\xff" * bars.width * 3)  # Three pixels a module, as a printer would.
    for x, wide in re.findall(r"M(\d+) 0h(\d+)v", bars.path):
        row[int(x) * 3 : (int(x) + int(wide)) * 3] = b"\x00" * int(wide) * 3
    pixels = bytes(row) * bars.height
    image = zxingcpp.ImageView(pixels, len(row), bars.height, zxingcpp.ImageFormat.Lum)
    assert [found.text for found in zxingcpp.read_barcodes(image)] == ["HS-2-1-004519"]
    assert bars.path.startswith("M10 0h")  # The quiet zone that a scanner needs.


def test_a_receipt_speaks_the_language_of_its_store(shop: Shop) -> None:
    shop.store.language = "de"
    shop.store.save()
    shop.on_shift()
    sale_id = sell(shop, ("Rye sourdough", "1"), total="4.95")
    page = at(shop.cashier).get(f"/till/receipts/{sale_id}/").content.decode()
    assert re.search(r'<article class="paper" lang="de" dir="ltr"', page)
    assert "4,95" in page.split("<article")[1].split("</article>")[0]
    assert "4.95" in page.split("</article>")[1]


# ---- who finds which ----------------------------------------------------------------------------


def numbers(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/till/receipts/{query}").content.decode()
    return re.findall(r'<b class="num">([^<]+)</b>', page)


def test_a_cashier_leafs_through_their_own_shift_only(shop: Shop) -> None:
    first = shop.on_shift()
    sell(shop, ("Rye sourdough", "1"), total="4.95")
    close_shift(shift_id=first, counted=D("104.95"), reason="", actor=shop.actor())
    shop.on_shift()
    sell(shop, ("Rye sourdough", "1"), total="4.95")
    shop.on_shift(shop.till2, shop.colleague)
    sell(shop, ("Rye sourdough", "1"), total="4.95", user=shop.colleague, till=shop.till2)
    assert numbers(at(shop.cashier)) == ["HS-1-1-000002"]
    assert numbers(at(shop.colleague)) == ["HS-2-1-000001"]
    assert len(numbers(at(shop.manager))) == 3
    assert numbers(at(shop.stranger)) == []


def test_a_whole_number_leads_to_its_receipt_from_any_till_of_the_store(shop: Shop) -> None:
    shop.on_shift()
    sale_id = sell(shop, ("Rye sourdough", "1"), total="4.95")
    for number in ("HS-1-1-000001", " hs-1-1-000001 "):
        answer = at(shop.colleague).get("/till/receipts/", {"number": number})
        assert (answer.status_code, answer["Location"]) == (302, f"/till/receipts/{sale_id}/")
    found = at(shop.stranger).get("/till/receipts/", {"number": "HS-1-1-000001"})
    assert found.status_code == 200
    assert "No receipt HS-1-1-000001 here" in found.content.decode()


def test_the_end_of_a_number_narrows_the_list(shop: Shop) -> None:
    shop.on_shift()
    for _ in range(3):
        sell(shop, ("Rye sourdough", "1"), total="4.95")
    assert numbers(at(shop.cashier), "?number=2") == ["HS-1-1-000002"]
    assert numbers(at(shop.cashier), "?number=%27; --") == []
    assert numbers(at(shop.cashier), "?number=99999999999999999999") == []


def test_a_receipt_of_another_store_is_not_here(shop: Shop) -> None:
    shop.on_shift()
    sale_id = sell(shop, ("Rye sourdough", "1"), total="4.95")
    assert at(shop.stranger).get(f"/till/receipts/{sale_id}/").status_code == 404
    assert at(shop.employee).get(f"/till/receipts/{sale_id}/").status_code == 403
    assert at(shop.cashier).get(f"/till/receipts/{ids.new()}/").status_code == 404


def test_receipts_page_both_ways_without_losing_one(shop: Shop, settings: Settings) -> None:
    settings.PAGE_SIZE = 2
    shop.on_shift()
    for _ in range(5):
        sell(shop, ("Rye sourdough", "1"), total="4.95")
    ana, seen, query = at(shop.cashier), [], ""
    while True:
        page = ana.get(f"/till/receipts/{query}").content.decode()
        seen.append([row[-1] for row in re.findall(r'<b class="num">([^<]+)</b>', page)])
        found = re.search(r'href="/till/receipts/(\?before=[^"]+)"', page)
        if not found:
            break
        query = found[1]
    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    back = re.search(r'href="/till/receipts/(\?after=[^"]+)"', page)
    assert back
    assert [number[-1] for number in numbers(ana, back[1])] == ["3", "2"]


def test_a_receipt_asks_to_be_printed_only_when_told(shop: Shop) -> None:
    shop.on_shift()
    sale_id = sell(shop, ("Rye sourdough", "1"), total="4.95")
    ana = at(shop.cashier)
    assert "data-print" not in ana.get(f"/till/receipts/{sale_id}/").content.decode()
    assert "data-print" in ana.get(f"/till/receipts/{sale_id}/?print=1").content.decode()
