"""Text that no column can hold, in the address of a screen: a refusal, never a fault."""

import pytest
from django.test import Client

from people.permissions import Role
from tests.factories import a_store, a_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/products/%00/",
        "/products/a%00b/edit/",
        "/stock/levels/%00/",
        "/admin/people/auditevent/?subject_id=%00",
    ],
)
def test_nul_in_an_address_is_refused(address: str) -> None:
    admin = a_user(Role.ADMIN, a_store())
    client = Client()
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(address).status_code == 400
