"""What goes into a cart and out of it."""

from decimal import Decimal
from uuid import UUID

import pytest

from inventory.services.stock import OutOfStock
from regalpos import ids
from regalpos.errors import Invalid, NotHere, Refusal
from sales.models import Cart, CartLine, CartStep, Favourite
from sales.services.cart import (
    CartFull,
    NothingToUndo,
    add_to_cart,
    remove_line,
    set_quantity,
    undo_step,
)
from sales.services.cart_gate import (
    CartElsewhere,
    CartFrozen,
    CartParked,
    DrawerOfAnother,
    StepOfAnother,
)
from sales.services.cart_items import BrokenScan, read_count
from sales.services.cart_states import (
    FinishFirst,
    NothingToPark,
    NothingToPay,
    freeze_cart,
    open_cart,
    park_cart,
    recall_cart,
)
from sales.services.cart_view import CartView, view_cart
from sales.services.priced import NoPrice, UnknownProduct
from sales.services.shifts import ShiftClosed, close_shift
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


@pytest.fixture
def cart(shop: Shop) -> UUID:
    shop.on_shift()
    return shop.cart()


def scan(shop: Shop, cart: UUID, code: str, count: str = "1", **facts: object) -> CartView:
    return add_to_cart(
        step_id=ids.new(),
        cart_id=cart,
        actor=shop.actor(),
        code=code,
        count=Decimal(count),
        **facts,  # type: ignore[arg-type]
    )


def lines(view: CartView) -> list[tuple[str, str, str]]:
    return [(line.name, f"{line.count:f}", f"{line.amount:f}") for line in view.lines]


def refused(shop: Shop, cart: UUID, code: str, count: str = "1", **facts: object) -> Refusal:
    """The refusal, once it is sure that it left the cart as it was."""
    before = (list(CartLine.objects.values()), CartStep.objects.count())
    with pytest.raises(Refusal) as caught:
        scan(shop, cart, code, count, **facts)
    assert (list(CartLine.objects.values()), CartStep.objects.count()) == before
    return caught.value


def test_a_scan_adds_a_line_with_the_shops_price(shop: Shop, cart: UUID) -> None:
    view = scan(shop, cart, "5390012340108")
    assert lines(view) == [("Oat milk 1 l", "1.000", "2.35")]
    assert view.bill.total == Decimal("2.35")
    assert view.bill.tax == Decimal("0.44")


def test_a_second_scan_adds_to_its_line(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "5390012340108")
    scan(shop, cart, "5390012340115")
    view = scan(shop, cart, "5390012340108", "2")
    assert lines(view) == [("Oat milk 1 l", "3.000", "7.05"), ("Rye sourdough", "1.000", "4.95")]
    assert view.notice_line == 1


def test_a_step_sent_twice_adds_once_and_answers_the_same(shop: Shop, cart: UUID) -> None:
    step, actor = ids.new(), shop.actor()
    first, second = (
        add_to_cart(step_id=step, cart_id=cart, actor=actor, code="5390012340108")
        for _time in range(2)
    )
    assert first == second
    assert CartStep.objects.count() == 1


def test_a_step_id_of_another_cart_is_refused(shop: Shop, cart: UUID) -> None:
    step = ids.new()
    add_to_cart(step_id=step, cart_id=cart, actor=shop.actor(), code="5390012340108")
    shop.on_shift(shop.till2, shop.colleague)
    other, actor = shop.cart(shop.till2, shop.colleague), shop.actor(shop.colleague)
    with pytest.raises(StepOfAnother):
        add_to_cart(step_id=step, cart_id=other, actor=actor, code="5390012340108")
    assert not CartLine.objects.filter(cart_id=other).exists()


@pytest.mark.parametrize("code", ["OB-1", "5390012340122", " 5390012340122\x00\r"])
def test_a_sku_and_a_barcode_with_signs_around_it_find_the_same(
    shop: Shop, cart: UUID, code: str
) -> None:
    assert lines(scan(shop, cart, code)) == [("Oak board", "1.000", "34.00")]


def test_the_number_of_a_tile_adds_its_product(shop: Shop, cart: UUID) -> None:
    assert lines(scan(shop, cart, "13")) == [("Rye sourdough", "1.000", "4.95")]


def test_a_tile_of_another_store_is_unknown_here(shop: Shop, cart: UUID) -> None:
    Favourite.objects.create(store=shop.other, number=14, product=shop.product("Oak board"))
    assert isinstance(refused(shop, cart, "14"), UnknownProduct)


def test_a_case_with_its_own_price_is_a_line_of_cases(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "15390012340105")
    view = scan(shop, cart, "15390012340105")
    assert lines(view) == [("Oat milk 1 l", "2.000", "24.00")]
    assert view.lines[0].quantity == 12


def test_a_case_without_a_price_is_so_many_pieces(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "5390012340108")
    assert lines(scan(shop, cart, "MILK-6")) == [("Oat milk 1 l", "7.000", "16.45")]


def test_a_label_of_the_scale_says_how_much(shop: Shop, cart: UUID) -> None:
    view = scan(shop, cart, "2100417006409")
    assert lines(view) == [("Tomatoes on the vine", "1.000", "2.50")]
    assert view.lines[0].quantity == Decimal("0.640")


def test_a_label_with_a_price_costs_that_price(shop: Shop, cart: UUID) -> None:
    view = scan(shop, cart, "2200417001951")
    assert view.bill.total == Decimal("1.95")
    assert view.lines[0].quantity == Decimal("0.500")


@pytest.mark.parametrize("code", ["5012345678900", "5390012340146", "\x00\x07", ""])
def test_what_is_unknown_inactive_or_empty_is_not_in_the_catalogue(
    shop: Shop, cart: UUID, code: str
) -> None:
    assert isinstance(refused(shop, cart, code), UnknownProduct)


def test_the_stump_of_a_scan_is_told_from_an_unknown_code(shop: Shop, cart: UUID) -> None:
    refusal = refused(shop, cart, "53900", scanned=True)
    assert isinstance(refusal, BrokenScan)
    assert str(refusal.message) == "Broken scan, 5 of 13 digits. Scan again."


def test_a_product_without_a_price_is_refused(shop: Shop, cart: UUID) -> None:
    assert isinstance(refused(shop, cart, "UV-1"), NoPrice)


@pytest.mark.parametrize("count", ["0", "-1", "1000000000000", "0.5", "1.0001"])
def test_counts_that_cannot_be_meant_are_refused(shop: Shop, cart: UUID, count: str) -> None:
    refusal = refused(shop, cart, "5390012340108", count)
    assert isinstance(refusal, Invalid)
    assert list(refusal.fields) == ["quantity"]


@pytest.mark.parametrize("text", ["", "six", "1e3", "NaN", "1,2,3", "9" * 40, "-"])
def test_what_is_no_number_is_no_count(text: str) -> None:
    with pytest.raises(Invalid):
        read_count(text)


def test_a_comma_counts_as_a_point() -> None:
    assert read_count(" 0,5 ") == Decimal("0.5")


def test_what_is_sold_by_weight_takes_decimals(shop: Shop, cart: UUID) -> None:
    assert scan(shop, cart, "TM-1", "0.64").bill.total == Decimal("2.50")


def test_a_sale_holds_so_many_lines_and_no_more(
    shop: Shop, cart: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sales.services.cart.MOST_LINES", 1)
    scan(shop, cart, "5390012340108")
    assert isinstance(refused(shop, cart, "5390012340115"), CartFull)
    assert lines(scan(shop, cart, "5390012340108")) == [("Oat milk 1 l", "2.000", "4.70")]


def test_limited_goods_are_set_to_what_is_there(shop: Shop, cart: UUID) -> None:
    shop.stock("Beeswax candle", "2")
    shop.stock("Beeswax candle", "22", shop.other)
    view = scan(shop, cart, "5390012340139", "5")
    assert lines(view) == [("Beeswax candle", "2.000", "24.00")]
    assert view.notice == "Only 2 left here; the count is set to 2. 22 at Mill Lane."
    refusal = refused(shop, cart, "5390012340139")
    assert isinstance(refusal, OutOfStock)
    assert refusal.message.startswith("Only 2 left here, and all are in this sale.")


def test_limited_goods_that_are_gone_say_where_there_are_some(shop: Shop, cart: UUID) -> None:
    shop.stock("Beeswax candle", "0")
    shop.stock("Beeswax candle", "22", shop.other)
    refusal = refused(shop, cart, "5390012340139")
    assert refusal.message == "None left here. Nothing was added. 22 at Mill Lane."
    product = str(shop.product("Beeswax candle").pk)
    assert refusal.facts == {"products": [{"product": product, "on_hand": "0"}]}


def test_other_goods_are_only_warned_about(shop: Shop, cart: UUID) -> None:
    shop.stock("Rye sourdough", "1")
    view = scan(shop, cart, "13", "3")
    assert lines(view) == [("Rye sourdough", "3.000", "14.85")]
    assert view.lines[0].warning.startswith("The shelf should be empty.")


def test_a_line_is_counted_up_and_down(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "5390012340108")
    facts = {"cart_id": cart, "number": 1, "actor": shop.actor()}
    view = set_quantity(step_id=ids.new(), change=Decimal(2), **facts)  # type: ignore[arg-type]
    assert lines(view) == [("Oat milk 1 l", "3.000", "7.05")]
    view = set_quantity(step_id=ids.new(), count=Decimal(8), **facts)  # type: ignore[arg-type]
    assert lines(view) == [("Oat milk 1 l", "8.000", "18.80")]
    with pytest.raises(Invalid):
        set_quantity(step_id=ids.new(), change=Decimal(-8), **facts)  # type: ignore[arg-type]
    assert lines(view_cart(cart_id=cart, actor=shop.actor())) == lines(view)


def test_a_line_that_is_gone_cannot_be_counted(shop: Shop, cart: UUID) -> None:
    with pytest.raises(NotHere):
        set_quantity(
            step_id=ids.new(), cart_id=cart, number=1, count=Decimal(2), actor=shop.actor()
        )


def test_a_removed_line_comes_back_by_undo_in_its_place(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "15390012340105", "2")
    scan(shop, cart, "13")
    actor = shop.actor()
    view = remove_line(step_id=ids.new(), cart_id=cart, number=1, actor=actor)
    assert lines(view) == [("Rye sourdough", "1.000", "4.95")]
    view = undo_step(step_id=ids.new(), cart_id=cart, actor=actor)
    assert lines(view) == [("Oat milk 1 l", "2.000", "24.00"), ("Rye sourdough", "1.000", "4.95")]


def test_undo_goes_back_step_by_step_to_nothing(shop: Shop, cart: UUID) -> None:
    actor = shop.actor()
    scan(shop, cart, "13")
    scan(shop, cart, "13")
    set_quantity(step_id=ids.new(), cart_id=cart, number=1, count=Decimal(9), actor=actor)
    seen = []
    for _time in range(3):
        view = undo_step(step_id=ids.new(), cart_id=cart, actor=actor)
        seen.append([f"{line.count:f}" for line in view.lines])
    assert seen == [["2.000"], ["1.000"], []]
    assert not view.undoable
    with pytest.raises(NothingToUndo):
        undo_step(step_id=ids.new(), cart_id=cart, actor=actor)


def test_an_undo_sent_twice_undoes_once(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "13")
    scan(shop, cart, "13")
    step = ids.new()
    for _time in range(2):
        view = undo_step(step_id=step, cart_id=cart, actor=shop.actor())
    assert lines(view) == [("Rye sourdough", "1.000", "4.95")]


def test_a_line_number_is_never_given_twice(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "13")
    remove_line(step_id=ids.new(), cart_id=cart, number=1, actor=shop.actor())
    assert scan(shop, cart, "OB-1").lines[0].number == 2


def test_a_line_whose_product_was_switched_off_is_shown_with_the_reason(
    shop: Shop, cart: UUID
) -> None:
    scan(shop, cart, "OB-1")
    scan(shop, cart, "13")
    product = shop.product("Oak board")
    product.active = False
    product.save()
    view = view_cart(cart_id=cart, actor=shop.actor())
    assert [line.problem for line in view.lines] == [
        "It is not sold any more. Remove it to go on.",
        "",
    ]
    assert view.bill.total == Decimal("4.95")
    assert not view.ready


def test_where_tax_is_added_the_line_shows_its_net(shop: Shop) -> None:
    shop.on_shift(shop.far_till, shop.stranger)
    cart = shop.cart(shop.far_till, shop.stranger)
    view = add_to_cart(
        step_id=ids.new(), cart_id=cart, actor=shop.actor(shop.stranger), code="OM-1"
    )
    assert lines(view) == [("Oat milk 1 l", "1.000", "2.35")]
    assert view.bill.total == Decimal("2.89")


# ---- whose cart ---------------------------------------------------------------------------------


def test_a_cart_of_another_store_is_not_here(shop: Shop, cart: UUID) -> None:
    actor = shop.actor(shop.stranger)
    with pytest.raises(NotHere):
        view_cart(cart_id=cart, actor=actor)
    with pytest.raises(NotHere):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code="13")
    with pytest.raises(NotHere):
        open_cart(cart_id=ids.new(), register_id=shop.till.pk, actor=actor)


def test_a_cart_open_at_another_till_says_to_park_it_there(shop: Shop, cart: UUID) -> None:
    shop.on_shift(shop.till2, shop.colleague)
    with pytest.raises(CartElsewhere) as caught:
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor(shop.colleague), code="13")
    assert "Till 1" in caught.value.message


def test_a_drawer_of_somebody_else_is_not_shared_unless_the_store_says_so(
    shop: Shop, cart: UUID
) -> None:
    with pytest.raises(DrawerOfAnother):
        add_to_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor(shop.colleague), code="13")


def test_without_a_shift_nothing_goes_in(shop: Shop, cart: UUID) -> None:
    shift = Cart.objects.get(pk=cart).register.shifts.get()
    close_shift(shift_id=shift.pk, counted=Decimal("100.00"), reason="", actor=shop.actor())
    assert isinstance(refused(shop, cart, "13"), ShiftClosed)


def test_a_register_has_one_open_cart(shop: Shop, cart: UUID) -> None:
    assert open_cart(cart_id=ids.new(), register_id=shop.till.pk, actor=shop.actor()) == cart


# ---- parking ------------------------------------------------------------------------------------


def test_a_parked_sale_is_recalled_at_another_till(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "13")
    park_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor(), name="Blue  jacket\x00")
    assert Cart.objects.get(pk=cart).name == "Blue jacket"
    with pytest.raises(CartParked):
        scan(shop, cart, "13")
    shop.on_shift(shop.till2, shop.colleague)
    empty, actor = shop.cart(shop.till2, shop.colleague), shop.actor(shop.colleague)
    view = recall_cart(step_id=ids.new(), cart_id=cart, register_id=shop.till2.pk, actor=actor)
    assert lines(view) == [("Rye sourdough", "1.000", "4.95")]
    assert view.register_id == shop.till2.pk
    assert Cart.objects.get(pk=empty).state == Cart.State.ABANDONED


def test_a_sale_is_not_recalled_over_another(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "13")
    park_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor())
    scan(shop, shop.cart(), "OB-1")
    with pytest.raises(FinishFirst):
        recall_cart(step_id=ids.new(), cart_id=cart, register_id=shop.till.pk, actor=shop.actor())
    assert Cart.objects.get(pk=cart).state == Cart.State.PARKED


def test_an_empty_sale_is_not_parked(shop: Shop, cart: UUID) -> None:
    with pytest.raises(NothingToPark):
        park_cart(step_id=ids.new(), cart_id=cart, actor=shop.actor())


# ---- freezing -----------------------------------------------------------------------------------

CASH = [{"tender": "cash", "amount": "5.00"}]


def test_a_frozen_cart_stands_still_until_the_outcome_is_known(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "13")
    attempt, actor = ids.new(), shop.actor()
    facts = {"cart_id": cart, "attempt_id": attempt, "actor": actor}
    body = freeze_cart(payments=CASH, shown_total="4.95", **facts)  # type: ignore[arg-type]
    assert body is not None
    assert body.register == shop.till.pk
    assert [(line.product, line.quantity) for line in body.lines] == [
        (shop.product("Rye sourdough").pk, Decimal(1))
    ]
    assert freeze_cart(**facts) == body  # type: ignore[arg-type]
    assert isinstance(refused(shop, cart, "13"), CartFrozen)
    with pytest.raises(CartFrozen):
        freeze_cart(
            cart_id=cart, attempt_id=ids.new(), actor=actor, payments=CASH, shown_total="4.95"
        )
    with pytest.raises(CartFrozen):
        undo_step(step_id=ids.new(), cart_id=cart, actor=actor)
    with pytest.raises(CartFrozen):
        park_cart(step_id=ids.new(), cart_id=cart, actor=actor)


def test_the_same_attempt_with_other_money_is_refused(shop: Shop, cart: UUID) -> None:
    scan(shop, cart, "13")
    facts = {"cart_id": cart, "attempt_id": ids.new(), "actor": shop.actor()}
    freeze_cart(payments=CASH, shown_total="4.95", **facts)  # type: ignore[arg-type]
    more = [{"tender": "cash", "amount": "6.00"}]
    with pytest.raises(Invalid) as caught:
        freeze_cart(payments=more, shown_total="4.95", **facts)  # type: ignore[arg-type]
    assert list(caught.value.fields) == ["payments.0.amount"]


@pytest.mark.parametrize("amount", ["", "abc", "1e9", "12.3456", "9" * 20, "NaN"])
def test_money_that_is_none_freezes_nothing(shop: Shop, cart: UUID, amount: str) -> None:
    scan(shop, cart, "13")
    with pytest.raises(Invalid):
        freeze_cart(
            cart_id=cart,
            attempt_id=ids.new(),
            actor=shop.actor(),
            payments=[{"tender": "cash", "amount": amount}],
            shown_total="4.95",
        )
    assert Cart.objects.get(pk=cart).attempt is None


def test_there_is_nothing_to_pay_in_an_empty_cart(shop: Shop, cart: UUID) -> None:
    with pytest.raises(NothingToPay):
        freeze_cart(
            cart_id=cart,
            attempt_id=ids.new(),
            actor=shop.actor(),
            payments=CASH,
            shown_total="0.00",
        )
