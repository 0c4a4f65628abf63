"""The API against its own document, with bodies and queries that nobody would think of.

Every operation is asked in two ways: with what its schema allows, and with what it does not. No
answer may be a fault of ours, or a status, type or shape that the document does not name.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from people.permissions import Role
from people.services import tokens
from regalpos import ids
from sales.models import Sale, Shift
from tests.databases import Database
from tests.factories import a_product, a_register, a_shift, a_store, a_user, an_actor
from tests.servers import Server

pytestmark = pytest.mark.timeout(180)

EXAMPLES = 20
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A random sign-in would lock the address out, and a random sign-out everybody else.
ALONE = {"sign_in", "sign_out"}


@dataclass
class Known:
    """Ids of real things, so that half of the calls get past 404."""

    ids: dict[str, list[str]]
    token: str

    def replace(self, part: Any, draw: Any) -> Any:
        """The same body or query, with real ids under the names that carry one."""
        if isinstance(part, dict):
            return {key: self._one(key, value, draw) for key, value in part.items()}
        if isinstance(part, list):
            return [self.replace(item, draw) for item in part]
        return part

    def _one(self, key: str, value: Any, draw: Any) -> Any:
        if key in self.ids and _is_id(value):
            return draw(st.sampled_from([*self.ids[key], value]))
        return self.replace(value, draw)


def _is_id(value: object) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


@pytest.fixture
def known(committed_db: Database) -> Known:
    store = a_store("HS")
    user = a_user(Role.ADMIN, store)
    register = a_register(store)
    shift = a_shift(register, an_actor(user))
    products = [
        a_product("Milk", price="1.23", barcode="2000000000015", on_hand="20", store=store),
        a_product("Lamp", price="10.00", on_hand="1", store=store, limited=True),
        a_product("Rice", price="3.50", unit="kg", on_hand="9", store=store),
    ]
    pair = tokens.start_family(
        user=user, token=tokens.NewToken(), address="127.0.0.1", request_id=""
    )
    return Known(
        {
            "store": [str(store.pk)],
            "register": [str(register.pk)],
            "product": [str(product.pk) for product in products],
            "id": [str(shift.pk), str(ids.new())],
        },
        pair.access_token,
    )


def test_every_operation_keeps_its_word(known: Known, server: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    statuses: Counter[int] = Counter()
    asked = Counter[str]()
    for result in schema.get_all_operations():
        operation: APIOperation[Any, Any, Any, Any] = result.ok()  # type: ignore[union-attr]
        name = str(operation.definition.raw["operationId"])
        if name in ALONE:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for status in _ask(operation, mode, known, server):
                statuses[status] += 1
                asked[name] += 1

    # A test that only ever met 422 would have looked at nothing.
    assert len(asked) == len(list(schema.get_all_operations())) - len(ALONE)
    assert min(asked.values()) >= EXAMPLES, asked
    assert statuses[200] + statuses[201] >= 100, statuses
    assert statuses[404] >= 20, statuses
    assert statuses[422] >= 100, statuses
    assert Shift.objects.filter(closed_at=None).count() <= 1
    assert Sale.objects.count() <= statuses[201]


def _ask(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, known: Known, server: Server
) -> list[int]:
    """The statuses of some calls of one operation; each answer as the document has it."""
    statuses: list[int] = []
    headers = {"Authorization": f"Bearer {known.token}"}

    @seed(20260101)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), data=st.data())
    def ask(case: Case[Any], data: st.DataObject) -> None:
        if mode is GenerationMode.POSITIVE:
            for place in ("path_parameters", "query", "body"):
                setattr(case, place, known.replace(getattr(case, place), data.draw))
        # It likes to invent tokens; what a wrong one gets is asked elsewhere.
        case.headers.update(headers)
        response = case.call(base_url=server.url)
        case.validate_response(response, checks=CHECKS)
        statuses.append(response.status_code)

    ask()
    return statuses
