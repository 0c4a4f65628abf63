"""The load generator asks for what a till would, and knows a whole answer from half of one."""

import json
import random

import pytest

from bench.load import Order, Shelf, sales, scans, whole

GOODS = [(f"product-{n}", f"code-{n}", 100 + n) for n in range(40)]


def order(work: str, **more: object) -> Order:
    return Order(port=1, work=work, clients=[], goods=GOODS, **more)  # type: ignore[arg-type]


def shelf(of: Order, seed: int = 1) -> Shelf:
    return Shelf(of, random.Random(seed))


def test_a_basket_is_five_different_products_paid_exactly() -> None:
    asked = order("checkout")
    [head, body] = next(sales(asked, {"register": "r", "token": "t"}, shelf(asked))).split(
        b"\r\n\r\n"
    )
    sent = json.loads(body)
    prices = {product: cents for product, _code, cents in GOODS}
    due = sum(prices[line["product"]] * int(line["quantity"]) for line in sent["lines"])
    assert len({line["product"] for line in sent["lines"]}) == 5
    assert sent["shown_total"] == sent["payments"][0]["amount"] == f"{due / 100:.2f}"
    assert head.startswith(b"PUT /api/v1/sales/")
    assert f"Content-Length: {len(body)}".encode() in head


def test_the_same_seed_is_the_same_baskets_under_other_ids() -> None:
    asked, client = order("checkout"), {"register": "r", "token": "t"}
    one, other = (next(sales(asked, client, shelf(asked, seed=7))) for _ in range(2))
    assert one.split(b"\r\n", 1)[1] == other.split(b"\r\n", 1)[1]
    assert one != other


def test_ten_scans_go_into_a_cart_and_then_the_next() -> None:
    asked = order("scan")
    client = {"session": "s", "carts": ["one", "two"]}
    some = scans(asked, client, shelf(asked))
    carts = [next(some).split(b"/", 3)[2] for _ in range(21)]
    assert carts == [b"one"] * 10 + [b"two"] * 10 + [b"one"]


def test_by_zipf_the_first_product_is_wanted_far_more_often() -> None:
    drawn = shelf(order("checkout", zipf=True))
    taken = [one[0] for _ in range(400) for one in drawn.take(5)]
    assert taken.count("product-0") > 3 * taken.count("product-20")


@pytest.mark.parametrize("cut", [3, 40, -1])
def test_half_an_answer_is_none(cut: int) -> None:
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-More: 1\r\n\r\nhello"
    assert whole(bytearray(answer)) == (201, b"hello")
    assert whole(bytearray(answer[:cut])) is None


def test_an_answer_in_chunks_ends_with_an_empty_one() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert whole(bytearray(head + b"5\r\nhello\r\n")) is None
    assert whole(bytearray(head + b"5\r\nhello\r\n0\r\n\r\n")) is not None
