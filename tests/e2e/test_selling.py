"""Selling, as it is done all day: by scanner, by touch, by keyboard."""

from tests.e2e.shop import BOARD, BREAD, CANDLE, CODES, MILK, Shop
from tests.e2e.till_page import TillPage


def test_three_scans_and_two_keystrokes_are_a_cash_sale(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[MILK], CODES[BREAD], CODES[CANDLE])
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00")

    till.press("F9", "Enter")

    till.is_sold()
    till.empty()
    assert shop.lines() == ["1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12"]
    assert shop.payments() == ["cash 19.30 back 0"]
