"""What is counted for sign-ins is counted together, and without Redis by each process alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from regalpos.shared_cache import SharedCache
from tests.redis_server import redis_server


def a_process(url: str) -> SharedCache:
    return SharedCache(url, {"KEY_PREFIX": "regal", "OPTIONS": {"socket_connect_timeout": 1}})


def close(*caches: SharedCache) -> None:
    for cache in caches:
        cache._cache.get_client().connection_pool.disconnect()
        cache.own.clear()


@pytest.mark.fault
def test_processes_count_together_and_alone_while_redis_is_away(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        one, other = a_process(redis.url), a_process(redis.url)
        one.set("tries", 1)
        assert other.incr("tries") == 2
        assert not other.add("tries", 1)

        redis.kill()

        assert one.get("tries") is None
        assert [one.add("code", True), one.add("code", True)] == [True, False]
        one.set("tries", 5)
        assert one.get("tries") == 5

        redis.start()
        assert one.get("tries", "forgotten") == "forgotten"
        close(one, other)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda cache: cache.get("a"), None),
        (lambda cache: cache.get("a", 3), 3),
        (lambda cache: cache.get_many(["a"]), {}),
        (lambda cache: cache.set_many({"a": 1}), []),
        (lambda cache: cache.has_key("a"), False),
        (lambda cache: cache.touch("a"), False),
        (lambda cache: cache.delete("a"), False),
        (lambda cache: cache.delete_many(["a"]), None),
        (lambda cache: cache.clear(), None),
    ],
)
def test_no_question_is_an_error_for_want_of_redis(
    ask: Callable[[SharedCache], object], answer: object
) -> None:
    cache = a_process("redis://127.0.0.1:1/0")
    assert ask(cache) == answer
    close(cache)
