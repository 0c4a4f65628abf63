"""What another process of the shop announces, as this one gets to hear it."""

from channels.layers import get_channel_layer

from regalpos import carrier


async def said_afar(topic: str, event: str, **facts: str | int) -> None:
    """Announced elsewhere, and carried here by the layer."""
    envelope = {**carrier.envelope(topic, {**facts, "type": event}), "from": "elsewhere"}
    await get_channel_layer().group_send(carrier.group_of(topic), envelope)
