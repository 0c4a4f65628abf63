"""Customers and vendors: added once, changed with a record that keeps no personal word."""

from dataclasses import replace

import pytest

from people.access import Actor, read_actor
from people.models import AuditEvent, Customer, Store, User, Vendor
from people.services.customers import CustomerDetails, add_customer, change_customer
from people.services.vendors import VendorDetails, add_vendor, change_vendor
from regalpos import ids
from regalpos.errors import Invalid, NotHere

pytestmark = pytest.mark.django_db

LENA = CustomerDetails(
    name="Lena Voss", phones=["0151 22"], email="lena@home.test", tax_number="DE1"
)
MILLER = VendorDetails(name="Miller & Sons", contact_name="Jo Miller", phones=["0211 7"])


@pytest.fixture
def cashier(ana: User) -> Actor:
    return read_actor(ana)


class TestCustomers:
    def test_a_customer_is_added_once_however_often_the_form_is_sent(
        self, cashier: Actor, harbour: Store
    ) -> None:
        key = ids.new()
        details = replace(LENA, home_store_id=harbour.pk)
        first = add_customer(customer_id=key, details=details, actor=cashier)
        again = add_customer(customer_id=key, details=details, actor=cashier)
        assert first == again
        assert Customer.objects.get().home_store == harbour
        event = AuditEvent.objects.get(action="customer.added")
        assert event.store == harbour
        assert event.after is not None
        assert event.after["name"] == event.after["email"] == "(personal)"
        assert event.after["tax_number"] == "DE1"

    def test_a_change_says_which_columns_changed(self, cashier: Actor) -> None:
        lena = add_customer(customer_id=ids.new(), details=LENA, actor=cashier)
        changed = replace(LENA, phones=["0151 23"], tax_exempt=True)
        change_customer(customer_id=lena.pk, details=changed, actor=cashier)
        event = AuditEvent.objects.get(action="customer.changed")
        assert event.before == {"phones": "(personal)", "tax_exempt": False}
        assert event.after == {"phones": "(personal)", "tax_exempt": True}

    @pytest.mark.parametrize(
        ("details", "field"),
        [
            (replace(LENA, name=""), "name"),
            (replace(LENA, name="n" * 101), "name"),
            (replace(LENA, email="nobody"), "email"),
            (replace(LENA, name="Lena\x00"), "name"),
            (replace(LENA, salesman_id=ids.new()), "salesman"),
        ],
    )
    def test_what_cannot_be_right_is_told_by_field(
        self, cashier: Actor, details: CustomerDetails, field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            add_customer(customer_id=ids.new(), details=details, actor=cashier)
        assert list(refused.value.fields) == [field]
        assert not Customer.objects.exists()

    def test_nobody_gives_a_customer_to_a_store_they_do_not_work_at(
        self, cashier: Actor, mill: Store
    ) -> None:
        details = replace(LENA, home_store_id=mill.pk)
        with pytest.raises(Invalid):
            add_customer(customer_id=ids.new(), details=details, actor=cashier)
        assert not Customer.objects.exists()

    def test_a_merged_customer_is_not_here_any_more(self, cashier: Actor) -> None:
        lena = add_customer(customer_id=ids.new(), details=LENA, actor=cashier)
        twin = add_customer(customer_id=ids.new(), details=LENA, actor=cashier)
        Customer.objects.filter(pk=twin.pk).update(merged_into=lena)
        with pytest.raises(NotHere):
            change_customer(customer_id=twin.pk, details=LENA, actor=cashier)


class TestVendors:
    def test_a_vendor_is_added_and_changed_on_record(self, owner: Actor) -> None:
        key = ids.new()
        add_vendor(vendor_id=key, details=MILLER, actor=owner)
        add_vendor(vendor_id=key, details=MILLER, actor=owner)
        change_vendor(vendor_id=key, details=replace(MILLER, payment_days=14), actor=owner)
        assert Vendor.objects.get().payment_days == 14
        added = AuditEvent.objects.get(action="vendor.added")
        assert added.after is not None
        assert (added.after["name"], added.after["contact_name"]) == (MILLER.name, "(personal)")
        changed = AuditEvent.objects.get(action="vendor.changed")
        assert (changed.before, changed.after) == ({"payment_days": 30}, {"payment_days": 14})

    def test_two_vendors_do_not_share_a_name(self, owner: Actor) -> None:
        add_vendor(vendor_id=ids.new(), details=MILLER, actor=owner)
        with pytest.raises(Invalid) as refused:
            add_vendor(vendor_id=ids.new(), details=MILLER, actor=owner)
        assert list(refused.value.fields) == ["name"]
        assert Vendor.objects.count() == 1

    def test_terms_below_zero_are_refused(self, owner: Actor) -> None:
        with pytest.raises(Invalid):
            add_vendor(vendor_id=ids.new(), details=replace(MILLER, payment_days=-1), actor=owner)
        assert not Vendor.objects.exists()

    def test_an_unknown_vendor_is_not_here(self, owner: Actor) -> None:
        with pytest.raises(NotHere):
            change_vendor(vendor_id=ids.new(), details=MILLER, actor=owner)
