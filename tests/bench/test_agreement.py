"""Two servers that do different work are found out."""

from decimal import Decimal as D
from uuid import UUID

import pytest

from bench.agreement import Disagree, read_books, rows_of_each, same_books, same_rows, same_totals
from tests.databases import Bed
from tests.factories import a_product, a_store

REGISTER = UUID(int=1)


def test_clones_of_one_database_agree(bed: Bed) -> None:
    one, other = bed.clone(), bed.clone()
    assert same_books(one, other)["sales_sale"] == 0
    bed.drop(one)
    bed.drop(other)


def test_a_row_too_many_is_found(bed: Bed) -> None:
    one = bed.clone()
    before = read_books(one)
    with one.in_use():
        a_store("ONE")
    other = bed.clone()
    assert read_books(one).since(before) == {"people_store": 1, "people_storerules": 1}
    with pytest.raises(Disagree, match="people_store"):
        same_books(one, other)
    bed.drop(one)
    bed.drop(other)


def test_another_price_is_found_where_the_rows_are_as_many(bed: Bed) -> None:
    one, other = bed.clone(), bed.clone()
    for database, price in ((one, "1.00"), (other, "1.01")):
        with database.in_use():
            a_product("Tea", price=price)
    with pytest.raises(Disagree, match=r"inventory_price\.amount"):
        same_books(one, other)
    bed.drop(one)
    bed.drop(other)


def test_a_clone_of_a_database_has_what_that_had(bed: Bed) -> None:
    one = bed.clone()
    with one.in_use():
        a_store("ONE")
    other = bed.clone(one)
    assert read_books(other).rows["people_store"] == 1
    bed.drop(one)
    bed.drop(other)


def test_rows_of_each_leave_running_sums_out() -> None:
    grown = {"sales_sale": 20, "sales_saleline": 100, "sales_productday": 37}
    rows = rows_of_each(grown, 20)
    assert rows == {"sales_sale": 1, "sales_saleline": 5}
    with pytest.raises(Disagree):
        same_rows(rows, rows | {"sales_saleline": 4.95})


def test_totals_are_compared_as_far_as_both_tills_came() -> None:
    assert same_totals({REGISTER: [D("1.00"), D("2.00")]}, {REGISTER: [D("1.00")]}) == 1
    with pytest.raises(Disagree, match=r"1\.01"):
        same_totals({REGISTER: [D("1.00"), D("2.00")]}, {REGISTER: [D("1.01")]})
