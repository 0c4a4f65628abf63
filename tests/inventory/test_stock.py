"""Goods come and go by movements, and by nothing else."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Product, StockLevel, StockMove
from inventory.services.stock import (
    Change,
    OutOfStock,
    ReceiptLine,
    ShelfOverflow,
    adjust_stock,
    lock_levels,
    move_many,
    receive_stock,
)
from people.access import Actor
from people.models import AuditEvent, Store
from regalpos import ids
from regalpos.errors import BodyMismatch, Invalid, NotHere
from tests.factories import a_level, a_manager, a_product, on_hand

Kind = StockMove.Kind


def receive(store: Store, actor: Actor, product: Product, quantity: str, cost: str = "") -> None:
    line = ReceiptLine(product.pk, Decimal(quantity), Decimal(cost) if cost else None)
    receive_stock(receipt_id=ids.new(), store_id=store.pk, lines=[line], actor=actor)


def nothing_happened() -> bool:
    return not (
        StockMove.objects.exists()
        or StockLevel.objects.exists()
        or AuditEvent.objects.filter(action__startswith="stock.").exists()
    )


def test_goods_received_are_on_the_shelf_and_on_record(
    harbour: Store, manager: Actor, bread: Product, candle: Product
) -> None:
    receipt = ids.new()
    moves = receive_stock(
        receipt_id=receipt,
        store_id=harbour.pk,
        lines=[
            ReceiptLine(bread.pk, Decimal(12), Decimal("2.0500")),
            ReceiptLine(candle.pk, Decimal(4)),
        ],
        actor=manager,
        note="Baker, Tuesday",
    )
    assert [(m.quantity, m.balance, m.unit_cost) for m in moves] == [
        (Decimal(12), Decimal(12), Decimal("2.0500")),
        (Decimal(4), Decimal(4), Decimal(0)),
    ]
    assert {(m.kind, m.source_type, m.source_id, m.reason) for m in moves} == {
        ("receipt", "receipt", receipt, "Baker, Tuesday")
    }
    level = StockLevel.objects.get(product=bread, store=harbour)
    assert (level.on_hand, level.average_cost, level.version) == (12, Decimal("2.05"), 1)
    event = AuditEvent.objects.get(action="stock.received")
    assert (event.subject_id, event.store_id, event.actor_id) == (
        str(receipt),
        harbour.pk,
        manager.user_id,
    )
    assert event.after is not None
    assert event.after["lines"][0] == {
        "product": str(bread.pk),
        "quantity": "12",
        "unit_cost": "2.05",
    }


def test_a_second_delivery_moves_the_average_cost(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    receive(harbour, manager, bread, "10", "2.00")
    receive(harbour, manager, bread, "5", "2.30")
    level = StockLevel.objects.get(product=bread)
    # (10 x 2.00 + 5 x 2.30) / 15
    assert level.average_cost == Decimal("2.1000")
    receive(harbour, manager, bread, "7", "2.0001")
    # (15 x 2.10 + 7 x 2.0001) / 22 = 2.06821...
    assert StockLevel.objects.get(product=bread).average_cost == Decimal("2.0682")


def test_an_empty_or_owing_shelf_weighs_nothing_into_the_average(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    receive(harbour, manager, bread, "2", "9.00")
    adjust(harbour, manager, bread, "-5")
    receive(harbour, manager, bread, "4", "3.00")
    level = StockLevel.objects.get(product=bread)
    assert (level.on_hand, level.average_cost) == (1, Decimal("3.0000"))


def test_a_delivery_without_costs_keeps_the_average(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    receive(harbour, manager, bread, "3", "1.50")
    receive(harbour, manager, bread, "9")
    assert StockLevel.objects.get(product=bread).average_cost == Decimal("1.5000")


def test_the_same_delivery_sent_twice_arrives_once(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    receipt = ids.new()
    sent: dict[str, Any] = {
        "receipt_id": receipt,
        "store_id": harbour.pk,
        "actor": manager,
        "note": "van 2",
    }
    first = receive_stock(lines=[(bread.pk, Decimal("12"), Decimal("2.05"))], **sent)
    again = receive_stock(lines=[(bread.pk, Decimal("12.000"), Decimal("2.0500"))], **sent)
    assert [move.pk for move in again] == [move.pk for move in first]
    assert on_hand(bread, harbour) == 12
    assert AuditEvent.objects.filter(action="stock.received").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "13"}, "lines"),
        ({"cost": "2.06"}, "lines"),
        ({"cost": None}, "lines"),
        ({"note": "van 3"}, "note"),
    ],
)
def test_the_same_id_with_another_delivery_is_refused(
    harbour: Store, manager: Actor, bread: Product, change: dict[str, str | None], field: str
) -> None:
    receipt = ids.new()

    def send(quantity: str = "12", cost: str | None = "2.05", note: str = "van 2") -> None:
        line = ReceiptLine(bread.pk, Decimal(quantity), Decimal(cost) if cost else None)
        receive_stock(
            receipt_id=receipt, store_id=harbour.pk, lines=[line], actor=manager, note=note
        )

    send()
    with pytest.raises(BodyMismatch) as refusal:
        send(**change)  # type: ignore[arg-type]
    assert (refusal.value.code, refusal.value.status) == ("body_mismatch", 422)
    assert list(refusal.value.fields) == [field]
    assert on_hand(bread, harbour) == 12
    assert StockMove.objects.count() == 1


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("0", "above zero"),
        ("-1", "above zero"),
        ("1000000000", "999,999,999"),
        ("1e12", "999,999,999"),
        ("1.5", "whole pieces"),
        ("0.0001", "three decimals"),
        ("NaN", "not a quantity"),
        ("Infinity", "not a quantity"),
        ("1e-40", "three decimals"),
    ],
)
def test_a_quantity_that_cannot_be_meant_is_refused_at_its_line(
    harbour: Store, manager: Actor, bread: Product, quantity: str, words: str
) -> None:
    good = ReceiptLine(bread.pk, Decimal(1))
    bad = ReceiptLine(bread.pk, Decimal(quantity))
    with pytest.raises(Invalid) as refusal:
        receive_stock(receipt_id=ids.new(), store_id=harbour.pk, lines=[good, bad], actor=manager)
    assert list(refusal.value.fields) == ["lines.1.quantity"]
    assert words in refusal.value.fields["lines.1.quantity"][0]
    assert nothing_happened()


@pytest.mark.parametrize("cost", ["-0.01", "1e12", "NaN", "0.00001"])
def test_a_cost_that_cannot_be_meant_is_refused(
    harbour: Store, manager: Actor, bread: Product, cost: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        receive(harbour, manager, bread, "1", cost)
    assert list(refusal.value.fields) == ["lines.0.unit_cost"]
    assert nothing_happened()


def test_an_empty_delivery_is_refused(harbour: Store, manager: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        receive_stock(receipt_id=ids.new(), store_id=harbour.pk, lines=[], actor=manager)
    assert list(refusal.value.fields) == ["lines"]


def test_five_hundred_lines_are_received_and_one_more_is_not(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    line = ReceiptLine(bread.pk, Decimal(1))
    with pytest.raises(Invalid):
        receive_stock(receipt_id=ids.new(), store_id=harbour.pk, lines=[line] * 501, actor=manager)
    assert nothing_happened()
    receive_stock(receipt_id=ids.new(), store_id=harbour.pk, lines=[line] * 500, actor=manager)
    level = StockLevel.objects.get(product=bread)
    assert (level.on_hand, level.version) == (500, 500)
    assert StockMove.objects.filter(balance=250).count() == 1


def test_weighed_goods_come_in_grams(harbour: Store, manager: Actor) -> None:
    tomatoes = a_product("Tomatoes", unit="kg")
    receive(harbour, manager, tomatoes, "12.460", "2.20")
    assert on_hand(tomatoes, harbour) == Decimal("12.460")


def test_a_service_is_not_received(harbour: Store, manager: Actor) -> None:
    wrapping = a_product("Gift wrapping", stocked=False)
    with pytest.raises(Invalid) as refusal:
        receive(harbour, manager, wrapping, "1")
    assert list(refusal.value.fields) == ["lines.0.product"]
    assert nothing_happened()


def test_a_foreign_store_and_an_unknown_product_are_not_here(
    harbour: Store, mill: Store, manager: Actor, bread: Product
) -> None:
    with pytest.raises(NotHere):
        receive(mill, manager, bread, "1")
    with pytest.raises(NotHere):
        receive_stock(
            receipt_id=ids.new(),
            store_id=harbour.pk,
            lines=[(ids.new(), Decimal(1), None)],
            actor=manager,
        )
    with pytest.raises(NotHere):
        adjust(mill, manager, bread, "1")
    assert nothing_happened()


def test_control_signs_in_a_note_are_left_out(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    [move] = receive_stock(
        receipt_id=ids.new(),
        store_id=harbour.pk,
        lines=[(bread.pk, Decimal(1), None)],
        actor=manager,
        note="van\x00 2\r\n\tside\u202edoor",
    )
    assert move.reason == "van 2 side door"


def adjust(
    store: Store, actor: Actor, product: Product, quantity: str, reason: str = "counted"
) -> StockMove:
    return adjust_stock(
        adjustment_id=ids.new(),
        store_id=store.pk,
        product_id=product.pk,
        quantity=Decimal(quantity),
        reason=reason,
        actor=actor,
    )


def test_an_adjustment_says_why(harbour: Store, manager: Actor, bread: Product) -> None:
    a_level(bread, harbour, "10")
    move = adjust(harbour, manager, bread, "-3", "Gone off")
    assert (move.quantity, move.balance, move.kind, move.reason) == (
        -3,
        7,
        "adjustment",
        "Gone off",
    )
    assert on_hand(bread, harbour) == 7
    with pytest.raises(Invalid) as refusal:
        adjust(harbour, manager, bread, "-3", "  ")
    assert list(refusal.value.fields) == ["reason"]
    assert on_hand(bread, harbour) == 7


def test_the_same_adjustment_sent_twice_counts_once(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    a_level(bread, harbour, "10")
    sent: dict[str, Any] = {
        "adjustment_id": ids.new(),
        "store_id": harbour.pk,
        "product_id": bread.pk,
        "reason": "Broken",
        "actor": manager,
    }
    first = adjust_stock(quantity=Decimal(-2), **sent)
    assert adjust_stock(quantity=Decimal("-2.000"), **sent).pk == first.pk
    with pytest.raises(BodyMismatch) as refusal:
        adjust_stock(quantity=Decimal(-3), **sent)
    assert list(refusal.value.fields) == ["quantity"]
    assert on_hand(bread, harbour) == 8


def test_limited_goods_never_go_below_zero(harbour: Store, manager: Actor, candle: Product) -> None:
    a_level(candle, harbour, "2")
    with pytest.raises(OutOfStock) as refusal:
        adjust(harbour, manager, candle, "-3")
    assert refusal.value.facts == {"products": [{"product": str(candle.pk), "on_hand": "2"}]}
    assert on_hand(candle, harbour) == 2
    assert StockMove.objects.filter(kind=Kind.ADJUSTMENT).count() == 0
    adjust(harbour, manager, candle, "-2")
    assert on_hand(candle, harbour) == 0


def test_other_goods_may_be_owed(harbour: Store, manager: Actor, bread: Product) -> None:
    adjust(harbour, manager, bread, "-3")
    assert on_hand(bread, harbour) == -3


def test_a_shelf_that_would_overflow_is_refused(
    harbour: Store, manager: Actor, bread: Product
) -> None:
    receive(harbour, manager, bread, "999999999")
    with pytest.raises(ShelfOverflow):
        receive(harbour, manager, bread, "999999999")
    assert on_hand(bread, harbour) == 999999999


def test_several_lines_of_one_product_get_a_balance_each(
    harbour: Store, manager: Actor, bread: Product, candle: Product
) -> None:
    a_level(bread, harbour, "10")
    a_level(candle, harbour, "1")
    levels = lock_levels(harbour.pk, [bread.pk, candle.pk])
    sale = ids.new()

    def sold(product: Product, quantity: int, line: int, kind: Kind = Kind.SALE) -> Change:
        level = levels[product.pk]
        return Change(level=level, quantity=Decimal(quantity), kind=kind, source_line=line)

    moves = move_many(
        [
            sold(bread, -2, 1),
            sold(candle, -2, 2),
            sold(bread, -3, 3),
            sold(candle, 1, 4, Kind.RETURN),
        ],
        source_type="sale",
        source_id=sale,
        who_id=manager.user_id,
        at=timezone.now(),
    )
    # One candle on hand, one comes back, two go: what counts is where the level ends.
    assert [move.balance for move in moves] == [8, -1, 5, 0]
    assert (levels[bread.pk].on_hand, levels[bread.pk].version) == (5, 3)
    assert on_hand(bread, harbour) == 5
    assert on_hand(candle, harbour) == 0
    assert StockLevel.objects.get(product=candle).version == 3


def test_everything_that_is_short_is_named(harbour: Store, manager: Actor, candle: Product) -> None:
    honey = a_product("Honey", limited=True)
    a_level(candle, harbour, "1")
    levels = lock_levels(harbour.pk, [candle.pk, honey.pk])
    with pytest.raises(OutOfStock) as refusal:
        move_many(
            [
                Change(level=level, quantity=Decimal(-2), kind=Kind.SALE)
                for level in levels.values()
            ],
            source_type="sale",
            source_id=ids.new(),
            who_id=manager.user_id,
            at=timezone.now(),
        )
    short = refusal.value.facts["products"]
    assert isinstance(short, list)
    assert {fact["product"]: Decimal(fact["on_hand"]) for fact in short} == {
        str(candle.pk): 1,
        str(honey.pk): 0,
    }


def test_a_level_made_by_its_first_move_is_as_strict_as_its_product(
    harbour: Store, bread: Product, candle: Product
) -> None:
    levels = lock_levels(harbour.pk, [bread.pk, candle.pk])
    assert (levels[bread.pk].strict, levels[candle.pk].strict) == (False, True)
    assert list(levels) == sorted(levels)


def test_open_screens_hear_what_is_now_true(
    harbour: Store,
    manager: Actor,
    bread: Product,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[tuple[str, str, dict[str, object]]] = []
    monkeypatch.setattr(
        "inventory.services.moves.announce",
        lambda topic, event, **facts: heard.append((topic, event, facts)),
    )
    receive(harbour, manager, bread, "12")
    assert heard == [
        (
            f"stock.{harbour.pk.hex}",
            "stock.changed",
            {
                "product": str(bread.pk),
                "on_hand": "12",
                "version": 1,
                "last": "12",
                "cause": manager.name,
            },
        )
    ]


def test_who_sits_at_another_shop_cannot_replay_a_delivery_into_it(
    harbour: Store, mill: Store, manager: Actor, bread: Product
) -> None:
    receipt = ids.new()
    line = ReceiptLine(bread.pk, Decimal(1))
    receive_stock(receipt_id=receipt, store_id=harbour.pk, lines=[line], actor=manager)
    with pytest.raises(BodyMismatch) as refusal:
        receive_stock(receipt_id=receipt, store_id=mill.pk, lines=[line], actor=a_manager(mill))
    assert list(refusal.value.fields) == ["store"]
