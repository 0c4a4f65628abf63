"""Channel layers that carry nothing: one that says so at once, and one that never answers."""

import asyncio
import os
from typing import Any

from channels.layers import BaseChannelLayer


class DeadLayer(BaseChannelLayer):
    """As Redis is when its machine is off, or behind a wire that was cut."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Nobody hears it."""
        if os.environ["DEAD_LAYER"] == "hangs":
            await asyncio.Event().wait()
        raise ConnectionError("the layer is dead")
