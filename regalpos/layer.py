"""The channel layer on Redis, which says when it may have missed something.

Redis forgets what it was told while nobody listened: at its restart, and while a wire was cut.
Channels' pubsub layer finds its groups again by itself and says nothing, so open screens would
show old numbers until something else changes. Here the hub is told once the layer hears again.
"""

import asyncio
from typing import Any

import structlog
from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)
from redis.asyncio import ConnectionPool
from redis.asyncio.client import PubSub

from regalpos import hub

log = structlog.get_logger(__name__)


class Layer(RedisPubSubChannelLayer):
    """Channels' own, on connections that notice when they were gone."""

    def _get_layer(self) -> RedisPubSubLoopLayer:
        known = asyncio.get_running_loop() in self._layers
        layer: RedisPubSubLoopLayer = super()._get_layer()
        if not known:
            layer._shards = [Shard(shard.host, layer) for shard in layer._shards]
        return layer


class Shard(RedisSingleShardConnection):
    """The connections to one Redis: one that tells, one that hears."""

    _receive_task: asyncio.Task[None] | None

    def _ensure_redis(self) -> None:
        fresh = self._redis is None
        super()._ensure_redis()
        if fresh:
            self._pubsub = Ear(self._redis.connection_pool)

    def _ensure_receiver(self) -> None:
        if self._receive_task is not None and self._receive_task.done():
            self._receive_task = None  # a timeout ends it, and Channels would never look again
        super()._ensure_receiver()


class Ear(PubSub):
    """Subscribes again when its connection is made again, and then says so."""

    def __init__(self, pool: ConnectionPool) -> None:
        super().__init__(pool)

    async def on_connect(self, connection: Any) -> None:
        """Called for every connection; the first has nothing to subscribe to yet."""
        again = self.subscribed
        await super().on_connect(connection)
        if again:
            log.warning("layer_hears_again")
            # Later: nothing may call back into the layer while it is still connecting.
            asyncio.get_running_loop().call_soon(hub.here().missed_all)
