"""The Django admin, table by table and action by action, as `access_table` says."""

from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin.options import ActionLocation
from django.test import Client, RequestFactory

from people.access import read_actor
from people.models import AuditEvent, User
from people.office import office
from people.services import trail
from tests.house import access_world as world_of
from tests.house.access_table import ADMIN, Door, Table
from tests.house.access_world import ROLES, SIGNED_IN, STATES, World, heard, undone

pytestmark = pytest.mark.django_db


def tables() -> dict[str, Any]:
    return {model._meta.label_lower: (model, admin) for model, admin in office._registry.items()}


def test_every_table_has_its_line_and_every_line_its_table() -> None:
    assert set(tables()) == {table.name for table in ADMIN}


def test_every_table_says_who_may_see_it_and_every_action_what_it_takes() -> None:
    for name, (_model, admin) in tables().items():
        assert admin.sees, name
        for action in admin._get_base_actions(ActionLocation.CHANGE_LIST):
            assert getattr(action.func, "permission", None), (name, action.name)
        assert not admin._get_base_actions(ActionLocation.CHANGE_FORM), name


def ask(world: World, who: tuple[str, str], url: str, method: str = "get", **form: Any) -> Any:
    client = Client(raise_request_exception=False)
    if key := world.sessions.get(who):
        client.cookies["regal"] = key
    with undone():
        return getattr(client, method)(url, form or None)


@pytest.mark.parametrize("table", ADMIN, ids=lambda table: table.name)
def test_a_table_opens_for_whom_the_table_says(world: World, table: Table) -> None:
    model, _admin = tables()[table.name]
    base = f"/admin/{table.name.replace('.', '/')}/"
    own, foreign = rows_of(world, model, table)
    wrong = []
    for letter in ROLES:
        for state in STATES:
            for where, roles in (
                ("", table.sees),
                ("add/", table.adds),
                (f"{own}/change/", table.sees),
            ):
                want = "in" if letter in roles else "forbidden"
                want = want if state == SIGNED_IN else "sign in"
                got = heard(ask(world, (letter, state), base + where))
                if got != want:
                    wrong.append(f"{where or 'list'} {letter} {state}: {got}, not {want}")
    if table.scoped:
        gone = ask(world, ("m", SIGNED_IN), f"{base}{foreign}/change/")
        assert (gone.status_code, gone.headers["Location"]) == (302, "/admin/")
        assert ask(world, ("a", SIGNED_IN), f"{base}{foreign}/change/").status_code == 200
        listed = ask(world, ("m", SIGNED_IN), base).content.decode()
        assert f"{base}{own}/change/" in listed
        assert f"{base}{foreign}/change/" not in listed
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("table", ADMIN, ids=lambda table: table.name)
def test_a_row_is_changed_and_deleted_by_whom_the_table_says(world: World, table: Table) -> None:
    model, _admin = tables()[table.name]
    own, _foreign = rows_of(world, model, table)
    base = f"/admin/{table.name.replace('.', '/')}/{own}/"
    for letter in ROLES:
        who = (letter, SIGNED_IN)
        want = "in" if letter in table.changes else "forbidden"
        assert heard(ask(world, who, f"{base}change/", "post", nothing="much")) == want, letter
        want = "in" if letter in table.deletes else "forbidden"
        assert heard(ask(world, who, f"{base}delete/", "post", post="yes")) == want, letter


@pytest.mark.parametrize("table", [t for t in ADMIN if t.actions], ids=lambda table: table.name)
def test_an_action_is_for_whom_the_table_says(world: World, table: Table) -> None:
    model, admin = tables()[table.name]
    own, _foreign = rows_of(world, model, table)
    base = f"/admin/{table.name.replace('.', '/')}/"
    for action in admin.actions:
        for letter in ROLES:
            before = AuditEvent.objects.count()
            client = Client(raise_request_exception=False)
            client.cookies["regal"] = world.sessions[letter, SIGNED_IN]
            form = {"action": action, "index": "0", "_selected_action": str(own)}
            with undone():
                heard_ = heard(client.post(base, form))
                acted = AuditEvent.objects.count() > before
            assert acted is (letter in table.actions), (action, letter)
            assert heard_ == ("in" if letter in table.sees else "forbidden"), (action, letter)


def test_control_an_action_without_its_gate_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _model, admin = tables()["people.user"]
    bare = type(admin).deactivate.__wrapped__
    monkeypatch.setattr(type(admin), "deactivate", bare)
    with pytest.raises(AssertionError):
        test_every_table_says_who_may_see_it_and_every_action_what_it_takes()


def test_control_a_table_without_its_scope_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = next(one for one in ADMIN if one.name == "people.device")
    _model, admin = tables()[table.name]
    monkeypatch.setattr(type(admin), "store_path", "")
    with pytest.raises((AssertionError, KeyError)):
        test_a_table_opens_for_whom_the_table_says(world, table)


@pytest.mark.parametrize("url", ["/admin/", "/admin/people/", "/admin/jsi18n/"])
def test_the_offices_own_pages_are_for_office_roles(world: World, url: str) -> None:
    door = Door(url, "am")
    for _method, who, column in world_of.cells(door):
        assert heard(ask(world, who, url)) == world_of.expected(door, who, column), who


def test_there_is_one_way_in_and_one_way_out(world: World) -> None:
    login = ask(world, world_of.NOBODY, "/admin/login/?next=/admin/people/user/")
    assert login.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    out = ask(world, ("a", SIGNED_IN), "/admin/logout/", "post")
    assert out.headers["Location"] == "/accounts/logout/"
    password = ask(world, ("a", SIGNED_IN), "/admin/password_change/")
    assert password.headers["Location"] == "/accounts/password/change/"


def rows_of(world: World, model: Any, table: Table) -> tuple[Any, Any]:
    """A row of one's own store and one of another; the same row where stores share the table."""
    if table.name == "people.user":
        return world.own["user"], world.own["user"]
    own, foreign = (_row(world, model, table, store) for store in stores_of(world))
    return own, foreign if table.scoped else own


def stores_of(world: World) -> tuple[str, str]:
    return world.own["store"], world.foreign["store"]


def _row(world: World, model: Any, table: Table, store: str) -> Any:
    """One that the world has already, or one more."""
    _model, admin = tables()[table.name]
    there = model.objects.filter(**{admin.store_path: store} if admin.store_path else {})
    if (row := there.first()) is not None:
        return row.pk
    product = world.own["product"]
    given: dict[str, dict[str, Any]] = {
        "people.device": {"store_id": store, "name": "Till", "key_hash": store},
        "people.salesman": {"code": "S1", "name": "Sam"},
        "inventory.stockrule": {
            "store_id": store, "product_id": product, "reorder_point": 1, "reorder_to": 2,
        },
        "inventory.barcode": {"product_id": product, "code": "internal-1"},
        "sales.favourite": {"store_id": store, "product_id": product, "number": 1},
    }  # fmt: skip
    if table.name == "people.auditevent":
        return _event(store)
    return model.objects.create(**given.get(table.name, {"name": "Somebody"})).pk


def _event(store_id: str) -> int:
    user = User.objects.order_by("created_at").first()
    assert user is not None
    actor = read_actor(user)
    trail.record("test.event", actor=actor, subject=user, store_id=UUID(store_id), after={"is": 1})
    return int(AuditEvent.objects.order_by("-id").values_list("pk", flat=True)[0])


def test_changing_a_row_here_is_on_the_one_trail(world: World) -> None:
    client = Client()
    client.cookies["regal"] = world.sessions["a", SIGNED_IN]
    form = {"code": "S7", "name": "Sam Seller", "commission_percent": "2.5", "active": "on"}
    client.post("/admin/people/salesman/add/", form)
    added = AuditEvent.objects.get(action="salesman.added")
    assert added.after is not None
    assert (added.after["code"], added.after["commission_percent"]) == ("S7", "2.500")
    client.post(f"/admin/people/salesman/{added.subject_id}/change/", {**form, "code": "S8"})
    changed = AuditEvent.objects.get(action="salesman.changed")
    assert (changed.before, changed.after) == ({"code": "S7"}, {"code": "S8"})


def test_new_rules_of_a_store_are_a_new_version(world: World) -> None:
    client = Client()
    client.cookies["regal"] = world.sessions["a", SIGNED_IN]
    form = {
        "store": world.own["store"], "cash_step": "0.05", "discount_limits": "{}",
        "barcode_patterns": "[]", "blind_count": "on",
    }  # fmt: skip
    answer = client.post("/admin/people/storerules/add/", form)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    added = AuditEvent.objects.get(action="storerules.added")
    assert added.after is not None
    assert (added.after["version"], added.after["cash_step"]) == (2, "0.050")
    assert str(added.store_id) == world.own["store"]


def test_the_trail_of_one_row_is_its_history(world: World) -> None:
    store = world.own["store"]
    answer = ask(world, ("a", SIGNED_IN), f"/admin/people/store/{store}/history/")
    assert answer.headers["Location"] == f"/admin/people/auditevent/?subject_id={store}"
    assert ask(world, ("m", SIGNED_IN), answer.headers["Location"]).status_code == 200


def test_a_manager_is_not_shown_a_national_id(world: World) -> None:
    _model, admin = tables()["people.customer"]
    request: Any = RequestFactory().get("/")
    for letter, hidden in (("a", ()), ("m", ("national_id",))):
        key = world.sessions[letter, SIGNED_IN]
        client = Client()
        client.cookies["regal"] = key
        request.actor = read_actor(User.objects.filter(role=ROLES[letter])[0])
        assert admin.get_exclude(request) == hidden
