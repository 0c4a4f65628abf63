"""What templates say of money, quantities and pictures, in the reader's language."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils.translation import override

from regalpos.icons import ICONS
from regalpos.templatetags import shop

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
IPAD = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari"


def render(text: str, **facts: object) -> str:
    return Template("{% load shop %}" + text).render(Context(facts))


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "€1,234.50"), ("de", "1.234,50\N{NO-BREAK SPACE}€")],
)
def test_an_amount_alone_is_written_as_the_reader_writes_it(language: str, said: str) -> None:
    with override(language):
        assert shop.money(Decimal("1234.5"), "EUR") == said


def test_an_amount_in_a_column_has_its_currencys_digits_and_no_sign() -> None:
    with override("en"):
        assert shop.amount(Decimal("9.5"), "EUR") == "9.50"
        assert shop.amount(Decimal("950"), "JPY") == "950"
        assert shop.amount(Decimal("9.5"), "KWD") == "9.500"


def test_a_minus_is_as_wide_as_a_plus() -> None:
    with override("en"):
        assert shop.money(Decimal("-9.50"), "EUR") == "−€9.50"
        assert shop.amount(Decimal("-9.50"), "EUR") == "−9.50"
        assert shop.quantity(Decimal("-1")) == "−1"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("3.000", "", "3"),
        ("3.000", "each", "3"),
        ("12.460", "kg", "12.46\N{NO-BREAK SPACE}kg"),
        ("0.005", "kg", "0.005\N{NO-BREAK SPACE}kg"),
        ("1200", "m", "1,200\N{NO-BREAK SPACE}m"),
    ],
)
def test_a_quantity_has_no_zeros_that_say_nothing(value: str, unit: str, said: str) -> None:
    with override("en"):
        assert shop.quantity(Decimal(value), unit) == said


def test_a_quantity_follows_the_readers_decimal_sign() -> None:
    with override("de"):
        assert shop.quantity(Decimal("0.640"), "kg") == "0,64\N{NO-BREAK SPACE}kg"


@pytest.mark.parametrize(("change", "said"), [("12", "+12"), ("-3.000", "−3"), ("0.000", "0")])
def test_a_change_says_its_direction(change: str, said: str) -> None:
    with override("en"):
        assert shop.signed(Decimal(change)) == said


@pytest.mark.parametrize(
    ("rate", "said"), [("0.23", "23%"), ("0.08875", "8.875%"), ("0.000", "0%")]
)
def test_a_rate_is_said_in_percent(rate: str, said: str) -> None:
    with override("en"):
        assert shop.percent(Decimal(rate)) == said


@pytest.mark.parametrize(
    "written",
    [
        lambda: shop.money(None, "EUR"),
        lambda: shop.amount(None, "EUR"),
        lambda: shop.quantity(None, "kg"),
        lambda: shop.signed(None),
        lambda: shop.percent(None),
    ],
)
def test_what_is_not_known_is_not_written(written: Callable[[], str]) -> None:
    assert written() == ""


def test_a_picture_is_unseen_by_a_screen_reader() -> None:
    assert render('{% icon "minus" %}') == (
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12h14"/></svg>'
    )


def test_a_picture_that_points_turns_with_the_way_of_reading() -> None:
    assert 'class="icon icon-way"' in render('{% icon "back" %}')


def test_a_picture_that_was_never_drawn_is_an_error() -> None:
    with pytest.raises(KeyError):
        render('{% icon "unicorn" %}')


@pytest.mark.parametrize("name", sorted(ICONS))
def test_every_picture_takes_its_colour_from_the_words_beside_it(name: str) -> None:
    assert "fill" not in ICONS[name]
    assert "stroke" not in ICONS[name]


class Shelf(forms.Form):
    name = forms.CharField(
        label="Name", widget=forms.TextInput({"placeholder": "Name", "autocomplete": "off"})
    )
    code = forms.CharField(label="Code", widget=forms.TextInput({"placeholder": "A1"}))
    active = forms.BooleanField(label="Active", required=False)


def test_a_control_has_the_shops_look_and_keeps_its_own_attributes() -> None:
    form = Shelf()
    assert 'class="input"' in shop.control(form["name"])
    assert 'autocomplete="off"' in shop.control(form["name"])
    assert 'class="check"' in shop.control(form["active"])


def test_a_placeholder_that_repeats_the_label_is_left_out() -> None:
    form = Shelf()
    assert "placeholder" not in shop.control(form["name"])
    assert 'placeholder="A1"' in shop.control(form["code"])


def test_a_refused_field_says_why_in_place_of_its_hint() -> None:
    form = Shelf({"name": "", "code": "A1"})
    said = render('{% include "_field.html" %}', field=form["name"])
    assert 'id="id_name_error"' in said
    assert 'aria-invalid="true"' in said
    assert 'aria-describedby="id_name_error"' in said


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (FIREFOX, "Firefox, Windows"),
        (EDGE, "Edge, Windows"),
        (IPAD, "Safari, iPad"),
        ("curl/8.5.0", "curl/8.5.0"),
    ],
)
def test_a_session_is_known_by_its_browser(user_agent: str, said: str) -> None:
    assert shop.browser(user_agent) == said
