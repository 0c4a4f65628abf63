"""Every socket, role by store by session, as `access_table` says; no stranger's page gets in."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator

from people.consumers import SignedInSocket
from people.permissions import Permission
from regalpos.asgi import router
from regalpos.urls import websocket_urlpatterns
from tests.house import access_world as world_of
from tests.house.access_table import SOCKETS, Door
from tests.house.access_world import World

pytestmark = pytest.mark.django_db

HEARD = {4401: "sign in", 4403: "forbidden", 4404: "no such"}
OURS = b"http://localhost:8000"


@pytest.fixture(autouse=True)
def _testable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes connections between messages; here there is one, inside a transaction.

    And a socket that may stay says so: from outside, silence looks like slowness.
    """
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)

    async def entered(self: SignedInSocket) -> None:
        await self.send(text_data="may stay")

    monkeypatch.setattr(SignedInSocket, "entered", entered)


def listen(world: World, door: Door, who: tuple[str, str], column: str, origin: bytes) -> str:
    """What the socket says to whoever opens it: it stays open, or why it closes."""

    async def opened() -> str:
        cookie = f"regal={world.sessions.get(who, '')}".encode()
        headers = [(b"origin", origin), (b"host", b"localhost:8000"), (b"cookie", cookie)]
        url = world.fill(door.url, column)
        communicator = WebsocketCommunicator(router, url, headers=headers)
        accepted, _protocol = await communicator.connect(timeout=10)
        if not accepted:
            return "stranger"
        said: Any = await communicator.receive_output(timeout=10)
        if said.get("text") == "may stay":
            await communicator.disconnect()
            return "in"
        return HEARD.get(said.get("code", 0), str(said))

    with world_of.undone():
        return async_to_sync(opened)()


def test_every_socket_is_stamped_and_has_its_line() -> None:
    stamps = {}
    for entry in websocket_urlpatterns:
        stamps[f"/{entry.pattern}"] = entry.callback.consumer_class.permission
    assert all(isinstance(stamp, Permission) for stamp in stamps.values())
    assert set(stamps) == {door.pattern for door in SOCKETS}


@pytest.mark.parametrize("door", SOCKETS, ids=lambda door: door.pattern)
def test_a_socket_stays_open_for_whom_the_table_says(world: World, door: Door) -> None:
    wrong = []
    for _method, who, column in world_of.cells(door):
        want = world_of.expected(door, who, column)
        got = listen(world, door, who, column, OURS)
        if got != want:
            wrong.append(f"{who} {column}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("door", SOCKETS, ids=lambda door: door.pattern)
@pytest.mark.parametrize("origin", [b"https://evil.example", b"http://localhost:9", b"null"])
def test_a_strangers_page_opens_no_socket(world: World, door: Door, origin: bytes) -> None:
    who = ("a", world_of.SIGNED_IN)
    assert listen(world, door, who, "own", origin) == "stranger"


@pytest.mark.parametrize("door", SOCKETS, ids=lambda door: door.pattern)
def test_control_a_socket_without_its_stamp_is_missed(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(one for one in websocket_urlpatterns if f"/{one.pattern}" == door.pattern)
    consumer = entry.callback.consumer_class
    stamp = consumer.permission
    monkeypatch.delattr(consumer, "permission")
    with pytest.raises(AttributeError):
        test_every_socket_is_stamped_and_has_its_line()
    monkeypatch.setattr(consumer, "permission", stamp, raising=False)
    test_a_socket_stays_open_for_whom_the_table_says(world, door)
    if set(door.roles) != set("amce"):
        monkeypatch.setattr(consumer, "permission", Permission.SIGN_IN)
        with pytest.raises(AssertionError):
            test_a_socket_stays_open_for_whom_the_table_says(world, door)
