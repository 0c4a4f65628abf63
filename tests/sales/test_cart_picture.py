"""The cart's picture: lines are drawn once for as long as they say the same."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import translation

from regalpos import ids
from regalpos.money import format_amount, format_money
from regalpos.templatetags import shop as said
from sales.services.cart import add_to_cart
from sales.services.cart_view import CartView, LineView, view_cart
from sales.templatetags import till
from sales.views.till import cart_context
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    made = make_shop()
    made.on_shift()
    return made


@pytest.fixture
def cart(shop: Shop) -> UUID:
    cart = shop.cart()
    shop.stock("Rye sourdough", "0")
    for code in ("OM-1", "RS-1", "15390012340105", "2200417001951", "TM-1", "BC-1", "OB-1"):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor(), code=code)
    board = shop.product("Oak board")
    board.active = False
    board.save()
    return cart


def picture(view: CartView) -> str:
    return render_to_string("sales/_cart.html", cart_context(view))


@pytest.mark.parametrize("language", ["en", "de", "ur"])
def test_a_kept_line_looks_as_if_it_were_drawn_anew(shop: Shop, cart: UUID, language: str) -> None:
    view = view_cart(cart_id=cart, actor=shop.actor())
    assert {bool(line.problem) for line in view.lines} == {True, False}
    with translation.override(language):
        till._cart_line.cache_clear()
        first, second = picture(view), picture(view)
        assert till._cart_line.cache_info().hits == len(view.lines)
        with override_settings(DEBUG=True):
            anew = picture(view)
    assert first == second == anew
    assert f'data-url="/till/{cart}/lines/7/"' in first


def test_every_reader_is_spoken_to_in_their_language(shop: Shop, cart: UUID) -> None:
    view = view_cart(cart_id=cart, actor=shop.actor())
    with translation.override("en"):
        assert '<span class="num">2.35</span> each' in picture(view)
    with translation.override("de"):
        assert '<span class="num">2,35</span>' in picture(view)


def test_a_line_that_says_something_new_is_drawn_anew(shop: Shop, cart: UUID) -> None:
    view = view_cart(cart_id=cart, actor=shop.actor())
    picture(view)
    line = view.lines[0]
    news: tuple[tuple[str, Any, str], ...] = (
        ("name", "Oat <b>drink</b>", "Oat &lt;b&gt;drink&lt;/b&gt;"),
        ("amount", Decimal("9.99"), ">9.99<"),
        ("count", Decimal(77), ">77<"),
        ("warning", "Mind the step", "Mind the step"),
        ("left", Decimal(3), 'data-left="3"'),
    )
    for field, value, seen in news:
        changed = replace(line, **{field: value})
        assert seen in picture(replace(view, lines=(changed,)))
        assert isinstance(hash(changed), int)
    assert picture(replace(view, lines=(line,))).count("Oat milk 1 l") == 2


def test_what_a_line_is_made_of_can_all_be_told_apart(shop: Shop, cart: UUID) -> None:
    """Every field takes part in the comparison that decides whether a line is drawn anew."""
    view = view_cart(cart_id=cart, actor=shop.actor())
    params = LineView.__dataclass_params__  # type: ignore[attr-defined]
    assert params.eq
    assert params.frozen
    assert all(field.compare for field in LineView.__dataclass_fields__.values())
    assert len(set(view.lines)) == len(view.lines)


def test_a_figure_is_kept_by_its_value_alone() -> None:
    assert format_money(Decimal("2"), "EUR", "en") == format_money(Decimal("2.000"), "EUR", "en")
    assert format_amount(Decimal("-0.00"), "EUR", "en") == "0.00"
    assert format_amount(Decimal("0.00"), "EUR", "en") == "0.00"
    assert format_amount(Decimal("2"), "KWD", "en") == "2.000"
    assert format_amount(Decimal("2"), "EUR", "de") == "2,00"
    assert said.quantity(Decimal("-0.000")) == said.quantity(Decimal(0)) == "0"
    assert said.quantity(3) == said.quantity(Decimal("3.000")) == "3"
