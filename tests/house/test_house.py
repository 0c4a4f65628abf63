"""The house rules that a machine can read: where transactions begin, who writes, what is named."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps

from people.permissions import PERSONAL, Permission
from regalpos.environment import BASE_DIR

ROOMS = ("regalpos", "people", "inventory", "sales")
LONGEST_FILE, LONGEST_FUNCTION = 300, 50  # lines; beyond that it is said, beyond twice that refused

# Names that say nothing of what is inside.
NAMELESS = {"utils", "helpers", "common", "base", "mixins", "signals", "misc", "tools"}
WRITES = {"save", "create", "delete", "bulk_create", "update_or_create", "get_or_create"}
# Who may only ask: they call one use case and render. `delete` of a file or cookie is no row.
ASKING = ("views", "api", "consumers", "forms")
HARMLESS = {"response.delete_cookie"}


def sources(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours that is not a migration, by its path."""
    for room in rooms or ROOMS:
        for path in sorted((BASE_DIR / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(BASE_DIR)), ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every call, as line and dotted name (the part of it that is made of names)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def found(rule: str, *rooms: str) -> list[str]:
    return [
        f"{path}:{line} {name}"
        for path, tree in sources(*rooms)
        for line, name in calls(tree)
        if name.split(".")[-1] == rule
    ]


def test_transactions_begin_in_services_and_nowhere_else() -> None:
    # The roof's grants are the owner's, given as one; nothing of the shop is written there.
    assert [
        call
        for call in found("atomic")
        if "/services/" not in call and not call.startswith("regalpos/grants.py")
    ] == []


def test_only_the_live_module_waits_for_a_commit() -> None:
    assert [c for c in found("on_commit") if not c.startswith("regalpos/live.py")] == []


def test_every_use_case_is_the_outermost_transaction() -> None:
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if "atomic" in ast.unparse(decorator) and "durable=True" not in ast.unparse(decorator)
    ]
    assert bare == []


def test_use_cases_take_their_facts_by_name() -> None:
    wrong = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.FunctionDef)
                and any("atomic" in ast.unparse(one) for one in node.decorator_list)
                and (node.args.args or node.args.vararg)
            ):
                wrong.append(f"{path}:{node.lineno} {node.name}")
    assert wrong == []


def test_use_cases_do_not_call_one_another() -> None:
    use_cases = {
        node.name
        for _path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any("atomic" in ast.unparse(one) for one in node.decorator_list)
    }
    assert len(use_cases) >= 20
    wrong = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name in use_cases:
                wrong += [
                    f"{path}:{line} {node.name} calls {name}"
                    for line, name in calls(ast.Module(node.body, []))
                    if name in use_cases
                ]
    assert wrong == []


def test_whoever_asks_does_not_write() -> None:
    wrong = [
        f"{path}:{line} {name}"
        for path, tree in sources()
        if any(part in ASKING for part in Path(path).with_suffix("").parts)
        for line, name in calls(tree)
        if "." in name and name.split(".")[-1] in WRITES and name not in HARMLESS
    ]
    assert wrong == []


def test_nothing_listens_to_models() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in sources("people", "inventory", "sales")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        if any(ast.unparse(one).startswith("receiver") for one in node.decorator_list)
    ]
    assert wrong == []


def test_views_operations_and_sockets_are_async() -> None:
    wrong = []
    for path, tree in sources():
        if "views" in Path(path).parts or path.endswith("/api.py"):
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and any(
                    ast.unparse(one).startswith(("requires", "public"))
                    for one in node.decorator_list
                ):
                    wrong.append(f"{path}:{node.lineno} {node.name}")
    assert wrong == []


def test_every_room_has_a_name() -> None:
    nameless = [path for path, _tree in sources() if Path(path).stem in NAMELESS]
    assert nameless == []


def test_every_room_says_what_it_is_for() -> None:
    silent = [
        path
        for path, tree in sources()
        if Path(path).name not in {"__init__.py", "apps.py"} and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_rooms_and_functions_are_of_a_size_to_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    long, too_long = [], []
    for path, tree in sources():
        length = len((BASE_DIR / path).read_text().splitlines())
        measured = [(length, LONGEST_FILE, path)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                measured.append((lines, LONGEST_FUNCTION, f"{path}:{node.lineno} {node.name}"))
        long += [f"{name}: {size} lines" for size, aim, name in measured if size > aim]
        too_long += [f"{name}: {size}" for size, aim, name in measured if size > 2 * aim]
    with capsys.disabled():
        print("", *long, sep="\n  long: ")  # noqa: T201  (a warning, for whoever comes next)
    assert too_long == []


def test_personal_columns_are_columns() -> None:
    for label, names in PERSONAL.items():
        columns = {field.name for field in apps.get_model(label)._meta.get_fields()}
        assert names <= columns, label


def test_ledgers_are_marked_where_they_are_declared() -> None:
    ledgers = {
        model._meta.label for model in apps.get_models() if getattr(model, "append_only", False)
    }
    assert {
        "people.AuditEvent",
        "inventory.Price",
        "inventory.StockMove",
        "sales.CashMove",
        "sales.Sale",
        "sales.SaleLine",
        "sales.Payment",
        "sales.JournalRecord",
        "sales.CartStep",
    } <= ledgers


@pytest.mark.skipif(not (BASE_DIR / "docs/ARCHITECTURE.md").exists(), reason="not written yet")
def test_every_permission_is_explained() -> None:
    words = (BASE_DIR / "docs/ARCHITECTURE.md").read_text()
    missing = [one.value for one in Permission if f"`{one.value}`" not in words]
    assert missing == []


PLANTED = [
    (
        test_transactions_begin_in_services_and_nowhere_else,
        "def v():\n with transaction.atomic(): ...",
    ),
    (test_only_the_live_module_waits_for_a_commit, "transaction.on_commit(tell)"),
    (test_every_use_case_is_the_outermost_transaction, "@transaction.atomic\ndef sell(): ..."),
    (
        test_use_cases_take_their_facts_by_name,
        "@transaction.atomic(durable=True)\ndef sell(cart): ...",
    ),
    (test_whoever_asks_does_not_write, "Sale.objects.create(total=1)"),
    (test_whoever_asks_does_not_write, "sale.save()"),
    (test_nothing_listens_to_models, "@receiver(post_save)\ndef hear(): ..."),
    (
        test_views_operations_and_sockets_are_async,
        "@requires(Permission.SELL)\ndef till(request): ...",
    ),
    (test_every_room_says_what_it_is_for, "x = 1"),
]


@pytest.mark.parametrize(("rule", "source"), PLANTED, ids=lambda it: getattr(it, "__name__", ""))
def test_control_a_broken_rule_is_found(
    rule: Callable[[], None], source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = [("people/views/planted.py", ast.parse(source))]
    monkeypatch.setattr("tests.house.test_house.sources", lambda *_rooms: iter(planted))
    with pytest.raises(AssertionError):
        rule()
