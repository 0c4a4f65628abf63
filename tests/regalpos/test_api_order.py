"""In which order the API asks: is it JSON, who are you, may you, is it here, and what is in it."""

import json

import pytest
from django.test import Client

from people.permissions import Permission, Role
from regalpos.api import api
from sales.models import Sale, SaleAttempt
from tests.factories import a_store, a_user
from tests.programs import API, Program, error

pytestmark = pytest.mark.django_db

# One id in every run: pytest-xdist wants all its processes to know a test by the same name.
NOBODY = "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e7f"
SALE = f"sales/{NOBODY}"
WRITES = [
    ("POST", "auth/login"),
    ("POST", "auth/refresh"),
    ("POST", "stock/adjustments"),
    ("POST", "shifts"),
    ("POST", f"shifts/{NOBODY}/closure"),
    ("POST", f"shifts/{NOBODY}/cash-moves"),
    ("POST", "quotes"),
    ("PUT", SALE),
    ("PUT", f"{SALE}/abandon"),
]
# Who may ask for what, written by hand from the product's table of roles.
EVERYONE = {Role.ADMIN, Role.MANAGER, Role.CASHIER, Role.EMPLOYEE}
SELLERS = EVERYONE - {Role.EMPLOYEE}
OFFICE = {Role.ADMIN, Role.MANAGER}
DOORS: dict[tuple[str, str], set[Role]] = {
    ("POST", "auth/logout"): EVERYONE,
    ("GET", "auth/me"): EVERYONE,
    ("GET", "stores"): EVERYONE,
    ("GET", f"stores/{NOBODY}"): EVERYONE,
    ("GET", "products"): EVERYONE,
    ("GET", f"products/{NOBODY}"): EVERYONE,
    ("GET", "stock/levels"): EVERYONE,
    ("POST", "stock/adjustments"): OFFICE,
    ("GET", "registers"): SELLERS,
    ("GET", "shifts"): SELLERS,
    ("POST", "shifts"): SELLERS,
    ("GET", f"shifts/{NOBODY}"): SELLERS,
    ("POST", f"shifts/{NOBODY}/closure"): SELLERS,
    ("POST", f"shifts/{NOBODY}/cash-moves"): SELLERS,
    ("GET", f"shifts/{NOBODY}/report"): SELLERS,
    ("POST", "quotes"): SELLERS,
    ("GET", SALE): SELLERS,
    ("PUT", SALE): SELLERS,
    ("PUT", f"{SALE}/abandon"): SELLERS,
}
NOT_JSON = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b'{"a": NaN}', "application/json"),
    (b'{"a": 1, "a": 2}', "application/json"),
    (b'{"a": "\\u0000"}', "application/json"),
    (b'{"a": "\\ud800"}', "application/json"),
    (b"[" * 10_000, "application/json"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json"),
    (b"9" * 5_000, "application/json"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_what_is_not_json_is_said_before_anybody_is_asked_who_they_are(
    method: str, path: str
) -> None:
    optional = path.endswith("abandon")
    for body, content_type in NOT_JSON:
        if not body and optional:
            continue
        response = Program().send(method, path, body, content_type)
        assert response.status_code == 400, body[:20]
        assert error(response)["code"] == "not_json"


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_too_much_and_other_types_are_said_first_of_all(method: str, path: str) -> None:
    large = Program().send(method, path, b'{"a": "' + b"x" * 1_100_000 + b'"}')
    form = Program().send(method, path, b"a=1", "application/x-www-form-urlencoded")
    text = Program().send(method, path, b"{}", "text/plain")

    assert (large.status_code, error(large)["code"]) == (413, "too_large")
    assert (form.status_code, error(form)["code"]) == (415, "wrong_type")
    assert (text.status_code, error(text)["code"]) == (415, "wrong_type")


def test_a_charset_is_part_of_no_type() -> None:
    user = a_user(Role.CASHIER, a_store())

    response = Program(user).send("PUT", SALE, b"{}", "application/json; charset=utf-8")

    assert response.status_code == 422


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_nobody_is_let_in_without_a_token(method: str, path: str) -> None:
    for token in ("", "nonsense"):
        response = Program(token=token).send(method, path, b'{"wrong": 1}')
        assert response.status_code == 401
        assert error(response)["code"] == "not_signed_in"
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path"), DOORS)
def test_every_door_opens_to_the_roles_it_is_meant_for(method: str, path: str, role: Role) -> None:
    program = Program(a_user(role, a_store()))

    response = program.send(method, path, b'{"wrong": 1}' if method != "GET" else b"")

    if role in DOORS[method, path]:
        assert response.status_code in {200, 204, 404, 422}
    else:
        assert response.status_code == 403
        assert error(response)["code"] == "forbidden"
    assert not Sale.objects.exists()
    assert not SaleAttempt.objects.exists()


def test_every_operation_is_in_the_table_above() -> None:
    asked = {
        (method, "/".join("x" if len(part) == 36 else part for part in path.split("/")))
        for method, path in DOORS
    } | {("POST", "auth/login"), ("POST", "auth/refresh")}
    there = {
        (method.upper(), path.removeprefix(API).replace("{id}", "x"))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }

    assert there == asked


def test_every_operation_is_stamped_and_those_without_a_right_are_the_two_to_sign_in() -> None:
    stamps = {
        operation.operation_id: operation.view_func.permission  # type: ignore[attr-defined]
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    }

    assert {name for name, right in stamps.items() if right is None} == {
        "sign_in",
        "refresh_tokens",
    }
    assert {right for right in stamps.values() if right} <= set(Permission)


@pytest.mark.parametrize("sale_id", ["1", "x" * 36, "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e7", "%00"])
def test_an_id_that_is_none_is_named(sale_id: str) -> None:
    response = Program(a_user(Role.CASHIER, a_store())).put(f"sales/{sale_id}", {})

    assert response.status_code == 422
    assert set(error(response)["fields"]) == {"id"}


def test_what_does_not_exist_and_what_cannot_be_done_keep_the_shape() -> None:
    program = Program(a_user(Role.ADMIN))

    unknown = program.get("nothing/here")
    method = program.send("DELETE", "products")

    assert (unknown.status_code, error(unknown)["code"]) == (404, "not_found")
    assert (method.status_code, error(method)["code"]) == (405, "method_not_allowed")
    assert method.headers["Allow"] == "GET"


def test_a_language_is_spoken_if_asked_for(client: Client) -> None:
    response = client.get(API + "auth/me", headers={"Accept-Language": "de"})

    assert response.status_code == 401
    assert response.headers["Content-Language"] == "de"


# ---- the document -------------------------------------------------------------------------------


def test_the_document_is_open_and_whole(client: Client) -> None:
    response = client.get("/openapi.json")

    assert response.status_code == 200
    document = response.json()
    assert document["openapi"].startswith("3.")
    assert document["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    refs = set(_refs(document))
    known = document["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in refs} <= set(known)
    names = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names)) >= 17


def test_every_operation_says_how_it_refuses_in_one_shape(client: Client) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            open_to_all = path.endswith(("login", "refresh"))
            assert ("security" in operation) != open_to_all, path
            assert {"401", "503"} <= set(answers), path
            if method in {"post", "put"} and "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= set(answers), path
            for status, answer in answers.items():
                if int(status) >= 400:
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Error"}, (path, status)


def _refs(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in _refs(value)]
    if isinstance(part, list):
        return [ref for value in part for ref in _refs(value)]
    return []


def test_bodies_name_no_field_that_is_not_theirs(client: Client) -> None:
    document = client.get("/openapi.json").json()
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    ]

    assert len(bodies) == len(WRITES)
    for body in bodies:
        assert '"additionalProperties": false' in json.dumps(body)


def test_the_docs_page_needs_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/docs")

    assert page.status_code == 200
    text = page.content.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert "ninja/swagger-ui-bundle" in text
    assert "<script>" not in text
