"""Django's cache on Redis, for a shop that goes on while Redis is away.

What lies here is allauth's: counted tries and used one-time codes. Worth sharing, not worth closing
the door for. Without Redis each process counts for itself; wrong passwords are counted in the
database anyhow.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def _asked(name: str) -> Callable[..., Any]:
    """Redis's answer, or that of this process's own memory while there is no Redis."""
    redis = getattr(RedisCache, name)

    def ask(cache: "SharedCache", *args: Any, **how: Any) -> Any:
        try:
            return redis(cache, *args, **how)
        except RedisError as error:
            log.warning("cache_without_redis", asked=name, error=type(error).__name__)
            return getattr(cache.own, name)(*args, **how)

    return ask


class SharedCache(RedisCache):
    """As Django's, and never an error for want of Redis."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.own = LocMemCache("without_redis", {**params, "OPTIONS": {}})

    add = _asked("add")
    get = _asked("get")
    set = _asked("set")
    touch = _asked("touch")
    delete = _asked("delete")
    has_key = _asked("has_key")
    incr = _asked("incr")
    get_many = _asked("get_many")
    set_many = _asked("set_many")
    delete_many = _asked("delete_many")
    clear = _asked("clear")
