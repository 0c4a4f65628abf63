"""Every door goes to the database by the lane of its kind, so that no office slows a till.

Checkout stands before the till, the till before the office, the office before reports; each lane
has threads and limits of its own (regalpos/lanes.py), and who takes another's place takes its time.
"""

import ast
import re

import pytest

from regalpos.lanes import LANES
from tests.house.test_house import sources

TILL, OFFICE, REPORTS = {"checkout", "till"}, {"office"}, {"reports"}
# By path, the first that fits. What asks who is there, or is a till's, is short and cannot wait.
KINDS = [
    (r"sales/views/dashboard\.py", REPORTS),
    (r"sales/(views|api)/.*", TILL),
    (r".*/consumers\.py", {"till"}),
    (r"people/access\.py", {"till"}),
    (r"(people|inventory)/(views|api)/.*", OFFICE),
    (r"regalpos/hot\.py", {"till"}),
    (r"regalpos/health\.py", OFFICE),
]
# Whatever takes, refuses or gives up money: it keeps its place whatever else goes on.
CHECKOUT = {"freeze_cart", "check_out", "abandon_sale", "_check_out", "_abandon"}


def lanes_taken(tree: ast.Module) -> list[tuple[int, str]]:
    """Every `lanes.run(...)` of a module: its line, and the lane it names."""
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    taken = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lanes.run":
            given = {keyword.arg: keyword.value for keyword in node.keywords}.get("lane")
            lane = given.value if isinstance(given, ast.Constant) else "till"
            lane = named[given.id] if isinstance(given, ast.Name) else lane
            taken.append((node.lineno, str(lane)))
    return taken


def kind_of(path: str) -> set[str]:
    return next((lanes for pattern, lanes in KINDS if re.fullmatch(pattern, path)), set())


def in_a_wrong_lane(path: str, tree: ast.Module) -> list[str]:
    return [
        f"{path}:{line} {lane}" for line, lane in lanes_taken(tree) if lane not in kind_of(path)
    ]


def test_every_door_takes_the_lane_of_its_kind() -> None:
    taken = {path: in_a_wrong_lane(path, tree) for path, tree in sources()}

    assert [one for wrong in taken.values() for one in wrong] == []
    used = {lane for _path, tree in sources() for _line, lane in lanes_taken(tree)}
    assert used == LANES.keys()


def test_money_is_taken_in_the_lane_of_checkouts() -> None:
    wrong, right = [], 0
    for path, tree in sources("sales"):
        for function in ast.walk(tree):
            if not isinstance(function, ast.AsyncFunctionDef) or "/services/" in path:
                continue
            source = ast.unparse(function)
            if not any(re.search(rf"partial\({name}\b", source) for name in CHECKOUT):
                continue
            if "lane=LANE" in source or "lane='checkout'" in source:
                right += 1
            else:
                wrong.append(f"{path} {function.name}")
    assert wrong == []
    assert right >= 6


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("inventory/views/products.py", "lanes.run(unit, actor)"),
        ("sales/views/dashboard.py", "lanes.run(unit, actor, lane='till')"),
        ("sales/views/payment.py", "LANE = 'reports'\nlanes.run(unit, lane=LANE)"),
        ("sales/reports/new.py", "lanes.run(unit)"),
    ],
)
def test_control_a_wrong_lane_is_found(path: str, source: str) -> None:
    assert in_a_wrong_lane(path, ast.parse(source))
